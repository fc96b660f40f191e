/**
 * Git repositories, read only: a bare mirror of each, fetched by the `git` program. Git is started with fixed arguments, without a shell,
 * with an environment of our own, and may speak only the protocol of the address, to the server that was judged, whatever its name leads to
 * by then. Nothing of a repository is checked out or run.
 */
import { join } from "node:path";
import type { GitCredential } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { createEgress, type Egress } from "./egress.ts";
import { lendCredential, sweepForgotten } from "./git-credential.ts";
import { explainGit, isDamage } from "./git-errors.ts";
import { readFiles, type RunHere } from "./git-files.ts";
import { readLog, resolveRevision, type LoggedCommit, type LogPage } from "./git-history.ts";
import { ensureCopy, fetchAnew, fetchInto, keepSmall, rememberHead, removeCopy, runHere, seenHead, type CopyParts } from "./git-mirror.ts";
import { pinServer } from "./git-server.ts";
import { readGitUrl, type GitProtocol } from "./git-url.ts";
import type { Log } from "./log.ts";

export type { LoggedCommit, LogPage } from "./git-history.ts";

export interface GitOptions {
  /** Mirrors are kept in `<home>/repositories`. */
  home: string;
  log: Log;
  /** What addresses may be reached by; https and ssh unless told. `file` only where the caller may read the server's files anyway. */
  protocols?: ReadonlySet<GitProtocol>;
  /** Judges the servers of addresses; public ones alone unless told. */
  egress?: Pick<Egress, "judge">;
  /** Longest fetch; 2 minutes unless told. */
  fetchMs?: number;
  /** Largest mirror; 1 GiB unless told. */
  mirrorBytes?: number;
  /** A file of authorities (PEM) that https servers are checked against, in place of the system's. */
  caFile?: string;
}

export interface MirrorParts {
  id: string;
  url: string;
  branch: string;
  credential?: GitCredential;
}

export interface Fetched {
  /** The newest commit of the branch. */
  head: string;
  previous?: string;
  /** The branch was rewritten: `previous` is no longer part of it. */
  rewritten: boolean;
}

export interface Mirror {
  /** @throws Problem `git_unreachable | _auth_failed | _branch_missing | _host_key_unknown | _repository_missing | _timeout | _too_large | _redirected | _certificate | _authorities_unreadable | _content_refused | _credential_kind | _disk_full | _busy | _failed | _too_old`, `egress_refused` */
  fetch(): Promise<Fetched>;
  /** Newest first, from a commit. */
  log(commit: string, page: LogPage): Promise<LoggedCommit[]>;
  /** The text files of a commit whose path matches one of the globs (`**` any depth, `*` within a name). @throws Problem `git_file_not_text | git_file_too_large | git_file_link | git_files_too_many` */
  files(commit: string, globs: readonly string[]): Promise<Map<string, string>>;
  /** The full hash of a commit, branch, tag or beginning of a hash (7 digits at least) that the mirror has. @throws Problem `git_revision_missing` */
  resolve(revision: string): Promise<string>;
  /** Paths that differ between two commits. */
  diffNames(before: string, after: string): Promise<string[]>;
}

export interface Git {
  /** @throws Problem `git_url_invalid` saying what is not allowed */
  checkUrl(url: string): void;
  /** The mirror, made when it is not there. Nothing is fetched. */
  openMirror(parts: MirrorParts): Promise<Mirror>;
  /** Removes a mirror. */
  forget(id: string): Promise<void>;
}

const usualProtocols: ReadonlySet<GitProtocol> = new Set(["https", "ssh"]);

export function createGit(options: GitOptions): Git {
  const { home, log, protocols = usualProtocols, fetchMs = 120_000, mirrorBytes = 1024 ** 3, caFile } = options;
  const egress = options.egress ?? createEgress();
  sweepForgotten(Date.now()).then(
    (removed) => removed > 0 && log.warn({ removed }, "credentials that an ended process had lent were removed"),
    (err: unknown) => log.warn({ err }, "temporary files could not be looked through"),
  );
  const directoryOf = (id: string): string => {
    if (!/^[A-Za-z0-9_]+$/.test(id))
      throw new Problem("git_mirror_id", { kind: "broken", say: "A repository has an id that cannot name a directory." });
    return join(home, "repositories", `${id}.git`);
  };
  const queue = createQueue();
  return {
    checkUrl: (url) => void readGitUrl(url, protocols),
    forget: (id) => queue(directoryOf(id), () => removeCopy(directoryOf(id))),
    async openMirror(parts) {
      const address = readGitUrl(parts.url, protocols);
      checkBranch(parts.branch);
      const directory = directoryOf(parts.id);
      const copy: CopyParts = { directory, address, limits: { fetchMs, mirrorBytes }, caFile };
      await queue(directory, () => ensureCopy(copy));
      return mirror({ ...parts, copy, log, egress, alone: (work) => queue(directory, work) });
    },
  };
}

type Alone = <T>(work: () => Promise<T>) => Promise<T>;

