/** Runs git: fixed arguments first, no shell, an environment made from nothing, limits on time, output and disk. */
import { spawn } from "node:child_process";
import { Problem } from "@holdfast/kit";
import type { Lent } from "./git-credential.ts";
import type { GitProtocol } from "./git-url.ts";

export interface GitRun {
  /** Exit code; -1 when it was ended by us or by a signal. */
  code: number;
  output: Buffer;
  /** What it said, secrets hidden. */
  errors: string;
  /** What it exceeded, when it was ended by us. */
  exceeded?: GitExcess;
  text(): string;
}

export type GitExcess = "time" | "output" | "disk";

export interface GitRunOptions {
  /** The mirror; its `HOME` as well, so that no configuration of a person counts. */
  directory: string;
  input?: string;
  lent?: Lent;
  /** The only protocol that this run may speak; none unless told. */
  protocol?: GitProtocol;
  /** Authorities (PEM) that certificates are checked against in place of the system's. */
  caFile?: string | undefined;
  timeoutMs?: number;
  maxBytes?: number;
  /** Asked a few times a second; true ends the run. */
  tooLarge?: () => Promise<boolean>;
}

/** Before every command: no hooks, no helpers, no protocols but the one asked for, objects checked. */
function settingsFor({ directory, protocol, caFile }: GitRunOptions): string[] {
  const settings = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "core.symlinks=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "transfer.fsckObjects=true",
    "fetch.fsckObjects=true",
    // Old commits of honest repositories have these.
    "fetch.fsck.zeroPaddedFilemode=warn",
    "fetch.fsck.missingSpaceBeforeDate=warn",
    "fetch.fsck.badTimezone=warn",
    "fetch.unpackLimit=1",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "protocol.allow=never",
    ...(protocol === undefined ? [] : [`protocol.${protocol}.allow=always`]),
    "http.followRedirects=false",
    "http.sslVerify=true",
    ...(caFile === undefined ? [] : [`http.sslCAInfo=${caFile}`]),
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
    `safe.directory=${directory}`,
  ];
  return settings.flatMap((setting) => ["-c", setting]);
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";
const lookEveryMs = 200;
const mostErrors = 8192;

/** @throws Problem `git_missing` when there is no git */
export function runGit(args: readonly string[], options: GitRunOptions): Promise<GitRun> {
  const { timeoutMs = 30_000, maxBytes = 80 * 1024 * 1024, tooLarge } = options;
  const child = spawn("git", [...settingsFor(options), ...args], {
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: environmentFor(options),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let errors = "";
  let exceeded: GitExcess | undefined;
  const end = (why: GitExcess): void => {
    exceeded ??= why;
    endGroup(child.pid);
  };
  const timer = setTimeout(() => end("time"), timeoutMs);
  const watch = tooLarge && setInterval(() => void tooLarge().then((is) => is && end("disk")), lookEveryMs);
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) end("output");
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString("utf8")).slice(-mostErrors)));
  child.stdin.on("error", () => undefined); // it ended before it read all: its exit code tells
  child.stdin.end(options.input ?? "");
  const { promise, resolve, reject } = Promise.withResolvers<GitRun>();
  child.once("error", (because) => {
    const say = "The program git cannot be started; install it on this server.";
    reject(new Problem("git_missing", { kind: "unavailable", say, because }));
  });
  child.once("close", (code) => {
    const output = Buffer.concat(chunks);
    const told = hide(errors, options.lent);
    const result = { code: exceeded ? -1 : (code ?? -1), output, errors: told, text: () => output.toString("utf8") };
    resolve(exceeded ? { ...result, exceeded } : result);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
  });
}

/** A server may repeat to us what we sent it. */
function hide(text: string, lent: Lent | undefined): string {
  return (lent?.secrets ?? []).reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

function environmentFor({ directory, lent }: GitRunOptions): Record<string, string> {
  return {
    PATH: path,
    HOME: directory,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_ASKPASS: "/bin/false",
    SSH_ASKPASS: "/bin/false",
    GIT_SSH_COMMAND: "/bin/false",
    GIT_SSH_VARIANT: "ssh",
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
