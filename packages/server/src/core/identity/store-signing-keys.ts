/** SQL of the keys that sign access tokens. */
import { sql, type Insertable, type Selectable } from "kysely";
import type { Place } from "#core/secrets";
import type { Db, Tx } from "#platform/db";
import type { IdentityTables, SigningKeyTable } from "./tables.ts";

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

export type SigningKeyRow = Selectable<SigningKeyTable>;

/** Where the key is sealed for. */
export function signingKeyPlace(id: string): Place {
  return { table: "identity.signing_key", row: id, column: "sealed_key", version: 0 };
}

/** One at a time makes or retires keys, until its transaction ends. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('identity.signing_keys'))`.execute(tx);
}

/** Newest first. */
export async function signingKeys(db: Db | Tx): Promise<SigningKeyRow[]> {
  return within(db).selectFrom("identity.signing_key").selectAll().orderBy("created_at", "desc").orderBy("id").execute();
}

export async function insertSigningKey(tx: Tx, key: Insertable<SigningKeyTable>): Promise<void> {
  await within(tx).insertInto("identity.signing_key").values(key).execute();
}

/** All keys that still sign, but this one, sign no more. */
export async function retireSigningKeys(tx: Tx, { exceptId, now }: { exceptId: string; now: Date }): Promise<string[]> {
  const others = within(tx).updateTable("identity.signing_key").set({ retired_at: now }).where("id", "!=", exceptId);
  return (await others.where("retired_at", "is", null).returning("id").execute()).map(({ id }) => id);
}

/** Keys that retired before then; how many there were. */
export async function deleteSigningKeys(db: Db | Tx, retiredBefore: Date): Promise<number> {
  const gone = within(db).deleteFrom("identity.signing_key").where("retired_at", "<", retiredBefore);
  return Number((await gone.executeTakeFirst()).numDeletedRows);
}

const isStale = (activePrefix: Buffer) =>
  sql<boolean>`substring(sealed_key from 1 for ${activePrefix.length}) is distinct from ${activePrefix}`;

export async function countStaleKeys(db: Db, activePrefix: Buffer): Promise<number> {
  const stale = within(db).selectFrom("identity.signing_key").where(isStale(activePrefix));
  return (await stale.select((column) => column.fn.countAll<number>().as("rows")).executeTakeFirstOrThrow()).rows;
}

export async function lockStaleKeys(tx: Tx, activePrefix: Buffer, limit: number): Promise<{ id: string; sealed_key: Buffer }[]> {
  const stale = within(tx).selectFrom("identity.signing_key").select(["id", "sealed_key"]).where(isStale(activePrefix));
  return stale.orderBy("id").limit(limit).forUpdate().execute();
}

export async function replaceSealedKey(tx: Tx, id: string, sealed: Buffer): Promise<void> {
  await within(tx).updateTable("identity.signing_key").set({ sealed_key: sealed }).where("id", "=", id).execute();
}