/** One at a time for each key. */
function createQueue(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
    const settled = mine.catch(() => undefined).finally(() => last.get(key) === settled && last.delete(key));
    last.set(key, settled);
    return mine;
  };
}

/** What git itself allows in a branch's name (git-check-ref-format), and no leading dash. */
function checkBranch(branch: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  const bad = /^[-/.]|\.\.|[\u0000-\u0020\u007f~^:?*[\\]|\/\/|@\{|\.lock(\/|$)|[/.]$|\/\.|^@$/;
  if (branch !== "" && !bad.test(branch)) return;
  throw new Problem("git_branch_invalid", { kind: "invalid", say: `"${branch}" cannot be the name of a branch.` });
}

type MirrorDeps = MirrorParts & { copy: CopyParts; log: Log; egress: Pick<Egress, "judge">; alone: Alone };

function mirror(deps: MirrorDeps): Mirror {
  const { copy, branch } = deps;
  const reading = (subject: string): RunHere => {
    return async (args, options) => {
      const run = await runHere(copy, args, options);
      if (run.code === 0) return run;
      throw isDamage(run) ? new Damage(subject) : explainGit(run, subject);
    };
  };
  /** A copy that turns out damaged is fetched anew, once. */
  const healing = async <T>(subject: string, read: (git: RunHere) => Promise<T>): Promise<T> => {
    try {
      return await read(reading(subject));
    } catch (thrown) {
      if (!(thrown instanceof Damage)) throw thrown;
      deps.log.warn({ repository: deps.id, subject }, "the mirror of a repository is damaged; it is fetched anew");
      await deps.alone(() => fetchAlone(deps, { anew: true }));
      return read(reading(subject));
    }
  };
  return {
    fetch: () => deps.alone(() => fetchAlone(deps)),
    log: (commit, page) => healing(`commit ${commit}`, (git) => readLog(git, checkHash(commit), page)),
    files: (commit, globs) => healing(`files of commit ${commit}`, (git) => readFiles(git, checkHash(commit), globs)),
    resolve: (revision) => resolveRevision((args) => runHere(copy, args), revision, branch),
    diffNames: (before, after) =>
      healing("a comparison", async (git) => {
        const run = await git([
          "diff-tree",
          "-r",
          "-z",
          "--name-only",
          "--no-renames",
          "--no-ext-diff",
          "--end-of-options",
          checkHash(before),
          checkHash(after),
        ]);
        return run
          .text()
          .split("\0")
          .filter((path) => path !== "");
      }),
  };
}

/** Our copy cannot be read; never leaves this file. */
class Damage extends Error {}

async function fetchAlone({ id, copy, branch, credential, log, egress }: MirrorDeps, { anew = false } = {}): Promise<Fetched> {
  const previous = await seenHead(copy);
  const pin = await pinServer(copy.address, egress);
  const lent = await lendCredential(credential, copy.address.protocol, pin);
  try {
    if (anew) await fetchAnew(copy, { lent, pin });
    else if ((await fetchInto(copy, { lent, pin })).remade)
      log.warn({ repository: id }, "the mirror of a repository was damaged and is made anew");
  } finally {
    await lent.takeBack();
  }
  const head = await headOf(copy, branch);
  const rewritten = previous !== undefined && previous !== head && !(await isAncestor(copy, previous, head));
  if (rewritten) log.warn({ repository: id, previous, head }, "the branch was rewritten");
  await rememberHead(copy, head, rewritten && (await has(copy, previous)) ? previous : undefined);
  await keepSmall(copy);
  return { head, rewritten, ...(previous === undefined ? {} : { previous }) };
}

async function headOf(copy: CopyParts, branch: string): Promise<string> {
  const run = await runHere(copy, ["rev-parse", "--verify", "--quiet", "--end-of-options", `refs/heads/${branch}^{commit}`]);
  if (run.code === 0) return run.text().trim();
  const others = (await runHere(copy, ["for-each-ref", "--count=6", "--format=%(refname:lstrip=2)", "refs/heads/"]))
    .text()
    .split("\n")
    .filter((one) => one !== "");
  const known =
    others.length === 0 ? "it has no branches" : `it has ${others.slice(0, 5).join(", ")}${others.length > 5 ? " and others" : ""}`;
  throw new Problem("git_branch_missing", { kind: "missing", say: `The repository has no branch ${branch}; ${known}.` });
}

async function isAncestor(copy: CopyParts, before: string, after: string): Promise<boolean> {
  return (await runHere(copy, ["merge-base", "--is-ancestor", before, after])).code === 0;
}

async function has(copy: CopyParts, commit: string): Promise<boolean> {
  return (await runHere(copy, ["cat-file", "-e", `${commit}^{commit}`])).code === 0;
}

function checkHash(commit: string): string {
  if (/^[0-9a-f]{40,64}$/.test(commit)) return commit;
  throw new Problem("git_revision_missing", { kind: "missing", say: `"${commit}" is not the full hash of a commit.` });
}
