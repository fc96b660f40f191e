/**
 * The sealed form of a value: AES-256-GCM (NIST SP 800-38D) under the active key, bound to the one place where it is kept.
 *
 *     1 byte   form, 1
 *     1 byte   length of the key id, then the key id
 *     12 bytes nonce, random for each value
 *     n bytes  ciphertext, then 16 bytes tag
 *
 * The additional data is form, key id and place: a sealed value that was changed, or moved to another row, column or version, does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Problem } from "@holdfast/kit";
import type { KeyRing } from "./key-ring.ts";

/** Where a sealed value is kept. `table` is schema-qualified; `version` 0 where the row has none. */
export interface Place {
  table: string;
  row: string;
  column: string;
  version: number;
}

const form = 1;
const nonceBytes = 12;
const tagBytes = 16;
const cipherName = "aes-256-gcm";

/** The first bytes of every value sealed under this key: what is stored and begins otherwise is to be sealed again. */
export function sealedPrefix(keyId: string): Buffer {
  const id = Buffer.from(keyId, "latin1");
  return Buffer.concat([Buffer.from([form, id.length]), id]);
}

/** The id of the key that a value was sealed under. @throws Problem `secrets_sealed_invalid` */
export function keyIdOf(sealed: Buffer): string {
  const length = sealed[1] ?? 0;
  if (sealed[0] !== form || sealed.length < 2 + length + nonceBytes + tagBytes) throw notSealed();
  return sealed.toString("latin1", 2, 2 + length);
}

export function sealUnder(ring: KeyRing, place: Place, plaintext: Buffer): Buffer {
  const prefix = sealedPrefix(ring.active);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, keyOf(ring, ring.active), nonce).setAAD(additional(prefix, place));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([prefix, nonce, ciphertext, cipher.getAuthTag()]);
}

/** @throws Problem `secrets_key_unknown`, `secrets_sealed_invalid` */
export function openUnder(ring: KeyRing, place: Place, sealed: Buffer): Buffer {
  const keyId = keyIdOf(sealed);
  const prefix = sealedPrefix(keyId);
  const nonce = sealed.subarray(prefix.length, prefix.length + nonceBytes);
  const key = keyOf(ring, keyId);
  const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes }).setAAD(additional(prefix, place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(prefix.length + nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    throw notSealed(place);
  }
}

function additional(prefix: Buffer, place: Place): Buffer {
  return Buffer.concat([prefix, Buffer.from(JSON.stringify([place.table, place.row, place.column, place.version]), "utf8")]);
}

function keyOf(ring: KeyRing, id: string): Buffer {
  const key = ring.keys.get(id);
  if (key) return key;
  throw new Problem("secrets_key_unknown", {
    kind: "not_ready",
    say: `A value was sealed under the key "${id}", which is not in the key ring. Restore the key ring that belongs to this database.`,
  });
}

function notSealed(place?: Place): Problem {
  return new Problem("secrets_sealed_invalid", {
    kind: "broken",
    say: "A sealed value does not open: it was changed, or moved from the place that it was sealed for. Restore it from a backup.",
    with: { place },
  });
}
