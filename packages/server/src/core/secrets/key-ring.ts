/** The keys that seal: several, each with an id; one is active. Kept in a file that only its owner may read (wrapped, or in the clear), or given inline by settings. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { newId, Problem, type Secret } from "@holdfast/kit";
import { z } from "zod";
import { locked, wrappedRing, type KeyWrap, type WrappedRing } from "./key-wrap.ts";

/** `file`: JSON with mode 0600. `inline`: the same JSON, or `<id>:<base64 of 32 bytes>` with commas between, the first active. */
export type KeyPlace = { file: string } | { inline: Secret };

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
export function readKeyRing(place: KeyPlace, wrap?: KeyWrap): KeyRing | undefined {
  if ("inline" in place) return parseKeyRing("given in the settings", place.inline.reveal());
  const text = readPrivateFile(place.file);
  return text === undefined ? undefined : parseFile(place.file, text, wrap);
}

/** How the file is wrapped; undefined when there is no file, or its keys are in the clear. */
export function readWrapping(file: string): WrappedRing | undefined {
  const text = readPrivateFile(file);
  return text === undefined ? undefined : wrappedRing.safeParse(parseJson(file, text)).data;
}

/** A ring with one new key, in a new file. False when there is a file already, which stays as it is. */
export function makeKeyRing(file: string, wrap?: KeyWrap): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = writeDraft(file, ringOf(newKey()), wrap);
  try {
    linkSync(draft, file);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Adds a key (a new one unless told) to the file and makes it active, atomically. Callers keep each other out: see `rotate`. */
export function addKey(file: string, wrap?: KeyWrap): KeyRing {
  const ring = readKeyRing({ file }, wrap);
  if (!ring) throw new Problem("secrets_key_ring_missing", { kind: "not_ready", say: `The key ring ${file} is gone; restore it.` });
  const next = ringOf(newKey(), ring.keys);
  writeKeyRing(file, next, wrap);
  return next;
}

/** Puts this ring in the place of what the file holds, atomically. */
export function writeKeyRing(file: string, ring: KeyRing, wrap?: KeyWrap): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  renameSync(writeDraft(file, ring, wrap), file);
  syncDirectory(file);
}

function newKey(): [string, Buffer] {
  return [newId("key"), randomBytes(32)];
}

function ringOf(active: [string, Buffer], older: Iterable<[string, Buffer]> = []): KeyRing {
  return { active: active[0], keys: new Map([...older, active]) };
}

function writeDraft(file: string, ring: KeyRing, wrap: KeyWrap | undefined): string {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const keys = Object.fromEntries([...ring.keys].map(([id, key]) => [id, key.toString("base64")]));
  const plain = { active: ring.active, keys };
  const kept = wrap ? wrap.seal(JSON.stringify(plain)) : plain;
  const handle = openSync(draft, "wx", 0o600);
  try {
    writeSync(handle, `${JSON.stringify(kept, null, 2)}\n`);
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

function parseFile(file: string, text: string, wrap: KeyWrap | undefined): KeyRing {
  const wrapped = wrappedRing.safeParse(parseJson(file, text)).data;
  if (wrapped && !wrap) throw locked(file, "it is protected, and nothing is set to open it with");
  if (wrapped && wrap) return parseKeyRing(file, wrap.open(wrapped, file));
  if (wrap) throw inTheClear(file);
  return parseKeyRing(file, text);
}

/** A ring in the form of the file, or of the settings. `where` is for the error. @throws Problem `secrets_key_ring_invalid` */
export function parseKeyRing(where: string, text: string): KeyRing {
  if (!text.trimStart().startsWith("{")) return parseList(where, text);
  const shape = fileShape.safeParse(parseJson(where, text));
  if (!shape.success) throw malformed(where, "it needs `active` and `keys` by id");
  return checked(where, shape.data.active, Object.entries(shape.data.keys));
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(where, "it is not JSON"); // the parser's message would quote the keys
  }
}

function parseList(where: string, text: string): KeyRing {
  const pairs = text.split(",").map((part) => part.trim().split(":") as [string, string?]);
  const keys = pairs.map(([id, key]): [string, string] => [id, key ?? ""]);
  return checked(where, keys[0]?.[0] ?? "", keys);
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

function inTheClear(file: string): Problem {
  return new Problem("secrets_key_ring_in_the_clear", {
    kind: "not_ready",
    say: `The key ring ${file} is not protected, though the settings say that it is. Run: npm run admin -- protect-keys`,
  });
}
