/** What is around the program: environment, directory, streams. Several commands may run in one process, each with its own. */
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync, readSync } from "node:fs";
import { resolve } from "node:path";

export interface Outside {
  env: NodeJS.ProcessEnv;
  /** Relative file names begin here. */
  directory: string;
  stdin: { isTTY: boolean; nextLine(): string; rest(): string };
  stdout: Output;
  stderr: Output;
  /** For what ends well and is still not good news. */
  exitCode: number;
}

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const own: Outside = {
  env: process.env,
  directory: ".",
  stdin: { isTTY: process.stdin.isTTY, nextLine, rest: () => readFileSync(0, "utf8") },
  stdout: process.stdout,
  stderr: process.stderr,
  exitCode: 0,
};

const others = new AsyncLocalStorage<Outside>();

export function around(): Outside {
  return others.getStore() ?? own;
}

/** Does `work` with something else around it. */
export function within<T>(outside: Outside, work: () => T): T {
  return others.run(outside, work);
}

/** The place of a file that somebody named. */
export function placeOf(file: string): string {
  return resolve(around().directory, file);
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
