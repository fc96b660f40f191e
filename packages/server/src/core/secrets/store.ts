/** SQL of the secrets. Values come and go sealed. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Place } from "./sealing.ts";
import type { KeyTable, LeaseTable, SecretsTables, SecretTable, VersionTable } from "./tables.ts";

/** Where the value of one version of a named secret is kept. */
export function versionPlace(id: string, version: number): Place {
  return { table: "secrets.version", row: id, column: "sealed", version };
}

const from = (db: Db) => db.withTables<SecretsTables>();
const within = (tx: Tx) => tx.withTables<SecretsTables>();

/** A secret, and how many of its versions can still be read. */
export type CountedSecret = SecretTable & { versions: number };

/** By name, those after `name`. */
export async function pageAfter(db: Db, name: string, limit: number): Promise<CountedSecret[]> {
  return counted(db).where("s.name", ">", name).orderBy("s.name").limit(limit).execute();
}

export async function secretById(db: Db, id: string): Promise<CountedSecret | undefined> {
  return counted(db).where("s.id", "=", id).executeTakeFirst();
}

/** Those to be replaced before then, soonest first. */
export async function dueBefore(db: Db, at: Date): Promise<CountedSecret[]> {
  return counted(db).where("s.expires_at", "<", at).orderBy("s.expires_at").execute();
}

function counted(db: Db) {
  const readable = sql<number>`(select count(*) from secrets.version v where v.secret_id = s.id and v.destroyed_at is null)`;
  return from(db).selectFrom("secrets.secret as s").selectAll("s").select(readable.as("versions"));
}

/** False when the name is taken. */
export async function insertSecret(tx: Tx, secret: SecretTable): Promise<boolean> {
  const added = await within(tx)
    .insertInto("secrets.secret")
    .values(secret)
    .onConflict((clash) => clash.column("name").doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

export async function insertVersion(tx: Tx, row: VersionTable): Promise<void> {
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

/** Newest first. */
export async function versionsOf(db: Db | Tx, id: string): Promise<VersionTable[]> {
  return from(db).selectFrom("secrets.version").selectAll().where("secret_id", "=", id).orderBy("version", "desc").execute();
}

/** Versions that can be read no more, from now on. */
export async function markDestroyed(tx: Tx, rows: { id: string; versions: number[]; at: Date }): Promise<void> {
  if (rows.versions.length === 0) return;
  await within(tx)
    .updateTable("secrets.version")
    .set({ sealed: null, destroyed_at: rows.at })
    .where("secret_id", "=", rows.id)
    .where("version", "in", rows.versions)
    .execute();
}

/** The secret of this name, and its newest version or the one asked for. */
export async function findVersion(
  db: Db,
  name: string,
  version?: number,
): Promise<{ secret: SecretTable; row: VersionTable | undefined } | undefined> {
  const secret = await from(db).selectFrom("secrets.secret").selectAll().where("name", "=", name).executeTakeFirst();
  if (!secret) return undefined;
  const row = await from(db)
    .selectFrom("secrets.version")
    .selectAll()
    .where("secret_id", "=", secret.id)
    .where("version", "=", version ?? secret.version)
    .executeTakeFirst();
  return { secret, row };
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

export async function lockStale(
  tx: Tx,
  activePrefix: Buffer,
  limit: number,
): Promise<{ secret_id: string; version: number; sealed: Buffer }[]> {
  return within(tx)
    .selectFrom("secrets.version")
    .select(["secret_id", "version", "sealed"])
    .$narrowType<{ sealed: Buffer }>()
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

export async function insertLease(tx: Tx, lease: LeaseTable): Promise<void> {
  await within(tx).insertInto("secrets.lease").values(lease).execute();
}

export async function updateLease(tx: Tx, { id, ...columns }: LeaseTable): Promise<void> {
  await within(tx).updateTable("secrets.lease").set(columns).where("id", "=", id).execute();
}

export async function findLease(db: Db, id: string): Promise<LeaseTable | undefined> {
  return from(db).selectFrom("secrets.lease").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function lockLease(tx: Tx, id: string): Promise<LeaseTable | undefined> {
  return within(tx).selectFrom("secrets.lease").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** Those that end last first, those after `last`. */
export async function leasesAfter(db: Db, last: { endsMs: number; id: string } | undefined, limit: number): Promise<LeaseTable[]> {
  let found = from(db).selectFrom("secrets.lease").selectAll();
  if (last)
    found = found.where((column) =>
      column.or([
        column("expires_at", "<", new Date(last.endsMs)),
        column.and([column("expires_at", "=", new Date(last.endsMs)), column("id", ">", last.id)]),
      ]),
    );
  return found.orderBy("expires_at", "desc").orderBy("id").limit(limit).execute();
}

export async function countActiveLeases(db: Db, at: Date): Promise<number> {
  const active = from(db).selectFrom("secrets.lease").where("expires_at", ">", at).where("revoked_at", "is", null);
  return (await active.select((column) => column.fn.countAll<number>().as("n")).executeTakeFirstOrThrow()).n;
}

/** Leases of this secret that have not ended are over. Returns how many. */
export async function revokeLeasesOf(tx: Tx, secret: string, at: Date): Promise<number> {
  const ended = await within(tx)
    .updateTable("secrets.lease")
    .set({ revoked_at: at })
    .where("secret", "=", secret)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", at)
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

/** Forgets leases that ended before `until`. */
export async function forgetLeases(db: Db, until: Date): Promise<number> {
  const gone = await from(db).deleteFrom("secrets.lease").where("expires_at", "<", until).executeTakeFirst();
  return Number(gone.numDeletedRows);
}
