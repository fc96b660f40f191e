/** Reads the text files of one commit: blobs only, no links, within limits. */
import { Problem } from "@holdfast/kit";
import { explainGit, type GitRun } from "./git-run.ts";

type RunHere = (args: string[], options?: { input?: string; maxBytes?: number }) => Promise<GitRun>;

const mostFiles = 20_000;
const largestFile = 4 * 1024 * 1024;
const largestTotal = 64 * 1024 * 1024;

export async function readFiles(git: RunHere, commit: string, globs: readonly string[]): Promise<Map<string, string>> {
  const listed = await git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]);
  if (listed.code !== 0) throw explainGit(listed, `commit ${commit}`);
  const wanted = listed
    .text()
    .split("\0")
    .flatMap((line) => readEntry(line) ?? [])
    .filter((entry) => globs.some((glob) => matchesGlob(glob, entry.path)));
  checkLimits(wanted);
  const batch = await git(["cat-file", "--batch"], {
    input: wanted.map((entry) => `${entry.hash}\n`).join(""),
    maxBytes: largestTotal + wanted.length * 100,
  });
  if (batch.code !== 0) throw explainGit(batch, `files of commit ${commit}`);
  return takeApart(wanted, batch.output);
}

interface Entry {
  hash: string;
  size: number;
  path: string;
}

/** `100644 blob <hash> <size>\t<path>`; links (120000) and submodules (160000) are not files. */
function readEntry(line: string): Entry | undefined {
  const match = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t([^]+)$/.exec(line);
  return match ? { hash: match[1] ?? "", size: Number(match[2]), path: match[3] ?? "" } : undefined;
}

function checkLimits(entries: Entry[]): void {
  const large = entries.find((entry) => entry.size > largestFile);
  if (large)
    throw new Problem("git_file_too_large", {
      kind: "limit",
      say: `${large.path} is larger than 4 MiB.`,
      places: [{ at: large.path, say: "larger than 4 MiB" }],
    });
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (entries.length > mostFiles || total > largestTotal) {
    throw new Problem("git_files_too_many", {
      kind: "limit",
      say: `The commit has ${entries.length} files of ${total} bytes for us; at most ${mostFiles} of 64 MiB are read.`,
    });
  }
}

/** `<hash> blob <size>\n<content>\n`, one after the other. */
function takeApart(entries: Entry[], output: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  let at = 0;
  for (const entry of entries) {
    const start = output.indexOf(10, at) + 1;
    const content = output.subarray(start, start + entry.size);
    files.set(entry.path, decode(entry.path, content));
    at = start + entry.size + 1;
  }
  return files;
}

function decode(path: string, content: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (because) {
    throw new Problem("git_file_not_text", {
      kind: "invalid",
      say: `${path} is not UTF-8 text.`,
      places: [{ at: path, say: "not UTF-8 text" }],
      because,
    });
  }
}

/** `**` stands for any depth, `*` for any part of a name. */
export function matchesGlob(glob: string, path: string): boolean {
  const pattern = glob
    .split(/(\*\*\/|\*\*|\*)/)
    .map((part) =>
      part === "**/" ? "(?:.*/)?" : part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join("");
  return new RegExp(`^${pattern}$`).test(path);
}
