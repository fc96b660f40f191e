/** Runs `holdfast` as somebody would. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../../cli/src/outside.ts";
import { run } from "../../cli/src/run.ts";
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

/** The command alone, in this process: a program is started in a fifth of a second, and tests run hundreds. `home` holds the profiles, and is the working directory. */
export async function runHoldfast(home: string, args: string[], given: Given = {}): Promise<Ran> {
  const said = { out: "", err: "" };
  let stdin = given.stdin ?? "";
  const outside = {
    env: envOf(home, given),
    directory: home,
    stdin: {
      isTTY: false,
      nextLine: () => {
        const [line = ""] = stdin.split("\n", 1);
        stdin = stdin.slice(line.length + 1);
        return line.replace(/\r$/, "");
      },
      rest: () => stdin,
    },
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
    exitCode: 0,
  };
  const code = await within(outside, () => run(args));
  return { ...said, code };
}

/** The program itself, in a process of its own; `err` is what it has said so far. */
export function startHoldfast(home: string, args: string[], given: Given = {}): { ran: Promise<Ran>; err(): string } {
  const { stdin = "" } = given;
  const said: Ran = { code: null, out: "", err: "" };
  const ran = new Promise<Ran>((resolve, reject) => {
    const child = spawn(process.execPath, [holdfastProgram, ...args], { cwd: home, env: { ...compileCache, ...envOf(home, given) } });
    child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
    child.on("error", reject).on("close", (code) => resolve({ ...said, code }));
    child.stdin.on("error", () => undefined); // it may end without reading
    child.stdin.end(stdin);
  });
  return { ran, err: () => said.err };
}

function envOf(home: string, { as = "ada", env = {} }: Given): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOLDFAST_CONFIG: join(home, `${as}.json`), ...env };
}
