/** SQL of checkpoints and of the keys that sign them. Rows are added, never changed. */
import { sql, type Insertable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { AuditTables, CheckpointTable, SigningKeyTable } from "./tables.ts";

/** One process at a time signs or makes keys, until `tx` ends. */
export async function lockSigning(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('audit.signing'))`.execute(tx);
}

/** Each key in its newest version, in the order in which they sign. */
export async function newestKeys(db: Db): Promise<SigningKeyTable[]> {
  const rows = await db.withTables<AuditTables>().selectFrom("audit.signing_key").selectAll().orderBy("version").execute();
  const newest = new Map(rows.map((row) => [row.id, row]));
  const born = new Map(rows.toReversed().map((row) => [row.id, row.created_at.getTime()]));
  return [...newest.values()].toSorted((a, b) => a.signs_from - b.signs_from || (born.get(a.id) ?? 0) - (born.get(b.id) ?? 0));
}

export async function insertKey(tx: Tx, key: Insertable<SigningKeyTable>): Promise<void> {
  await tx.withTables<AuditTables>().insertInto("audit.signing_key").values(key).execute();
}

export async function insertCheckpoint(tx: Tx, checkpoint: CheckpointTable): Promise<void> {
  await tx.withTables<AuditTables>().insertInto("audit.checkpoint").values(checkpoint).execute();
}

export async function lastCheckpoint(db: Db): Promise<CheckpointTable | undefined> {
  return db.withTables<AuditTables>().selectFrom("audit.checkpoint").selectAll().orderBy("no", "desc").limit(1).executeTakeFirst();
}

/** When the first entry was recorded that no checkpoint covers; undefined when all are signed. */
export async function firstUnsigned(db: Db): Promise<Date | undefined> {
  const found = await sql<{ at: Date }>`
    select at from audit.entry where seq > (select coalesce(max(seq), 0) from audit.checkpoint) order by seq limit 1`.execute(db);
  return found.rows[0]?.at;
}

/** Newest first, those with a lower number than `before`. */
export async function checkpointsBefore(db: Db, before: number | undefined, limit: number): Promise<CheckpointTable[]> {
  const found = db.withTables<AuditTables>().selectFrom("audit.checkpoint").selectAll().orderBy("no", "desc").limit(limit);
  return (before === undefined ? found : found.where("no", "<", before)).execute();
}

/** Oldest first, those with a higher number. */
export async function checkpointsAfter(db: Db, after: number, limit: number): Promise<CheckpointTable[]> {
  const found = db.withTables<AuditTables>().selectFrom("audit.checkpoint").selectAll().where("no", ">", after);
  return found.orderBy("no").limit(limit).execute();
}

/** The last one at or before this entry. */
export async function checkpointUntil(db: Db, seq: number): Promise<CheckpointTable | undefined> {
  const found = db.withTables<AuditTables>().selectFrom("audit.checkpoint").selectAll().where("seq", "<=", seq);
  return found.orderBy("seq", "desc").limit(1).executeTakeFirst();
}
