/** Reads the text files of one commit: blobs only, no links, within limits. */
import { Problem, type ProblemPlace } from "@holdfast/kit";
import type { GitRun } from "./git-run.ts";

/** Runs git in the mirror; throws when it fails. */
export type RunHere = (args: string[], options?: { input?: string; maxBytes?: number }) => Promise<GitRun>;

const mostFiles = 20_000;
const largestFile = 4 * 1024 * 1024;
const largestTotal = 64 * 1024 * 1024;

/** @throws Problem `git_file_not_text | git_file_too_large | git_file_link | git_files_too_many`, each file a place */
export async function readFiles(git: RunHere, commit: string, globs: readonly string[]): Promise<Map<string, string>> {
  const listed = await git(["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit]);
  const entries = listed
    .text()
    .split("\0")
    .flatMap((line) => readEntry(line) ?? []);
  const wanted = entries.filter((entry) => entry.kind === "file" && globs.some((glob) => matchesGlob(glob, entry.path)));
  const refusals = [
    ...entries.filter(({ kind }) => kind !== "file").flatMap((entry) => refuseLink(entry, globs)),
    ...wanted.flatMap(refuseLarge),
  ];
  checkTotal(wanted);
  if (refusals.length > 0) throw refusedFiles(refusals);
  const batch = await git(["cat-file", "--batch"], {
    input: wanted.map((entry) => `${entry.hash}\n`).join(""),
    maxBytes: largestTotal + wanted.length * 100,
  });
  return takeApart(wanted, batch.output);
}

interface Entry {
  kind: "file" | "link" | "submodule";
  hash: string;
  size: number;
  path: string;
}

const kinds: Record<string, Entry["kind"]> = {
  "100644": "file",
  "100755": "file",
  "100664": "file",
  "120000": "link",
  "160000": "submodule",
};

/** `100644 blob <hash> <size>\t<path>`. */
function readEntry(line: string): Entry | undefined {
  const match = /^(\d{6}) (?:blob|commit) ([0-9a-f]+) +(\d+|-)\t([^]+)$/.exec(line);
  const kind = kinds[match?.[1] ?? ""];
  return match && kind ? { kind, hash: match[2] ?? "", size: Number(match[3]) || 0, path: match[4] ?? "" } : undefined;
}

interface Refusal extends ProblemPlace {
  code: string;
}

/** A link or a submodule in place of what we read, or of a directory above it, would hide files without a word. */
function refuseLink({ kind, path }: Entry, globs: readonly string[]): Refusal[] {
  const isOtherFile = kind === "link" && /[^/]\.[^/]+$/.test(path) && !globs.some((glob) => matchesGlob(glob, path));
  if (isOtherFile) return [];
  if (!globs.some((glob) => matchesGlob(glob, path) || matchesGlob(glob, `${path}/x${/\.[^.*/]+$/.exec(glob)?.[0] ?? ""}`))) return [];
  return [
    {
      code: "git_file_link",
      at: path,
      say: kind === "link" ? "is a link; put the file itself there" : "is a submodule; put its files there",
    },
  ];
}

function refuseLarge({ path, size }: Entry): Refusal[] {
  return size > largestFile ? [{ code: "git_file_too_large", at: path, say: "is larger than 4 MiB" }] : [];
}

function checkTotal(entries: Entry[]): void {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (entries.length <= mostFiles && (total <= largestTotal || entries.some(({ size }) => size > largestFile))) return;
  throw new Problem("git_files_too_many", {
    kind: "limit",
    say: `The commit has ${entries.length} files of ${total} bytes for us; at most ${mostFiles} of 64 MiB are read.`,
  });
}

function refusedFiles(refusals: Refusal[]): Problem {
  const [first] = refusals;
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : "";
  return new Problem(first?.code ?? "git_file_not_text", {
    kind: first?.code === "git_file_too_large" ? "limit" : "invalid",
    say: `${first?.at} ${first?.say}${more}.`,
    places: refusals.slice(0, 100).map(({ at, say }) => ({ at, say })),
  });
}

/** `<hash> blob <size>\n<content>\n`, one after the other. */
function takeApart(entries: Entry[], output: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  const refusals: Refusal[] = [];
  let at = 0;
  for (const entry of entries) {
    const start = output.indexOf(10, at) + 1;
    const read = decode(output.subarray(start, start + entry.size));
    if ("text" in read) files.set(entry.path, read.text);
    else refusals.push({ code: "git_file_not_text", at: entry.path, say: read.say });
    at = start + entry.size + 1;
  }
  if (refusals.length > 0) throw refusedFiles(refusals);
  return files;
}

function decode(content: Buffer): { text: string } | { say: string } {
  if (content.subarray(0, 40).toString("latin1").startsWith("version https://git-lfs.github.com/spec/"))
    return { say: "is kept in Git LFS; put the text itself there" };
  if (content.includes(0)) return { say: "is not UTF-8 text" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(content) };
  } catch {
    return { say: "is not UTF-8 text" };
  }
}

/** `**` stands for any depth, `*` for any part of a name. */
export function matchesGlob(glob: string, path: string): boolean {
  return patternOf(glob).test(path);
}

const patterns = new Map<string, RegExp>();

function patternOf(glob: string): RegExp {
  const known = patterns.get(glob);
  if (known) return known;
  const source = glob
    .split(/(\*\*\/|\*\*|\*)/)
    .map((part) =>
      part === "**/"
        ? "(?:[^/]+/)*"
        : part === "**"
          ? "[^]*"
          : part === "*"
            ? "[^/]*"
            : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join("");
  const pattern = new RegExp(`^${source}$`, "u");
  if (patterns.size < 1000) patterns.set(glob, pattern);
  return pattern;
}
