/**
 * Git repositories, read only: a bare mirror of one branch each, fetched by the `git` program. Git is started with fixed arguments,
 * without a shell, with an environment of our own, and may speak only the protocols that the address names.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitCredential } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { lendCredential, type Lent } from "./git-credential.ts";
import { explainGit, runGit, type GitRun } from "./git-run.ts";
import { readFiles } from "./git-files.ts";
import { checkGitUrl } from "./git-url.ts";
import type { Log } from "./log.ts";

export interface GitOptions {
  /** Mirrors are kept in `<home>/repositories`. */
  home: string;
  log: Log;
  /** `file:` addresses and paths are allowed; only where the caller may read the server's files anyway. */
  allowLocal?: boolean;
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

export interface LoggedCommit {
  commit: string;
  subject: string;
  /** Name only. */
  author: string;
  /** ISO 8601, UTC. */
  at: string;
}

export interface Mirror {
  /** @throws Problem `git_unreachable | _auth_failed | _branch_missing | _host_key_unknown | _repository_missing | _timeout | _failed` */
  fetch(): Promise<Fetched>;
  /** Newest first, from a commit. */
  log(commit: string, page: { skip: number; limit: number }): Promise<LoggedCommit[]>;
  /** The text files of a commit whose path matches one of the globs (`**` any depth, `*` within a name). @throws Problem `git_file_not_text | git_file_too_large | git_files_too_many` */
  files(commit: string, globs: readonly string[]): Promise<Map<string, string>>;
  /** The full hash of a commit that the mirror has. @throws Problem `git_revision_missing` */
  resolve(revision: string): Promise<string>;
}

export interface Git {
  /** @throws Problem `git_url_invalid` saying what is not allowed */
  checkUrl(url: string): void;
  /** The mirror, made when it is not there. Nothing is fetched. */
  openMirror(parts: MirrorParts): Promise<Mirror>;
  /** Removes a mirror. */
  forget(id: string): Promise<void>;
}

const followed = "refs/heads/followed";
const fetchMs = 120_000;

export function createGit({ home, log, allowLocal = false }: GitOptions): Git {
  const directoryOf = (id: string): string => {
    if (!/^[A-Za-z0-9_]+$/.test(id))
      throw new Problem("git_mirror_id", { kind: "broken", say: "A repository has an id that cannot name a directory." });
    return join(home, "repositories", `${id}.git`);
  };
  return {
    checkUrl: (url) => checkGitUrl(url, allowLocal),
    forget: (id) => rm(directoryOf(id), { recursive: true, force: true }),
    async openMirror(parts) {
      checkGitUrl(parts.url, allowLocal);
      checkBranch(parts.branch);
      const directory = directoryOf(parts.id);
      await ensureMirror(directory);
      return mirror({ ...parts, directory, log });
    },
  };
}

async function ensureMirror(directory: string): Promise<void> {
  const there = await runGit(["-C", directory, "rev-parse", "--git-dir"], { directory }).then(
    (run) => run.code === 0,
    () => false,
  );
  if (there) return;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made = await runGit(["init", "--quiet", "--bare", "--template=", "--", directory], { directory });
  if (made.code !== 0) throw explainGit(made, "the mirror cannot be made");
}

/** What git itself allows in a branch's name (git-check-ref-format), and no leading dash. */
function checkBranch(branch: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  const bad = /^[-/.]|\.\.|[\u0000-\u0020\u007f~^:?*[\\]|\/\/|@\{|\.lock(\/|$)|[/.]$|\/\.|^@$/;
  if (branch !== "" && !bad.test(branch)) return;
  throw new Problem("git_branch_invalid", { kind: "invalid", say: `"${branch}" cannot be the name of a branch.` });
}

type MirrorDeps = MirrorParts & { directory: string; log: Log };

function mirror(deps: MirrorDeps): Mirror {
  const git = (args: string[], options: { input?: string; lent?: Lent; timeoutMs?: number; maxBytes?: number } = {}): Promise<GitRun> =>
    runGit(["-C", deps.directory, ...args], { directory: deps.directory, ...options });
  const headNow = async (): Promise<string | undefined> => {
    const run = await git(["rev-parse", "--verify", "--quiet", followed]);
    return run.code === 0 ? run.text().trim() : undefined;
  };
  return {
    async fetch() {
      const previous = await headNow();
      const lent = await lendCredential(deps.credential);
      try {
        const spec = `+refs/heads/${deps.branch}:${followed}`;
        const run = await git(
          ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--force", "--", deps.url, spec],
          { lent, timeoutMs: fetchMs },
        );
        if (run.code !== 0) throw explainGit(run, `branch ${deps.branch}`);
      } finally {
        await lent.takeBack();
      }
      const head = await headNow();
      if (head === undefined)
        throw new Problem("git_branch_missing", { kind: "missing", say: `The repository has no branch ${deps.branch}.` });
      const rewritten =
        previous !== undefined && previous !== head && (await git(["merge-base", "--is-ancestor", previous, head])).code !== 0;
      if (rewritten) deps.log.warn({ repository: deps.id, previous, head }, "the branch was rewritten");
      return { head, rewritten, ...(previous === undefined ? {} : { previous }) };
    },
    log: (commit, page) => readLog(git, commit, page),
    files: (commit, globs) => readFiles(git, checkHash(commit), globs),
    async resolve(revision) {
      const wanted = revision === deps.branch ? followed : revision;
      const run = await git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${wanted}^{commit}`]);
      const hash = run.text().trim().split("\n").at(-1) ?? "";
      if (run.code === 0 && /^[0-9a-f]{40,64}$/.test(hash)) return hash;
      throw new Problem("git_revision_missing", {
        kind: "missing",
        say: `The repository has no commit "${revision}" on branch ${deps.branch}; synchronise it, or give another.`,
      });
    },
  };
}

type RunHere = (args: string[]) => Promise<GitRun>;

async function readLog(git: RunHere, commit: string, { skip, limit }: { skip: number; limit: number }): Promise<LoggedCommit[]> {
  const format = "--format=%H%x1f%an%x1f%cI%x1f%s%x1e";
  const run = await git([
    "log",
    `--skip=${Math.trunc(skip)}`,
    `--max-count=${Math.trunc(limit)}`,
    format,
    "--end-of-options",
    checkHash(commit),
    "--",
  ]);
  if (run.code !== 0) throw explainGit(run, `commit ${commit}`);
  const lines = run
    .text()
    .split("\u001e")
    .map((line) => line.trim());
  return lines.filter((line) => line !== "").map(readCommit);
}

function checkHash(commit: string): string {
  if (/^[0-9a-f]{40,64}$/.test(commit)) return commit;
  throw new Problem("git_revision_missing", { kind: "missing", say: `"${commit}" is not the full hash of a commit.` });
}

function readCommit(line: string): LoggedCommit {
  const [commit = "", author = "", at = "", subject = ""] = line.split("\u001f");
  return { commit, author, subject, at: new Date(at).toISOString() };
}
