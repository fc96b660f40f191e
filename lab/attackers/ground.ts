/**
 * Where attackers may do what they like: a real server with a database of its own, in a network namespace that has a loopback and no way out,
 * so that whatever addresses they invent for devices, repositories and providers lead nowhere. Needs root.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What an attacker is given. */
export interface Prize {
  /** Only within the namespace. */
  url: string;
  /** Of an administrator, with every permission among its scopes. */
  admin: string;
  /** Of somebody who may read. */
  reader: string;
  /** Of somebody who may read: the cookie of a session, proved not long ago. */
  session: string;
  /** Ids of the keys, the session, and their users. */
  spared: string[];
}

export interface Ground extends Prize {
  /** Runs a program within the namespace; what it said and how it ended. */
  run(program: string, args: readonly string[], more?: Running): Promise<{ code: number | null; output: string }>;
  /** Ends the server, and says how it fared. */
  raze(): Promise<Fared>;
}

interface Running {
  cwd?: string;
  env?: Record<string, string>;
}

export interface Fared {
  /** How many it answered. */
  requests: number;
  /** Lines of its log that tell of an error. */
  errors: string[];
  /** How it ended: 0 when it was not brought down. */
  code: number | null;
}

/** Why no ground can be had here. */
export function groundUnavailable(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "a network namespace needs Linux and root";
  return spawnSync("unshare", ["--net", "true"]).status === 0 ? undefined : "this machine refuses new network namespaces";
}

/** Builds it: the server as `npm start` starts it, its administrator, and something of each kind to look at. */
export async function buildGround(): Promise<Ground> {
  const home = await mkdtemp(join(tmpdir(), "holdfast-ground-"));
  const keeper = spawn("unshare", ["--net", process.execPath, join(import.meta.dirname, "keeper.ts"), home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: keeper.stdout });
  const said: string[] = [];
  lines.on("line", (line) => said.push(line));
  const ended = once(keeper, "close") as Promise<[number | null]>;
  const first = await Promise.race([once(lines, "line"), ended.then(() => [])]);
  if (typeof first[0] !== "string") throw new Error("the server did not start; see above");
  const prize = JSON.parse(first[0]) as Prize;
  return {
    ...prize,
    run: (program, args, more = {}) => runWithin(keeper, [program, ...args], more),
    async raze() {
      keeper.stdin.end();
      await ended;
      await rm(home, { recursive: true, force: true });
      return JSON.parse(said[1] ?? "{}") as Fared;
    },
  };
}

async function runWithin({ pid }: ChildProcess, argv: readonly string[], { cwd, env = {} }: Running) {
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
