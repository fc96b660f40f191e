/** Proving a second time who one is: which factors somebody has, how often one may try, and whether what was shown holds. */
import { Problem } from "@holdfast/kit";
import type { Db, Tx } from "#platform/db";
import { addressBucket, addressLimit, type Limit } from "./attempts.ts";
import { spendBackupCode } from "./backup-codes.ts";
import type { Parts } from "./deps.ts";
import { readSigned, type Signed } from "./passkeys.ts";
import * as store from "./store.ts";
import { backupCodesOf, findTotp, passkeysOf } from "./store-factors.ts";
import { spendCode } from "./totp.ts";

export type Factor = "totp" | "passkey" | "backup-code";

/** One of them is shown. */
export interface Proof {
  code?: string | undefined;
  backupCode?: string | undefined;
  passkey?: Signed | undefined;
}

/** What somebody can prove themselves with beside the password. Backup codes alone are no factor. */
export async function factorsOf(db: Db | Tx, userId: string): Promise<Factor[]> {
  const totp = await findTotp(db, userId);
  const passkeys = await passkeysOf(db, userId);
  if (!totp && passkeys.length === 0) return [];
  const codes = (await backupCodesOf(db, userId)).some(({ used_at }) => used_at === null);
  return [
    ...(totp ? ["totp" as const] : []),
    ...(passkeys.length > 0 ? ["passkey" as const] : []),
    ...(codes ? ["backup-code" as const] : []),
  ];
}

/**
 * Of the 1 000 000 codes three count at a time, so who tries 20 an hour needs five years for an even chance. Counted in the database before a
 * try is looked at, for whatever shows a factor or a password a second time.
 */
export const proofLimits: readonly (Limit & { name: string })[] = [
  { name: "minute", tries: 5, windowMs: 60_000 },
  { name: "hour", tries: 20, windowMs: 3_600_000 },
];

const bucketOf = (userId: string, name: string): string => `proof:${name}:${userId}`;

/** Counts a try before it is made. @throws Problem `identity_too_many_tries` with `facts.retryAfterS` */
export async function reserveProof(userId: string, { db, clock }: Pick<Parts, "db" | "clock">): Promise<void> {
  for (const { name, ...limit } of proofLimits) {
    const now = clock.now();
    const { tries, since } = await store.countTry(db, bucketOf(userId, name), { limit, now: new Date(now) });
    if (tries > limit.tries) throw tooMany(Math.max(1, Math.ceil((since.getTime() + limit.windowMs - now) / 1000)));
  }
}

/** Counts a try of an address before it is looked at; what comes back gives it back. @throws Problem `identity_too_many_tries` */
export async function reserveAddress({ address }: { address?: string | undefined }, { db, clock }: Pick<Parts, "db" | "clock">) {
  if (address === undefined) return () => Promise.resolve();
  const now = clock.now();
  const { tries, since } = await store.countTry(db, addressBucket(address), { limit: addressLimit, now: new Date(now) });
  if (tries > addressLimit.tries) throw tooMany(Math.max(1, Math.ceil((since.getTime() + addressLimit.windowMs - now) / 1000)));
  return () => store.giveTryBack(db, addressBucket(address));
}

/** After a proof that held. */
export async function forgetProofs(tx: Tx, userId: string): Promise<void> {
  for (const { name } of proofLimits) await store.forgetTries(tx, bucketOf(userId, name));
}

/** Which factor was shown, when it holds. It is spent with `tx`. */
export async function prove(
  tx: Tx,
  { userId, nonce, proof }: { userId: string; nonce: string | null; proof: Proof },
  parts: Parts,
): Promise<Factor | undefined> {
  const { code, backupCode, passkey } = proof;
  if (code !== undefined) return (await spendCode(tx, userId, code, parts)) ? "totp" : undefined;
  if (backupCode !== undefined) return (await spendBackupCode(tx, userId, backupCode, parts)) ? "backup-code" : undefined;
  if (passkey === undefined || nonce === null) return undefined;
  const { site, clock } = parts;
  return (await readSigned(tx, { site, signed: passkey, nonce, clock, userId, verifyUser: false })) ? "passkey" : undefined;
}

export function tooMany(retryAfterS: number): Problem {
  return new Problem("identity_too_many_tries", {
    kind: "limit",
    say: `Too many tries to sign in; try again in ${retryAfterS} s.`,
    with: { retryAfterS },
  });
}

export function proofRefused(): Problem {
  return new Problem("identity_factor_refused", {
    kind: "unauthenticated",
    say: "That does not prove it: the code is wrong, was used, or is out of date.",
  });
}
