/** Runs `holdfast` as somebody would: the program itself, in a process of its own. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCache } from "./compile-cache.ts";

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
export function runHoldfast(home: string, args: string[], given: Given = {}): Promise<Ran> {
  return startHoldfast(home, args, given).ran;
}

/** Starts it; `err` is what it has said so far. */
export function startHoldfast(home: string, args: string[], given: Given = {}): { ran: Promise<Ran>; err(): string } {
  const { stdin = "", as = "ada", env = {} } = given;
  const said: Ran = { code: null, out: "", err: "" };
  const ran = new Promise<Ran>((resolve, reject) => {
    const child = spawn(process.execPath, [holdfastProgram, ...args], {
      cwd: home,
      env: { ...compileCache, PATH: process.env["PATH"], HOLDFAST_CONFIG: join(home, `${as}.json`), ...env },
    });
    child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
    child.on("error", reject).on("close", (code) => resolve({ ...said, code }));
    child.stdin.on("error", () => undefined); // it may end without reading
    child.stdin.end(stdin);
  });
  return { ran, err: () => said.err };
}
