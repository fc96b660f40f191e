/** Ten codes for the day the phone is gone: each counts once, and is shown once. Kept as Argon2id under one salt, because 50 bits are few. */
import { randomBytes } from "node:crypto";
import type { Tx } from "#platform/db";
import type { Parts } from "./deps.ts";
import * as store from "./store-factors.ts";
import { sameHash } from "./tokens.ts";

const howMany = 10;
/** From here on the owner is told to make new ones. */
export const lowWater = 3;
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Makes a new set in place of the old one. */
export async function makeBackupCodes(tx: Tx, userId: string, { passwords, clock }: Pick<Parts, "passwords" | "clock">): Promise<string[]> {
  const codes = Array.from({ length: howMany }, newCode);
  const salt = randomBytes(16);
  const created_at = new Date(clock.now());
  const rows = [];
  for (const code of codes)
    rows.push({ user_id: userId, hash: await passwords.derive(plain(code), salt), salt, created_at, used_at: null });
  await store.replaceBackupCodes(tx, userId, rows);
  return codes;
}

/** Whether this code proves the user; of any number who show it at once, to one. */
export async function spendBackupCode(
  tx: Tx,
  userId: string,
  code: string,
  { passwords, clock }: Pick<Parts, "passwords" | "clock">,
): Promise<boolean> {
  const set = await store.backupCodesOf(tx, userId);
  const salt = set[0]?.salt;
  if (!salt) return false;
  const hash = await passwords.derive(plain(code), salt);
  const found = set.filter((row) => sameHash(row.hash, hash))[0];
  return found !== undefined && store.spendBackupCode(tx, { userId, hash: found.hash, now: new Date(clock.now()) });
}

/** `7g4kx-m02tw` */
function newCode(): string {
  const letters = Array.from(randomBytes(10), (byte) => alphabet.charAt(byte % 32)).join("");
  return `${letters.slice(0, 5)}-${letters.slice(5)}`;
}

/** As it was meant: no dash, small letters, and the letters that look like digits read as those. */
function plain(code: string): string {
  return code
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, "")
    .replaceAll("o", "0")
    .replaceAll(/[il]/g, "1");
}
