/** What an administrator does to the key ring's file beside a rotation: keys of another ring come in, and its protection changes. */
import { Problem, type Secret } from "@holdfast/kit";
import { readKeyRing, readWrapping, parseKeyRing, writeKeyRing, type KeyRing } from "./key-ring.ts";
import { unlock, type Protection } from "./key-wrap.ts";

interface RingFile {
  file: string;
  /** What the file is protected with now, if it is. */
  protection?: Protection | undefined;
}

/**
 * Takes the keys of `given` (the form of the file, or of HOLDFAST_KEYS) into the file, which is made if need be; what `given` has active becomes
 * active if `activate`. Keys that are there stay. Returns the ids of those that came in. @throws Problem `secrets_key_ring_invalid | _clash`
 */
export async function importKeys(ring: RingFile, given: Secret, activate: boolean): Promise<string[]> {
  const wrapped = readWrapping(ring.file);
  const wrap = ring.protection && (await unlock(ring.protection, wrapped, ring.file));
  const before = readKeyRing({ file: ring.file }, wrap);
  const more = parseKeyRing("that was given", given.reveal());
  const clash = [...more.keys].find(([id, key]) => before?.keys.get(id)?.equals(key) === false);
  if (clash) throw clashing(ring.file, clash[0]);
  const after: KeyRing = {
    active: activate || !before ? more.active : before.active,
    keys: new Map([...more.keys, ...(before?.keys ?? [])]),
  };
  writeKeyRing(ring.file, after, wrap);
  return [...more.keys.keys()].filter((id) => !before?.keys.has(id));
}

/**
 * Writes the file anew under another protection; `to` undefined: in the clear. Processes that run are to be restarted.
 * @throws Problem `secrets_key_ring_missing`, `secrets_passphrase_weak`
 */
export async function protectKeys(ring: RingFile, to: Protection | undefined): Promise<void> {
  const wrapped = readWrapping(ring.file);
  // A file that is in the clear is read as it is, whatever the settings say already.
  const now = wrapped && ring.protection ? await unlock(ring.protection, wrapped, ring.file) : undefined;
  const keys = readKeyRing({ file: ring.file }, now);
  if (!keys) throw new Problem("secrets_key_ring_missing", { kind: "not_ready", say: `There is no key ring at ${ring.file}.` });
  writeKeyRing(ring.file, keys, to && (await unlock(to)));
}

function clashing(file: string, id: string): Problem {
  return new Problem("secrets_key_ring_clash", {
    kind: "conflict",
    say: `The key ring ${file} has another key under the id "${id}". Give the new one another id; what it sealed names its id, so look where it comes from.`,
  });
}
