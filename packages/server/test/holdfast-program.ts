/** Runs `holdfast` as somebody would: the program itself, in a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const holdfastProgram = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

export interface Given {
  stdin?: string;
  /** The person, who has a profile in a file of that name; `ada` unless told. */
  as?: string;
  env?: Record<string, string>;
}

/** `home` holds the profiles, and is the working directory. */
export function runHoldfast(home: string, args: string[], { stdin = "", as = "ada", env = {} }: Given = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [holdfastProgram, ...args], {
      cwd: home,
      env: { PATH: process.env["PATH"], HOLDFAST_CONFIG: join(home, `${as}.json`), ...env },
    });
    const ran: Ran = { code: null, out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => (ran.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (ran.err += chunk.toString()));
    child.on("error", reject).on("close", (code) => resolve({ ...ran, code }));
    child.stdin.on("error", () => undefined); // it may end without reading
    child.stdin.end(stdin);
  });
}
