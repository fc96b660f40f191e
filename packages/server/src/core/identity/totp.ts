/** Time-based codes (RFC 6238: SHA-1, six digits, 30 s). A code counts once, and one step before and after the clock's own. */
import { newId } from "@holdfast/kit";
import { generateSecret, generateURI, verifySync } from "otplib";
import type { Resealer } from "#core/secrets";
import type { Db, Tx } from "#platform/db";
import type { Parts, Sealing } from "./deps.ts";
import * as store from "./store-factors.ts";

const stepS = 30;

const place = (id: string) => ({ table: "identity.totp", row: id, column: "sealed", version: 1 });

/** Seeds follow a rotation of keys. */
export function seedsResealer(db: Db): Resealer {
  return {
    table: "identity.totp",
    countStale: (activePrefix) => store.countStaleSeeds(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await store.lockStaleSeeds(tx, activePrefix, limit);
      for (const { id, sealed } of rows) await store.resealSeed(tx, id, reseal(place(id), sealed));
      return rows.length;
    },
  };
}

/** Begins an enrolment: the seed as text, and as the address that authenticator apps read. It counts once a code of it was shown. */
export async function beginTotp(
  tx: Tx,
  user: { id: string; name: string },
  { secrets, clock }: Pick<Parts, "secrets" | "clock">,
): Promise<{ secret: string; uri: string }> {
  const secret = generateSecret();
  const id = newId("totp", clock.now());
  const created_at = new Date(clock.now());
  await store.beginTotp(tx, { id, user_id: user.id, sealed: secrets.seal(place(id), secret), created_at, confirmed_at: null });
  return { secret, uri: generateURI({ issuer: "Holdfast", label: user.name, secret }) };
}

/** The first code of what was begun; from now on it counts, and the one before no more. */
export async function confirmTotp(tx: Tx, userId: string, code: string, parts: Pick<Parts, "secrets" | "clock">): Promise<boolean> {
  const begun = await store.findBegunTotp(tx, userId);
  const step = begun && stepOf(begun, code, parts);
  return begun !== undefined && step !== undefined && store.confirmTotp(tx, begun, { step, now: new Date(parts.clock.now()) });
}

/** Whether this code proves the user now; of any number who show it at once, to one. */
export async function spendCode(db: Db | Tx, userId: string, code: string, parts: Pick<Parts, "secrets" | "clock">): Promise<boolean> {
  const row = await store.findTotp(db, userId);
  const step = row && stepOf(row, code, parts);
  return row !== undefined && step !== undefined && store.spendStep(db, row.id, step);
}

/** The time step that a code belongs to. */
function stepOf(
  { id, sealed }: store.TotpRow,
  code: string,
  { secrets, clock }: { secrets: Sealing; clock: Parts["clock"] },
): number | undefined {
  const token = code.replaceAll(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const epoch = Math.floor(clock.now() / 1000);
  const secret = secrets.open(place(id), sealed).toString("utf8");
  const found = verifySync({ secret, token, epoch, epochTolerance: stepS });
  return found.valid ? Math.floor(epoch / stepS) + found.delta : undefined;
}
