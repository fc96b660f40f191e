/** The byte stream below an SSH connection. */
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { DeviceError } from "./error.ts";

export interface Place {
  name: string;
  address: string;
  port: number;
}

/** A TCP connection. @throws DeviceError `unreachable`, `aborted` */
export function openSocket(place: Place, ms: number, signal: AbortSignal | undefined): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(gaveUp(place.name, signal));
    // Nagle's algorithm would hold back every command that follows another by up to 40 ms.
    const socket = connect({ host: place.address, port: place.port, noDelay: true });
    const timer = setTimeout(() => give(unreachable(place, `no answer within ${ms / 1000} s`)), ms);
    const stop = (): void => give(gaveUp(place.name, signal));
    const give = (error: DeviceError | undefined): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      // Whoever takes the stream listens for errors too; this one only keeps the moment in between safe.
      socket.removeAllListeners().on("error", () => undefined);
      if (!error) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    signal?.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => give(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => give(unreachable(place, error.code ?? error.message, error)));
  });
}

export function unreachable({ name, address, port }: Place, why: string, because?: unknown): DeviceError {
  return new DeviceError("unreachable", { say: `${name} (${address}, port ${port}) cannot be reached: ${why}.`, because });
}

export function gaveUp(name: string, signal: AbortSignal | undefined): DeviceError {
  return new DeviceError("aborted", { say: `The connection to ${name} was given up.`, because: signal?.reason });
}

/** The result of `work`, unless the caller gives up first; `work` itself goes on. */
export async function unlessGivenUp<T>(work: Promise<T>, name: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise: never, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(gaveUp(name, signal));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, never]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
