/** One run of the PostgreSQL server program: start, ready, stop, and what an earlier run left behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFile, readdir, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "@holdfast/kit";
import type { Log } from "../log.ts";
import type { UnprivilegedUser } from "./user.ts";

export interface Postmaster {
  pid: number;
  /** Resolves when the program has ended, with the last lines it said. */
  ended: Promise<string[]>;
  /** Fast shutdown: open transactions are rolled back, nothing committed is lost. */
  stop(): Promise<void>;
}

interface PostmasterParts {
  program: string;
  directory: string;
  user?: UnprivilegedUser;
  settings: Record<string, string>;
  log: Log;
}

/** Starts the server and resolves when it takes connections. @throws Problem `database_start_failed` with its last words. */
export async function startPostmaster(parts: PostmasterParts): Promise<Postmaster> {
  const child = spawnServer(parts);
  const lines: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n").filter(Boolean)) {
      lines.push(line);
      if (lines.length > 20) lines.shift();
      tell(parts.log, line);
    }
  });
  const ended = new Promise<string[]>((resolve) => child.once("close", () => resolve(lines)));
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const over = { yet: false };
  ended.then(
    () => (over.yet = true),
    () => undefined,
  );
  await Promise.race([untilReady(child, parts.directory, over), failed, ended]);
  if (over.yet || child.pid === undefined) throw startFailed(parts.directory, lines);
  return { pid: child.pid, ended, stop: () => stopServer(child, ended) };
}

function spawnServer(parts: PostmasterParts): ChildProcess {
  const args = ["-D", parts.directory, ...Object.entries(parts.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  // A session of its own: Ctrl-C in the terminal must not stop the database before we have finished our work with it.
  const identity = parts.user ? { uid: parts.user.uid, gid: parts.user.gid } : {};
  return spawn(parts.program, args, { ...identity, cwd: "/", detached: true, env: { LC_ALL: "C" }, stdio: ["ignore", "ignore", "pipe"] });
}

/** The eighth line of postmaster.pid says `ready` once connections are taken (what pg_ctl waits for too). */
async function untilReady(child: ChildProcess, directory: string, over: { yet: boolean }): Promise<void> {
  while (!over.yet) {
    const lines = (await readFile(join(directory, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === "ready") return;
    await sleep(15);
  }
}

async function stopServer(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGINT");
  if (await settles(ended, 10_000)) return;
  child.kill("SIGQUIT");
  if (await settles(ended, 3_000)) return;
  child.kill("SIGKILL");
  await ended;
}

async function settles(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const abort = new AbortController();
  const late = sleep(ms, false, { signal: abort.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), late]);
  abort.abort();
  return settled;
}

function startFailed(directory: string, lines: string[]): Problem {
  const reason = lines.findLast((line) => /FATAL|PANIC|ERROR|error while/.test(line)) ?? lines.at(-1) ?? "it said nothing";
  return new Problem("database_start_failed", {
    kind: "not_ready",
    say: `The embedded PostgreSQL in ${directory} did not start: ${reason.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, "")}`,
    with: { output: lines },
  });
}

function tell(log: Log, line: string): void {
  const level = /\b(PANIC|FATAL|ERROR|WARNING|LOG|HINT|DETAIL|STATEMENT):/.exec(line)?.[1];
  if (level === "PANIC") log.error({ line }, "postgres");
  else if (level === "FATAL" || level === "WARNING") log.warn({ line }, "postgres");
  else log.debug({ line }, "postgres");
}

/**
 * Ends what an earlier run left behind: a server that outlived its controller is shut down, the last children of a killed
 * one are waited for, and its postmaster.pid goes, since a dead process that nobody reaped, or a new one with the same
 * number, would keep PostgreSQL from starting. The caller holds the directory's lock.
 */
export async function clearEarlierRun(directory: string, log: Log): Promise<void> {
  if (process.platform !== "linux") return; // PostgreSQL's own checks decide there; the caller retries.
  const pidFile = join(directory, "postmaster.pid");
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  const left = await processesIn(directory);
  if (left.includes(pid)) log.warn({ pid, directory }, "a PostgreSQL server outlived its controller and is shut down");
  if (left.includes(pid)) process.kill(pid, "SIGINT");
  for (const [signal, patienceMs] of [
    ["SIGQUIT", 10_000],
    ["SIGKILL", 3_000],
    [undefined, 5_000],
  ] as const) {
    if (await untilNone(directory, patienceMs)) break;
    for (const one of await processesIn(directory)) if (signal) tryKill(one, signal);
  }
  await rm(pidFile, { force: true });
}

async function untilNone(directory: string, patienceMs: number): Promise<boolean> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(20)) {
    if ((await processesIn(directory)).length === 0) return true;
  }
  return false;
}

/** Live PostgreSQL processes of a data directory: each keeps it as its current directory. */
async function processesIn(directory: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => ((await worksIn(pid, directory)) ? [Number(pid)] : [])));
  return found.flat();
}

async function worksIn(pid: string, directory: string): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === "postgres" && (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === directory;
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
