/** The Python peers: a virtual environment in .venv with pinned versions, made when it is missing, or the one in HOLDFAST_PEERS_VENV. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["netmiko==4.8.0", "hier_config==3.7.1", "Jinja2==3.1.6", "scrapli", "asyncssh==2.24.1"];

/** Path of a Python that has the peers. */
export function peersPython(): string {
  const given = process.env["HOLDFAST_PEERS_VENV"];
  const venv = given ?? join(root, ".venv");
  const python = join(venv, "bin", "python");
  if (!existsSync(python)) {
    console.error(`making ${venv} with ${packages.join(" ")} …`);
    execFileSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
    execFileSync(join(venv, "bin", "pip"), ["install", "--quiet", ...packages], { stdio: "inherit" });
  }
  return python;
}

/** Runs a peer's script with JSON in and JSON out. */
export async function runPeer<T>(script: string, input: unknown): Promise<T> {
  const child = promisify(execFile)(peersPython(), [join(root, "bench", script)], { maxBuffer: 64 * 1024 * 1024 });
  child.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await child).stdout) as T;
}
