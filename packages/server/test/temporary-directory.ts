/** Where tests keep what they throw away. */
import { accessSync, constants, readFileSync, statfsSync } from "node:fs";

const memory = "/dev/shm";
const enoughBytes = 2 ** 31;

/** A test run makes and removes some hundred databases: in memory, where there is room and programs may run from there. */
export function keepTemporaryFilesInMemory(): void {
  if (isUsable()) process.env["TMPDIR"] ??= memory;
}

function isUsable(): boolean {
  try {
    const mount = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .find((line) => line.split(" ")[1] === memory);
    const { bavail, bsize } = statfsSync(memory);
    accessSync(memory, constants.W_OK);
    return mount !== undefined && !/\bnoexec\b/.test(mount) && bavail * bsize > enoughBytes;
  } catch {
    return false; // not there, or not for us
  }
}
