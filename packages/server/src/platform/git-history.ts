/** Commits of a mirror: found by name, listed. */
import { Problem } from "@holdfast/kit";
import type { RunHere } from "./git-files.ts";
import type { GitRun } from "./git-run.ts";

export interface LoggedCommit {
  commit: string;
  subject: string;
  /** Name only. */
  author: string;
  /** ISO 8601, UTC. */
  at: string;
}

export interface LogPage {
  skip: number;
  limit: number;
  /** Commits that this one has too are left out. */
  after?: string;
}

const fields = 4;

export async function readLog(git: RunHere, commit: string, { skip, limit, after }: LogPage): Promise<LoggedCommit[]> {
  const range = after === undefined ? [commit] : [commit, `^${after}`];
  const format = "--format=tformat:%H%x00%an%x00%cI%x00%s%x00";
  const run = await git([
    "log",
    `--skip=${Math.trunc(skip)}`,
    `--max-count=${Math.trunc(limit)}`,
    "--no-color",
    format,
    "--end-of-options",
    ...range,
    "--",
  ]);
  const parts = run.text().split("\0");
  return Array.from({ length: Math.floor(parts.length / fields) }, (_, i) => readCommit(parts.slice(i * fields, (i + 1) * fields)));
}

function readCommit([commit = "", author = "", at = "", subject = ""]: string[]): LoggedCommit {
  return { commit: commit.trim(), author: oneLine(author), subject: oneLine(subject), at: new Date(at).toISOString() };
}

/** Authors write what they like; a screen shows it. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** A name of git's own mini-language (`HEAD~2`, `@{1}`, `:/text`) is none of ours. */
const revisionPattern = /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/;

export async function resolveRevision(run: (args: string[]) => Promise<GitRun>, revision: string, branch: string): Promise<string> {
  const names = [`refs/heads/${revision}`, `refs/tags/${revision}`, ...(/^[0-9a-f]{7,64}$/.test(revision) ? [revision] : [])];
  if (revisionPattern.test(revision) && !revision.includes("..")) {
    for (const name of /^[0-9a-f]{40,64}$/.test(revision) ? [revision] : names) {
      const found = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
      const hash = found.text().trim();
      if (found.code === 0 && /^[0-9a-f]{40,64}$/.test(hash)) return hash;
    }
  }
  throw new Problem("git_revision_missing", {
    kind: "missing",
    say: `The repository has no commit, branch or tag "${revision}"; synchronise it (it follows ${branch}), or give another.`,
  });
}
