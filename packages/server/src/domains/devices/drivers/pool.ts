/** Sessions to devices: limited, queued fairly, kept for the next caller, closed on error. */
import type { DeviceEndpoint, OpenSession } from "../platforms/session.ts";
import { endpointKey } from "./bastions.ts";
import { DeviceError } from "./error.ts";
import { SlotQueue, type Claim, type Limits } from "./queue.ts";
import { Shelf } from "./shelf.ts";

export interface UseOptions {
  /** A new connection, whatever is open already, bastion included: what a verification needs. */
  fresh?: boolean;
  /** Gives up waiting, opening, or the session in the middle of its work (which then fails with `aborted`). */
  signal?: AbortSignal;
}

export interface Pool {
  /** Runs `work` on a signed-in session. Whatever it throws goes on to the caller, and the session is closed. */
  withSession<T>(endpoint: DeviceEndpoint, work: (session: OpenSession) => Promise<T>, options?: UseOptions): Promise<T>;
  stats(): { busy: number; idle: number; waiting: number };
  /** Refuses new callers and those who wait, ends all sessions. */
  close(): Promise<void>;
}

export interface PoolOptions {
  open(endpoint: DeviceEndpoint, options: UseOptions): Promise<OpenSession>;
  /** Defaults: 1 per device, 10 per bastion, 200 in all, 20 000 waiting. */
  limits?: Partial<Limits>;
  /** How long an unused session is kept; default 30 s. */
  idleMs?: number;
}

export function createPool({ open, limits: given, idleMs = 30_000 }: PoolOptions): Pool {
  const limits: Limits = { perDevice: 1, perBastion: 10, total: 200, waiting: 20_000, ...given };
  const queue = new SlotQueue(limits);
  const shelf = new Shelf(idleMs);
  const line = new Line(queue);
  const busy = new Set<OpenSession>();

  const withSession: Pool["withSession"] = async (endpoint, work, options = {}) => {
    const claim = { device: endpoint.id, bastion: endpoint.bastion?.id };
    const key = endpointKey(endpoint);
    await line.turn(claim, endpoint.name, options.signal);
    try {
      const reused = options.fresh ? undefined : await shelf.take(claim, key);
      if (!reused) await shelf.makeRoom(claim, queue, limits);
      const session = reused ?? (await open(endpoint, options));
      busy.add(session);
      try {
        if (line.closed) throw poolClosed();
        const result = await underSignal(session, endpoint.name, options.signal, work);
        if (line.closed || !session.usable) await session.close();
        else shelf.put(session, claim, key);
        return result;
      } catch (thrown) {
        await session.close();
        throw thrown;
      } finally {
        busy.delete(session);
      }
    } finally {
      queue.release(claim);
    }
  };
  return {
    withSession,
    stats: () => ({ busy: busy.size, idle: shelf.size, waiting: queue.waiting }),
    close: async () => {
      line.close();
      for (const session of busy) session.kill(poolClosed());
      await shelf.clear();
    },
  };
}

/** Those who wait for their turn, until they are served, give up, or the pool closes. */
class Line {
  closed = false;
  readonly #queue: SlotQueue;
  readonly #refusals = new Set<(why: DeviceError) => void>();

  constructor(queue: SlotQueue) {
    this.#queue = queue;
  }

  async turn(claim: Claim, name: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.closed) throw poolClosed();
    if (signal?.aborted) throw gaveUpWaiting(name, signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = this.#queue.ask(claim, resolve);
    if (leave === false) throw new DeviceError("too_many_waiting", { say: "Too many wait for devices already; try again later." });
    // Out of the line at once: a place granted to somebody who has gone would be lost.
    const refuse = (why: DeviceError): void => {
      leave();
      reject(why);
    };
    const stop = (): void => refuse(gaveUpWaiting(name, signal));
    this.#refusals.add(refuse);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      this.#refusals.delete(refuse);
      signal?.removeEventListener("abort", stop);
    }
  }

  close(): void {
    this.closed = true;
    for (const refuse of this.#refusals) refuse(poolClosed());
  }
}

function poolClosed(): DeviceError {
  return new DeviceError("closed", { say: "Holdfast is stopping; no more sessions with devices." });
}

function gaveUpWaiting(name: string, signal: AbortSignal | undefined): DeviceError {
  return new DeviceError("aborted", { say: `Waiting for a session with ${name} was given up.`, because: signal?.reason });
}

async function underSignal<T>(
  session: OpenSession,
  name: string,
  signal: AbortSignal | undefined,
  work: (session: OpenSession) => Promise<T>,
): Promise<T> {
  const stop = (): void =>
    session.kill(
      new DeviceError("aborted", { say: `The session with ${name} was given up in the middle of its work.`, because: signal?.reason }),
    );
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) stop();
    return await work(session);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
