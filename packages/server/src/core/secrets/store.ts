/** SQL of the secrets. Values come and go sealed. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Place } from "./sealing.ts";
import type { KeyTable, SecretsTables, SecretTable, VersionTable } from "./tables.ts";

/** Where the value of one version of a named secret is kept. */
export function versionPlace(id: string, version: number): Place {
  return { table: "secrets.version", row: id, column: "sealed", version };
}

const from = (db: Db) => db.withTables<SecretsTables>();
const within = (tx: Tx) => tx.withTables<SecretsTables>();

/** By name, those after `name`. */
export async function pageAfter(db: Db, name: string, limit: number): Promise<SecretTable[]> {
  return from(db).selectFrom("secrets.secret").selectAll().where("name", ">", name).orderBy("name").limit(limit).execute();
}

/** False when the name is taken. */
export async function insertSecret(tx: Tx, secret: SecretTable, sealed: Buffer): Promise<boolean> {
  const added = await within(tx)
    .insertInto("secrets.secret")
    .values(secret)
    .onConflict((clash) => clash.column("name").doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows !== 1n) return false;
  await insertVersion(tx, secret, sealed);
  return true;
}

export async function insertVersion(tx: Tx, secret: SecretTable, sealed: Buffer): Promise<void> {
  const row = { secret_id: secret.id, version: secret.version, sealed, created_at: secret.updated_at };
  await within(tx).insertInto("secrets.version").values(row).execute();
}

/** Keeps everybody else away from this secret until the transaction ends. */
export async function lockSecret(tx: Tx, id: string): Promise<SecretTable | undefined> {
  return within(tx).selectFrom("secrets.secret").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** The secret cannot be removed until the transaction ends. */
export async function holdSecret(tx: Tx, name: string): Promise<SecretTable | undefined> {
  return within(tx).selectFrom("secrets.secret").selectAll().where("name", "=", name).forKeyShare().executeTakeFirst();
}

export async function updateSecret(tx: Tx, { id, ...columns }: SecretTable): Promise<void> {
  await within(tx).updateTable("secrets.secret").set(columns).where("id", "=", id).execute();
}

export async function forgetVersions(tx: Tx, id: string, upTo: number): Promise<void> {
  await within(tx).deleteFrom("secrets.version").where("secret_id", "=", id).where("version", "<=", upTo).execute();
}

export async function deleteSecret(tx: Tx, id: string): Promise<void> {
  await within(tx).deleteFrom("secrets.secret").where("id", "=", id).execute();
}

export async function currentVersion(db: Db, name: string): Promise<(SecretTable & { sealed: Buffer }) | undefined> {
  return from(db)
    .selectFrom("secrets.secret as s")
    .innerJoin("secrets.version as v", (join) => join.onRef("v.secret_id", "=", "s.id").onRef("v.version", "=", "s.version"))
    .selectAll("s")
    .select("v.sealed")
    .where("s.name", "=", name)
    .executeTakeFirst();
}

export async function knownKeys(db: Db): Promise<KeyTable[]> {
  return from(db).selectFrom("secrets.key").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** True when the key was not known before. */
export async function rememberKey(tx: Tx, key: KeyTable): Promise<boolean> {
  const added = await within(tx)
    .insertInto("secrets.key")
    .values(key)
    .onConflict((clash) => clash.column("id").doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** One process at a time changes the key ring. */
export async function lockKeyRing(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('secrets.key_ring'))`.execute(tx);
}

/** Versions that are sealed under another key than the active one. */
export async function countStale(db: Db, activePrefix: Buffer): Promise<number> {
  const stale = from(db).selectFrom("secrets.version").where(isStale(activePrefix));
  const row = await stale.select((column) => column.fn.countAll<number>().as("rows")).executeTakeFirstOrThrow();
  return row.rows;
}

export async function lockStale(tx: Tx, activePrefix: Buffer, limit: number): Promise<Omit<VersionTable, "created_at">[]> {
  return within(tx)
    .selectFrom("secrets.version")
    .select(["secret_id", "version", "sealed"])
    .where(isStale(activePrefix))
    .orderBy("secret_id")
    .orderBy("version")
    .limit(limit)
    .forUpdate()
    .execute();
}

export async function replaceSealed(tx: Tx, row: { secret_id: string; version: number; sealed: Buffer }): Promise<void> {
  await within(tx)
    .updateTable("secrets.version")
    .set({ sealed: row.sealed })
    .where("secret_id", "=", row.secret_id)
    .where("version", "=", row.version)
    .execute();
}

function isStale(activePrefix: Buffer) {
  return sql<boolean>`substring(sealed from 1 for ${activePrefix.length}::integer) <> ${activePrefix}`;
}
