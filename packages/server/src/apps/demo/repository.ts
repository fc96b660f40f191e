/** The Git repository of the demonstration: made, committed to, read by Holdfast like any other. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Problem } from "@holdfast/kit";
import { runTool } from "#platform/run-tool";

const author = [
  "-c",
  "user.name=Ada Netwright",
  "-c",
  "user.email=ada@demo.invalid",
  "-c",
  "commit.gpgsign=false",
  "-c",
  "core.hooksPath=/dev/null",
];

export interface DemoRepository {
  /** `file://…` */
  url: string;
  /** Writes files and commits them; the commit. */
  commit(title: string, files: Record<string, string>): Promise<string>;
}

export async function createDemoRepository(directory: string): Promise<DemoRepository> {
  await mkdir(directory, { recursive: true });
  const git = (...args: string[]): Promise<string> => runGit(["-C", directory, ...args]);
  await git("init", "--quiet", "--initial-branch=main");
  return {
    url: pathToFileURL(directory).href,
    async commit(title, files) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), text);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--message", title);
      return git("rev-parse", "HEAD");
    },
  };
}

/** Nothing that the person at this machine has configured for git counts. */
async function runGit(args: string[]): Promise<string> {
  const env = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const run = await runTool({ program: "git", args: [...author, ...args], env, timeoutMs: 60_000, maxBytes: 1_000_000 });
  if (run.code === 0) return run.output.toString("utf8").trim();
  throw new Problem("demo_repository_failed", {
    kind: "unavailable",
    say: `Git could not make the demonstration's repository: ${run.errors.trim()}`,
  });
}
