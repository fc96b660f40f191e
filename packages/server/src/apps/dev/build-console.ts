/** Builds the console when it is missing, or older than what it is made from. */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "@holdfast/kit";

const checkout = fileURLToPath(new URL("../../../../../", import.meta.url));
const built = "packages/web/dist/index.html";
/** What goes into a build: a change in any of them makes it stale. */
const sources = ["packages/web/src", "packages/web/public", "packages/web/index.html", "packages/web/vite.config.ts"];
const shared = ["packages/contract/src", "packages/kit/src", "package-lock.json"];

/** Builds where the checkout keeps its console. True when there was something to build. @throws Problem `dev_console_failed` */
export async function buildConsole(): Promise<boolean> {
  if (!isStale(checkout)) return false;
  await buildInto(join(checkout, "packages/web/dist"));
  return true;
}

/** Builds the sources as they are into a directory of the caller's own. @throws Problem `dev_console_failed` */
export async function buildInto(directory: string): Promise<void> {
  const vite = join(checkout, "node_modules/vite/bin/vite.js");
  const child = spawn(process.execPath, [vite, "build", "packages/web", "--logLevel", "warn", "--emptyOutDir", "--outDir", directory], {
    cwd: checkout,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code === 0) return;
  throw new Problem("dev_console_failed", { kind: "not_ready", say: "The console could not be built; what the build said is above." });
}

/** The build is older than a file it was made from, or is not there. */
export function isStale(root: string): boolean {
  const builtMs = newestMs(join(root, built));
  return builtMs === 0 || [...sources, ...shared].some((path) => newestMs(join(root, path)) > builtMs);
}

/** When the newest file at or below a path was written; 0 when there is none. */
function newestMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  const below = readdirSync(path, { recursive: true, encoding: "utf8" });
  return Math.max(0, ...below.map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
}
