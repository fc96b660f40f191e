/** The file of checkpoints: JSON lines, only ever added to, on disk before the next is signed. */
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Problem, readCheckpoints, sayError, type Checkpoint } from "@holdfast/kit";

/** Appends and syncs. The file and its directory are for their owner alone. */
export async function appendCheckpoints(path: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "a", 0o600);
  try {
    await file.appendFile(checkpoints.map((one) => `${JSON.stringify(one)}\n`).join(""));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The number of the last one; 0 when there is none. Reads the end of the file only. */
export async function lastInFile(path: string): Promise<number> {
  const file = await open(path, "r").catch((thrown: unknown) => {
    if (isMissing(thrown)) return undefined;
    throw unreadable(path, thrown);
  });
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, Math.max(0, size - 4096));
    const lines = buffer
      .toString("utf8", 0, bytesRead)
      .split("\n")
      .slice(size > 4096 ? 1 : 0, -1);
    return readCheckpoints(lines.at(-1) ?? "").at(-1)?.no ?? 0;
  } catch (thrown) {
    throw unreadable(path, thrown);
  } finally {
    await file.close();
  }
}

/** None when there is no file yet; a line that a crash cut short is not counted. @throws Problem `audit_checkpoints_unreadable` */
export async function readCheckpointFile(path: string): Promise<Checkpoint[]> {
  try {
    const text = await readFile(path, "utf8");
    return readCheckpoints(text.slice(0, text.lastIndexOf("\n") + 1));
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw unreadable(path, thrown);
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}

function unreadable(path: string, thrown: unknown): Problem {
  return new Problem("audit_checkpoints_unreadable", {
    kind: "broken",
    say: `The checkpoints in ${path} cannot be read: ${sayError(thrown)}. Restore the file from its copy.`,
    because: thrown,
  });
}
