/** Where an administrator sits: results go to stdout, everything else to stderr; answers come from the keyboard, or as lines of stdin. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Who read stdout has stopped: `… | head`. The command ends there, without a word. */
export class NobodyReads extends Error {}

/** Tests hand in their own. */
export interface Terminal {
  /** @throws NobodyReads */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** A line that is not shown while it is typed; "" when there is none. */
  askHidden(question: string): Promise<string>;
  /** Somebody types the answers, and may mistype them. */
  typed: boolean;
}

export const terminal: Terminal = {
  // A reader that is slower than we are, holds us up; nothing is gathered in memory.
  out: (text) => new Promise((resolve, reject) => process.stdout.write(text, (fault) => (fault ? reject(endOfReading(fault)) : resolve()))),
  err: (text) => void process.stderr.write(text),
  askHidden: readHidden,
  typed: process.stdin.isTTY,
};

function endOfReading(fault: NodeJS.ErrnoException): Error {
  return fault.code === "EPIPE" ? new NobodyReads("nobody reads stdout any more", { cause: fault }) : fault;
}

// What cannot be written to stdout is told to who writes it; what cannot be written to stderr cannot be told to anybody.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

async function readHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY });
  const { promise, resolve } = Promise.withResolvers<string>();
  const leave = (): never => process.exit(130); // Ctrl+C is no answer
  lines
    .once("line", resolve)
    .once("close", () => resolve(""))
    .once("SIGINT", leave);
  process.once("SIGINT", leave);
  // The terminal stopped showing what is typed when the interface was made; only now is it time to ask.
  if (process.stdin.isTTY) process.stderr.write(question);
  try {
    return await promise;
  } finally {
    process.off("SIGINT", leave);
    lines.close();
    if (process.stdin.isTTY) process.stderr.write("\n");
  }
}
