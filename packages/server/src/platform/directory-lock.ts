/** Keeps two controllers from one data directory: a lock file with the holder's process number and start time, and a heartbeat. */
import { randomUUID } from "node:crypto";
import { statSync, unlinkSync } from "node:fs";
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { Problem } from "@holdfast/kit";

const heartbeatMs = 5_000;
const silentMs = 20_000;

interface Holder {
  pid: number;
  /** When the process started, in the system's own unit; tells a holder from a later process with its number. */
  startedAt: string;
  /** The machine start and process namespace in which `pid` means anything. */
  world: string;
  host: string;
}

export interface DirectoryLock {
  /** Gives the lock back, if it is still ours. */
  release(): Promise<void>;
  /** The same for a process that is about to exit. */
  releaseNow(): void;
}

/**
 * Takes the lock file at `path`; a lock whose holder is gone is taken over.
 * @throws Problem `directory_in_use` when a live process holds it.
 */
export async function lockDirectory(path: string, directory: string): Promise<DirectoryLock> {
  const own = `${path}.${process.pid}.${randomUUID().slice(0, 8)}`;
  await writeFile(own, JSON.stringify(await describeSelf()), { mode: 0o600 });
  try {
    while (!(await tryLink(own, path))) await clearStale(path, directory);
  } catch (thrown) {
    await rm(own, { force: true });
    throw thrown;
  }
  return keepLock(own, path);
}

/** True while a live process holds the lock. */
export async function isHeld(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && (await holds(holder, path));
}

/** `own` stays as a second name of the lock, so that whose lock it is can be told by the inode alone. */
function keepLock(own: string, path: string): DirectoryLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(own, now, now).catch(() => clearInterval(beat));
  }, heartbeatMs);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      const [mine, current] = await Promise.all([inode(own), inode(path)]);
      if (mine !== undefined && mine === current) await rm(path, { force: true });
      await rm(own, { force: true });
    },
    releaseNow() {
      try {
        if (statSync(path).ino === statSync(own).ino) unlinkSync(path);
        unlinkSync(own);
      } catch {
        // The process ends; what stays behind is stale and is taken over.
      }
    },
  };
}

async function inode(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.ino;
}

async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

/** Moves a stale lock away. Of several processes that try at one time, the rename lets one go on; a live lock moved by mistake is put back. */
async function clearStale(path: string, directory: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder && (await holds(holder, path))) throw inUse(holder, path, directory);
  const aside = `${path}.stale.${randomUUID().slice(0, 8)}`;
  if (
    !(await rename(path, aside).then(
      () => true,
      () => false,
    ))
  )
    return;
  if ((await readFile(aside, "utf8")) !== text) await tryLink(aside, path);
  await rm(aside, { force: true });
}

/** Undefined for a text that no holder wrote; such a lock is stale. */
function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

function inUse(holder: Holder, path: string, directory: string): Problem {
  const where = holder.host === hostname() ? "" : ` on ${holder.host}`;
  return new Problem("directory_in_use", {
    kind: "conflict",
    say: `The data directory ${directory} is in use by process ${holder.pid}${where}. Stop that one first, or give this one a directory of its own with HOLDFAST_HOME.`,
    with: { lock: path, ...holder },
  });
}

/** Within our own process namespace the holder can be looked up; elsewhere (another container on the same volume) only its heartbeat tells. */
async function holds(holder: Holder, path: string): Promise<boolean> {
  if (holder.world === (await ownWorld())) return (await startOf(holder.pid)) === holder.startedAt;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < silentMs;
}

async function describeSelf(): Promise<Holder> {
  return { pid: process.pid, startedAt: (await startOf(process.pid)) ?? "", world: await ownWorld(), host: hostname() };
}

async function ownWorld(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => hostname());
  return `${boot.trim()} ${await readlink("/proc/self/ns/pid").catch(() => "")}`;
}

/** Start time of a live process (field 22 of /proc/<pid>/stat; elsewhere only that it lives); undefined when there is none, or a dead one not yet reaped. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return isAlive(pid) ? "alive" : undefined;
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
