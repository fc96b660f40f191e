/** Asks on the terminal; secrets are not shown. Without a terminal, each answer is the next line of stdin. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { around } from "./outside.ts";

export function ask(question: string): Promise<string> {
  return around().stdin.isTTY ? read(question, process.stderr) : Promise.resolve(around().stdin.nextLine());
}

export async function askHidden(question: string): Promise<string> {
  if (!around().stdin.isTTY) return around().stdin.nextLine();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // The terminal stops showing what is typed when `read` begins, so the question comes after that.
  const answer = read("", nowhere);
  process.stderr.write(question);
  return answer.finally(() => process.stderr.write("\n"));
}

/** True for a plain yes. Without a terminal the answer is no. */
export async function askYes(question: string): Promise<boolean> {
  if (!around().stdin.isTTY) return false;
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

async function read(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.once("SIGINT", () => process.exit(130)); // Ctrl+C is no answer
  lines.once("close", () => resolve(""));
  lines.question(question, resolve);
  try {
    return await promise;
  } finally {
    lines.close();
  }
}
