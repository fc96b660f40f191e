/** One command on an SSH channel of its own. */
import type { ClientChannel } from "ssh2";
import { DeviceError } from "./error.ts";

export interface ExecOptions {
  /** Longest time for all of it; default 30 s. */
  timeoutMs?: number;
  /** Longest output; default 1 MB. */
  maxBytes?: number;
}

export interface ExecResult {
  /** Undefined when the command was ended by a signal, or the device gave none. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

interface Subject {
  name: string;
  command: string;
  lost: () => DeviceError | undefined;
}

export function runExec(
  channel: ClientChannel,
  subject: Subject,
  { timeoutMs = 30_000, maxBytes = 1_000_000 }: ExecOptions,
): Promise<ExecResult> {
  const { name, command } = subject;
  return new Promise((resolve, reject) => {
    const chunks: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
    let bytes = 0;
    let code: number | undefined;
    let exited = false;
    const fail = (error: DeviceError): void => {
      clearTimeout(timer);
      channel.removeAllListeners().on("error", () => undefined);
      channel.close();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new DeviceError("timeout", { say: `${name} did not finish a command within ${timeoutMs / 1000} s.`, command })),
      timeoutMs,
    );
    const keep = (to: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes)
        return fail(new DeviceError("output_too_large", { say: `${name} gave more than ${maxBytes} bytes for one command.`, command }));
      to.push(chunk);
    };
    channel.on("data", keep(chunks.out));
    channel.stderr.on("data", keep(chunks.err));
    channel.on("exit", (status: number | null) => {
      exited = true;
      code = status ?? undefined;
    });
    channel.on("error", (because: Error) =>
      fail(new DeviceError("connection_lost", { say: `The connection to ${name} broke during a command.`, command, because })),
    );
    channel.on("close", () => {
      if (!exited)
        return fail(
          subject.lost() ?? new DeviceError("connection_lost", { say: `${name} ended a command without saying how it went.`, command }),
        );
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(chunks.out).toString("utf8"), stderr: Buffer.concat(chunks.err).toString("utf8") });
    });
  });
}
