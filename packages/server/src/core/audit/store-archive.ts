/** SQL of archives. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { ArchiveTable, AuditTables } from "./tables.ts";

export type ArchiveRow = Omit<ArchiveTable, "created_at"> & { created_at: Date };

/** The archive after which the chain goes on here. */
export async function lastArchive(db: Db): Promise<ArchiveRow | undefined> {
  return db.withTables<AuditTables>().selectFrom("audit.archive").selectAll().orderBy("last_seq", "desc").limit(1).executeTakeFirst();
}

/** Newest first. */
export async function listArchives(db: Db, limit: number): Promise<ArchiveRow[]> {
  return db.withTables<AuditTables>().selectFrom("audit.archive").selectAll().orderBy("last_seq", "desc").limit(limit).execute();
}

/** The last entry before this time, all before it being older too; undefined when there is none. */
export async function lastOlderThan(db: Db, at: Date): Promise<number | undefined> {
  const { rows } = await sql<{ seq: number | null }>`
    select coalesce((select min(seq) - 1 from audit.entry where at >= ${at}), (select max(seq) from audit.entry)) as seq`.execute(db);
  return rows[0]?.seq ?? undefined;
}

/** Forgets entries that a file holds. Returns how many. */
export async function forgetEntries(tx: Tx, { until, file, sha256 }: { until: number; file: string; sha256: string }): Promise<number> {
  const { rows } = await sql<{ gone: number }>`select audit.archive_entries(${until}, ${file}, ${sha256}) as gone`.execute(tx);
  return rows[0]?.gone ?? 0;
}
