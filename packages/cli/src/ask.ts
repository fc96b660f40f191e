/** Asks on the terminal; secrets are not shown. Without a terminal, the answer is a line of stdin. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

export function ask(question: string): Promise<string> {
  return read(question, process.stderr);
}

export function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  return read("", nothing).finally(() => process.stderr.write("\n"));
}

/** True for a plain yes. Without a terminal the answer is no. */
export async function askYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once("close", () => resolve(""));
  lines.question(question, resolve);
  try {
    return await promise;
  } finally {
    lines.close();
  }
}
