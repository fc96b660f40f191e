/** Asks on the terminal; secrets are not shown. Without a terminal, each answer is the next line of stdin. */
import { readSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

export function ask(question: string): Promise<string> {
  return process.stdin.isTTY ? read(question, process.stderr) : Promise.resolve(nextLine());
}

export async function askHidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) return nextLine();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // The terminal stops showing what is typed when `read` begins, so the question comes after that.
  const answer = read("", nowhere);
  process.stderr.write(question);
  return answer.finally(() => process.stderr.write("\n"));
}

/** True for a plain yes. Without a terminal the answer is no. */
export async function askYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
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

/** Takes one line and leaves the rest for who asks next; "" at the end. */
function nextLine(): string {
  const bytes: number[] = [];
  for (const one = Buffer.alloc(1); readByte(one) === 1 && one[0] !== newline;) bytes.push(one[0] ?? 0);
  return Buffer.from(bytes).toString("utf8").replace(/\r$/, "");
}

const newline = 10;

/** Waits where stdin does not block by itself. */
function readByte(into: Buffer): number {
  for (;;) {
    try {
      return readSync(0, into);
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
