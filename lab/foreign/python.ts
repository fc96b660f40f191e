/** The Python of a virtual environment with the foreign clients. HOLDFAST_PEERS_VENV names one; without it one is made in .venv/. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const packages = ["netmiko==4.8.0", "scrapli==2026.10.14", "jinja2==3.1.6", "pyyaml==6.0.3"];
const probe = "import netmiko, scrapli, jinja2, yaml; assert netmiko.__version__ == '4.8.0'";

function must(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
}

/** Path of its interpreter; installs what is missing. */
export function peersPython(): string {
  return pythonWith(packages, probe);
}

/** The same environment with `wanted` in it, unless `probing` (a program) shows that it is there. */
export function pythonWith(wanted: readonly string[], probing: string): string {
  const venv = process.env["HOLDFAST_PEERS_VENV"] ?? join(root, ".venv");
  const python = join(venv, "bin/python");
  if (!existsSync(python)) must("python3", ["-m", "venv", venv]);
  if (spawnSync(python, ["-c", probing]).status !== 0) must(python, ["-m", "pip", "install", "--quiet", ...wanted]);
  return python;
}

/** Runs a program of this directory: JSON in, JSON out. */
export async function runPython<T>(python: string, file: string, given: { args?: string[]; input?: unknown }): Promise<T> {
  const child = spawn(python, [join(import.meta.dirname, file), ...(given.args ?? [])], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(given.input ?? {}));
  const [output, errors, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${errors.slice(-2000)}`);
  return JSON.parse(output) as T;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}
