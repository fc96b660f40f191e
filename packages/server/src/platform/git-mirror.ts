/** The copy of a repository on our disk: made, fetched into, made anew when it is damaged, kept small. */
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Lent } from "./git-credential.ts";
import { explainGit, isDamage } from "./git-errors.ts";
import { runGit, type GitRun, type GitRunOptions } from "./git-run.ts";
import type { GitPin } from "./git-server.ts";
import type { GitAddress } from "./git-url.ts";

export interface CopyParts {
  directory: string;
  address: GitAddress;
  limits: { fetchMs: number; mirrorBytes: number };
  /** Authorities (PEM) in place of the system's. */
  caFile?: string | undefined;
}

/** What one fetch goes by. */
export interface FetchMeans {
  lent: Lent;
  pin: GitPin;
}

export type HereOptions = Omit<GitRunOptions, "directory">;

/** The head of the branch as we saw it last; ours alone, so nothing that a server says moves it. */
const seenRef = "refs/holdfast/seen";
/** Heads that a rewrite left behind: plans may still be of them. */
const keptPrefix = "refs/holdfast/kept/";
const mostPacks = 20;

export function runHere({ directory }: CopyParts, args: readonly string[], options: HereOptions = {}): Promise<GitRun> {
  return runGit(["-C", directory, ...args], { directory, ...options });
}

/** The copy exists and git can open it. */
export async function ensureCopy(copy: CopyParts): Promise<void> {
  const opened = await runHere(copy, ["rev-parse", "--is-bare-repository"]);
  if (opened.code === 0 && opened.text().trim() === "true") return;
  await makeCopy(copy);
}

async function makeCopy({ directory }: CopyParts): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made = await runGit(["init", "--quiet", "--bare", "--template=", "--", directory], { directory });
  if (made.code !== 0) throw explainGit(made, "the mirror cannot be made");
}

export async function removeCopy(directory: string): Promise<void> {
  for (const path of [directory, freshOf(directory)]) await rm(path, { recursive: true, force: true });
}

function freshOf(directory: string): string {
  return `${directory}.new`;
}

export async function seenHead(copy: CopyParts): Promise<string | undefined> {
  const run = await runHere(copy, ["rev-parse", "--verify", "--quiet", "--end-of-options", seenRef]);
  if (run.code === 0) return run.text().trim();
  // Where git cannot read the copy any more, the file may still be there.
  const text = await readFile(join(copy.directory, seenRef), "utf8").catch(() => "");
  return /^[0-9a-f]{40,64}$/.test(text.trim()) ? text.trim() : undefined;
}

/** Remembers a head as seen; the one before stays readable when it is no longer part of the branch. */
export async function rememberHead(copy: CopyParts, head: string, leftBehind: string | undefined): Promise<void> {
  const lines = [`update ${seenRef} ${head}`, ...(leftBehind === undefined ? [] : [`update ${keptPrefix}${leftBehind} ${leftBehind}`])];
  const run = await runHere(copy, ["update-ref", "--stdin"], { input: `${lines.join("\n")}\n` });
  if (run.code !== 0) throw explainGit(run, "the mirror's own marks");
}

/** All branches and tags, as they are now; a damaged copy is made anew. Tells whether it was. */
export async function fetchInto(copy: CopyParts, means: FetchMeans): Promise<{ remade: boolean }> {
  const run = await fetchOnce(copy, means);
  if (run.code === 0) return { remade: false };
  if (!isDamage(run)) throw explainGit(run, "the fetch");
  await fetchAnew(copy, means);
  return { remade: true };
}

/** A new copy in place of the old one, which stays until the new one is whole. */
export async function fetchAnew(copy: CopyParts, means: FetchMeans): Promise<void> {
  const fresh = { ...copy, directory: freshOf(copy.directory) };
  await makeCopy(fresh);
  const run = await fetchOnce(fresh, means);
  if (run.code !== 0) throw explainGit(run, "the fetch");
  await rm(copy.directory, { recursive: true, force: true });
  await rename(fresh.directory, copy.directory);
}

async function fetchOnce(copy: CopyParts, means: FetchMeans): Promise<GitRun> {
  await clearLeftovers(copy);
  const tooLarge = async (): Promise<boolean> => (await packs(copy)).bytes > copy.limits.mirrorBytes;
  const run = await startFetch(copy, means, tooLarge);
  if (run.code !== 0) await clearLeftovers(copy);
  return run.code === 0 && (await tooLarge()) ? { ...run, code: -1, exceeded: "disk" } : run;
}

function startFetch(copy: CopyParts, { lent, pin }: FetchMeans, tooLarge: () => Promise<boolean>): Promise<GitRun> {
  const flags = ["--quiet", "--prune", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
  return runHere(copy, ["fetch", ...flags, "--", copy.address.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], {
    lent,
    protocol: copy.address.protocol,
    settings: pin.settings,
    timeoutMs: copy.limits.fetchMs,
    tooLarge,
    caFile: copy.caFile,
  });
}

async function packs({ directory }: CopyParts): Promise<{ count: number; bytes: number; unfinished: string[] }> {
  const folder = join(directory, "objects", "pack");
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0));
  return {
    count: names.filter((name) => name.endsWith(".pack")).length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    unfinished: names.filter((name) => name.startsWith("tmp_")).map((name) => join(folder, name)),
  };
}

/** What an ended fetch left of its pack, and locks: one process at a time works on a copy, so they are nobody's. */
async function clearLeftovers(copy: CopyParts): Promise<void> {
  for (const path of (await packs(copy)).unfinished) await rm(path, { force: true });
}

/** Many small packs become one; nothing that a plan may need goes away. */
export async function keepSmall(copy: CopyParts): Promise<void> {
  if ((await packs(copy)).count < mostPacks) return;
  const run = await runHere(copy, ["repack", "-a", "-d", "-q", "--keep-unreachable"], { timeoutMs: copy.limits.fetchMs });
  if (run.code !== 0) throw explainGit(run, "the mirror's packs");
}
