/** Runs git: fixed arguments first, no shell, an environment made from nothing, limits on time and output. */
import { spawn } from "node:child_process";
import { Problem } from "@holdfast/kit";
import type { Lent } from "./git-credential.ts";

export interface GitRun {
  /** Exit code; -1 when it was ended by us. */
  code: number;
  output: Buffer;
  errors: string;
  /** What it exceeded, when it was ended by us. */
  exceeded?: "time" | "output";
  text(): string;
}

export interface GitRunOptions {
  /** Working directory; its `HOME` as well, so that no configuration of a person counts. */
  directory: string;
  input?: string;
  lent?: Lent;
  timeoutMs?: number;
  maxBytes?: number;
}

/** Before every command: no hooks, no helpers, no protocols but those asked for, objects checked. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "credential.helper=",
  "gc.auto=0",
  "maintenance.auto=false",
  "fetch.fsckObjects=true",
  "transfer.fsckObjects=true",
  "submodule.recurse=false",
  "protocol.allow=never",
  "protocol.https.allow=always",
  "protocol.ssh.allow=always",
  "protocol.file.allow=always", // git-url.ts decides whether a local address is taken
  "http.followRedirects=false",
  "safe.directory=*", // what we read is never run
];
const prefix = settings.flatMap((setting) => ["-c", setting]);
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** @throws Problem `git_missing` when there is no git */
export function runGit(args: readonly string[], options: GitRunOptions): Promise<GitRun> {
  const { timeoutMs = 30_000, maxBytes = 80 * 1024 * 1024 } = options;
  const child = spawn("git", [...prefix, ...args], {
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: environmentFor(options),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let errors = "";
  let exceeded: GitRun["exceeded"];
  const end = (why: NonNullable<GitRun["exceeded"]>): void => {
    exceeded = why;
    endGroup(child.pid);
  };
  const timer = setTimeout(() => end("time"), timeoutMs);
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) end("output");
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString("utf8")).slice(-8192)));
  child.stdin.on("error", () => undefined); // it ended before it read all: its exit code tells
  child.stdin.end(options.input ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<GitRun>();
  child.once("error", (because) =>
    reject(
      new Problem("git_missing", { kind: "unavailable", say: "The program git cannot be started; install it on this server.", because }),
    ),
  );
  child.once("close", (code) => {
    const output = Buffer.concat(chunks);
    resolve({ code: exceeded ? -1 : (code ?? -1), output, errors, text: () => output.toString("utf8"), ...(exceeded ? { exceeded } : {}) });
  });
  return promise.finally(() => clearTimeout(timer));
}

function environmentFor({ directory, lent }: GitRunOptions): Record<string, string> {
  const fixed = {
    PATH: path,
    HOME: directory,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  return {
    ...fixed,
    GIT_ASKPASS: "/bin/false",
    SSH_ASKPASS: "/bin/false",
    GIT_SSH_COMMAND: "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes",
    ...lent?.environment,
  };
}

/** Git starts helpers of its own (ssh, git-remote-https): they end with it. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "ESRCH") throw thrown;
  }
}

/** What git says, by its words in the C locale; the first pattern that fits counts. */
const words: [RegExp, string, "unavailable" | "not_ready" | "missing", (subject: string) => string][] = [
  [
    /couldn't find remote ref|Remote branch .* not found/i,
    "git_branch_missing",
    "missing",
    (subject) => `The repository has no ${subject}.`,
  ],
  [
    /Host key verification failed/i,
    "git_host_key_unknown",
    "not_ready",
    () => "The Git server shows a host key that the secret's known hosts do not have; compare it and add it.",
  ],
  [
    /Authentication failed|Permission denied|could not read (Username|Password)|invalid username or password|403|401/i,
    "git_auth_failed",
    "not_ready",
    () => "The Git server refuses our credential; store a new one as the repository's secret.",
  ],
  [
    /does not appear to be a git repository|repository .* not found|not found|does not exist/i,
    "git_repository_missing",
    "missing",
    () => "There is no repository at this address any more, or it is hidden from us.",
  ],
  [
    /Could not resolve host|Connection (refused|timed out|reset)|unable to access|Could not connect|Failed to connect/i,
    "git_unreachable",
    "unavailable",
    () => "The Git server does not answer; it is tried again.",
  ],
];

export function explainGit(run: GitRun, subject: string): Problem {
  const because = new Error(run.errors.trim());
  if (run.exceeded === "time")
    return new Problem("git_timeout", { kind: "unavailable", say: "The Git server took too long; it is tried again.", because });
  if (run.exceeded === "output")
    return new Problem("git_too_large", { kind: "limit", say: "The repository gave more than the limit allows.", because });
  const known = words.find(([pattern]) => pattern.test(run.errors));
  if (known) return new Problem(known[1], { kind: known[2], say: known[3](subject), because });
  return new Problem("git_failed", { kind: "unavailable", say: `Git could not do it (${subject}); the log has its words.`, because });
}
