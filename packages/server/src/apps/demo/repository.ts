/** The Git repository of the demonstration: made, committed to, read by Holdfast like any other. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
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
  const git = async (...args: string[]): Promise<string> => (await run("git", [...author, "-C", directory, ...args])).stdout.trim();
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
