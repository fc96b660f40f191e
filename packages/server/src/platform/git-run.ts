/** Runs git: its settings and environment, so that nothing of a person's or a repository's counts. */
import type { Lent } from "./git-credential.ts";
import type { GitProtocol } from "./git-url.ts";
import { runTool, type ToolExcess, type ToolRun } from "./run-tool.ts";

export interface GitRun extends ToolRun {
  text(): string;
}

export type GitExcess = ToolExcess;

export interface GitRunOptions {
  /** The mirror; its `HOME` as well, so that no configuration of a person counts. */
  directory: string;
  input?: string;
  lent?: Lent;
  /** The only protocol that this run may speak; none unless told. */
  protocol?: GitProtocol;
  /** Settings of this run alone, `name=value`. */
  settings?: readonly string[];
  /** Authorities (PEM) that certificates are checked against in place of the system's. */
  caFile?: string | undefined;
  timeoutMs?: number;
  maxBytes?: number;
  /** Asked a few times a second; true ends the run. */
  tooLarge?: () => Promise<boolean>;
}

/** Before every command: no hooks, no helpers, no protocols but the one asked for, objects checked. */
function settingsFor({ directory, protocol, caFile, settings = [] }: GitRunOptions): string[] {
  const all = [
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
    ...settings,
  ];
  return all.flatMap((setting) => ["-c", setting]);
}

/** @throws Problem `git_missing` when there is no git */
export async function runGit(args: readonly string[], options: GitRunOptions): Promise<GitRun> {
  const { timeoutMs = 30_000, maxBytes = 80 * 1024 * 1024, input, tooLarge, lent } = options;
  const run = await runTool({
    program: "git",
    args: [...settingsFor(options), ...args],
    env: environmentFor(options),
    timeoutMs,
    maxBytes,
    tooLarge,
    ...(input === undefined ? {} : { input }),
  });
  return { ...run, errors: hide(run.errors, lent), text: () => run.output.toString("utf8") };
}

/** A server may repeat to us what we sent it. */
function hide(text: string, lent: Lent | undefined): string {
  return (lent?.secrets ?? []).reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

function environmentFor({ directory, lent }: GitRunOptions): Record<string, string> {
  return {
    HOME: directory,
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
