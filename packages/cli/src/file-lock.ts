/** One process at a time: a file that only its maker may remove, unless the maker is gone. */
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "@holdfast/kit";

/** Nobody holds it that long; who did has died. */
const staleMs = 30_000;
const patienceMs = 20_000;

/** Does `work` while no other process that asks for the lock of `path` does. @throws Problem `cli_locked` after 20 s */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const startedMs = performance.now();
  while (!take(lock)) {
    if (performance.now() - startedMs > patienceMs)
      throw new Problem("cli_locked", { kind: "unavailable", say: `Another holdfast holds ${lock}; if none runs, remove the file.` });
    await sleep(20);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    if (isStale(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > staleMs;
  } catch {
    return false; // it was just removed; the next try tells
  }
}
