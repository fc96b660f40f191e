/**
 * The one way in which the server starts another program and waits for its end: fixed arguments, no shell, an environment made from nothing,
 * limits on time and output, and an end for all that it started itself. (PostgreSQL's own server, which stays, is started by
 * `postgres/postmaster`.)
 */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { Problem } from "@holdfast/kit";

export interface ToolCall {
  /** A name, looked for in the system's own directories, or a path. */
  program: string;
  args: readonly string[];
  /** Variables beside PATH and LC_ALL; of names that `mayPass` knows. */
  env?: Readonly<Record<string, string>>;
  /** Working directory; `/` unless told. */
  cwd?: string;
  input?: string;
  /** Whom it runs as, where we may choose. */
  user?: { uid: number; gid: number } | undefined;
  timeoutMs: number;
  /** Most bytes of its output; what it says of errors is cut to the last 8 KB. */
  maxBytes: number;
  /** Asked a few times a second; true ends the run. */
  tooLarge?: (() => Promise<boolean>) | undefined;
}

export type ToolExcess = "time" | "output" | "disk";

export interface ToolRun {
  /** Exit code; -1 when it was ended by us or by a signal. */
  code: number;
  output: Buffer;
  errors: string;
  /** What it exceeded, when it was ended by us. */
  exceeded?: ToolExcess;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";
/** None of these makes a program load code of somebody's choice, but for git's own, which git is always told. */
const mayPass = /^(HOME|SSH_ASKPASS|GIT_[A-Z0-9_]+)$/;
const lookEveryMs = 200;
const mostErrors = 8192;
const strayMs = 1000;

/** @throws Problem `<program>_missing` when it cannot be started */
export async function runTool(call: ToolCall): Promise<ToolRun> {
  const child = startTool(call);
  const chunks: Buffer[] = [];
  let size = 0;
  let errors = "";
  let exceeded: ToolExcess | undefined;
  let stray: NodeJS.Timeout | undefined;
  const end = (why: ToolExcess): void => {
    if (exceeded !== undefined) return;
    exceeded = why;
    endGroup(child.pid);
    // What is of the group closes its pipes as it ends; one that left the group may hold them open, and is not waited for long.
    stray = setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => pipe.destroy()), strayMs);
  };
  const timer = setTimeout(() => end("time"), call.timeoutMs);
  const { tooLarge } = call;
  const watch = tooLarge && setInterval(() => void tooLarge().then((is) => is && end("disk")), lookEveryMs);
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > call.maxBytes) end("output");
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString("utf8")).slice(-mostErrors)));
  child.stdin.on("error", () => undefined); // it ended before it read all: its exit code tells
  child.stdin.end(call.input ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<ToolRun>();
  child.once("error", (because) => reject(missing(call.program, because)));
  child.once("close", (code) => {
    const run = { code: exceeded ? -1 : (code ?? -1), output: Buffer.concat(chunks), errors };
    resolve(exceeded ? { ...run, exceeded } : run);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
    clearTimeout(stray);
  });
}

function startTool({ program, args, env = {}, cwd = "/", user }: ToolCall) {
  const strange = Object.keys(env).find((name) => !mayPass.test(name));
  if (strange !== undefined)
    throw new Problem("tool_environment", { kind: "broken", say: `The variable ${strange} may not be passed on.` });
  return spawn(program, args, {
    cwd,
    shell: false,
    // A group of its own, so that what it starts ends with it.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: path, LC_ALL: "C", ...env },
    ...(user && { uid: user.uid, gid: user.gid }),
  });
}

function missing(program: string, because: Error): Problem {
  const name = basename(program);
  const say = `The program ${name} cannot be started; install it on this server.`;
  return new Problem(`${name}_missing`, { kind: "unavailable", say, because });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "ESRCH") throw thrown;
  }
}
