/** The keys that seal: several, each with an id; one is active. Kept in a file that only its owner may read, or given inline by settings. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { newId, Problem, type Secret } from "@holdfast/kit";
import { z } from "zod";

/** `file`: JSON with mode 0600. `inline`: the same JSON, or `<id>:<base64 of 32 bytes>` with commas between, the first active. */
export type KeySource = { file: string } | { inline: Secret };

export interface KeyRing {
  active: string;
  /** 32 bytes each, by id. */
  keys: ReadonlyMap<string, Buffer>;
}

const idPattern = /^[a-z0-9_-]{1,32}$/;
const fileShape = z.strictObject({ active: z.string(), keys: z.record(z.string().regex(idPattern), z.string()) });

/** Tells keys apart without telling anything about them (SHA-256 of a 256-bit key and a fixed text). */
export function fingerprint(key: Buffer): Buffer {
  return createHash("sha256").update("holdfast key fingerprint\n").update(key).digest();
}

/** The ring as it is now; undefined when the file does not exist. @throws Problem `secrets_key_ring_*` */
export function readKeyRing(source: KeySource): KeyRing | undefined {
  if ("inline" in source) return parseInline(source.inline.reveal());
  const text = readPrivateFile(source.file);
  return text === undefined ? undefined : parseFile(source.file, text);
}

/** A ring with one new key, in a new file; when another process was faster, the ring that it made. */
export function makeKeyRing(file: string): KeyRing {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const made = ringOf(newKey());
  const draft = writeDraft(file, made);
  try {
    linkSync(draft, file);
    return made;
  } catch (thrown) {
    const other = readKeyRing({ file });
    if (other && (thrown as NodeJS.ErrnoException).code === "EEXIST") return other;
    throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Adds a new key to the file and makes it active, atomically. Callers keep each other out: see `rotate`. */
export function addKey(file: string): KeyRing {
  const ring = readKeyRing({ file });
  if (!ring) throw new Problem("secrets_key_ring_missing", { kind: "not_ready", say: `The key ring ${file} is gone; restore it.` });
  const next = ringOf(newKey(), ring.keys);
  renameSync(writeDraft(file, next), file);
  syncDirectory(file);
  return next;
}

function newKey(): [string, Buffer] {
  return [newId("key"), randomBytes(32)];
}

function ringOf(active: [string, Buffer], older: Iterable<[string, Buffer]> = []): KeyRing {
  return { active: active[0], keys: new Map([...older, active]) };
}

function writeDraft(file: string, ring: KeyRing): string {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const keys = Object.fromEntries([...ring.keys].map(([id, key]) => [id, key.toString("base64")]));
  const handle = openSync(draft, "wx", 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ active: ring.active, keys }, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return draft;
}

function syncDirectory(file: string): void {
  const handle = openSync(dirname(file), "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readPrivateFile(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if ((stat.mode & 0o077) !== 0)
    throw new Problem("secrets_key_ring_readable", {
      kind: "not_ready",
      say: `The key ring ${file} can be read by other users (mode ${(stat.mode & 0o777).toString(8).padStart(4, "0")}). Run: chmod 600 ${file}`,
    });
  return readFileSync(file, "utf8");
}

function parseFile(file: string, text: string): KeyRing {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed(file, "it is not JSON"); // the parser's message would quote the keys
  }
  const shape = fileShape.safeParse(json);
  if (!shape.success) throw malformed(file, "it needs `active` and `keys` by id");
  return checked(file, shape.data.active, Object.entries(shape.data.keys));
}

function parseInline(text: string): KeyRing {
  if (text.trimStart().startsWith("{")) return parseFile("given in the settings", text);
  const pairs = text.split(",").map((part) => part.trim().split(":") as [string, string?]);
  const keys = pairs.map(([id, key]): [string, string] => [id, key ?? ""]);
  return checked("given in the settings", keys[0]?.[0] ?? "", keys);
}

function checked(where: string, active: string, encoded: [string, string][]): KeyRing {
  const keys = new Map<string, Buffer>();
  for (const [index, [id, text]] of encoded.entries()) {
    const key = Buffer.from(text, "base64");
    if (!idPattern.test(id)) throw malformed(where, `key ${index + 1} has no id of a-z, 0-9, _ and - (32 at most)`);
    if (key.length !== 32) throw malformed(where, `key "${id}" is not 32 bytes in base64`);
    if (keys.has(id)) throw malformed(where, `key "${id}" is there twice`);
    keys.set(id, key);
  }
  if (!keys.has(active)) throw malformed(where, `its active key "${active}" is not among its keys`);
  return { active, keys };
}

function malformed(where: string, say: string): Problem {
  return new Problem("secrets_key_ring_invalid", {
    kind: "not_ready",
    say: `The key ring ${where} cannot be used: ${say}. Restore it from its backup.`,
  });
}
