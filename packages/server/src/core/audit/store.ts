/** SQL of the audit trail. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { StoredEntry } from "./chain.ts";
import type { AuditTables, EntryTable, PendingTable } from "./tables.ts";

export interface EntryQuery {
  actor?: string | undefined;
  /** Exact, or a beginning when it ends in `.` or `*`: `devices.device.` finds all acts on devices. */
  action?: string | undefined;
  subject?: string | undefined;
  /** Anywhere in the entry, whatever the case. */
  text?: string | undefined;
  /** Only entries with a lower seq. */
  before?: number | undefined;
  limit: number;
}

const from = (db: Db) => db.withTables<AuditTables>();

export async function append(tx: Tx, entry: Omit<PendingTable, "id">): Promise<void> {
  await tx.withTables<AuditTables>().insertInto("audit.pending").values(entry).execute();
}

/** Newest first. */
export async function search(db: Db, query: EntryQuery): Promise<StoredEntry[]> {
  let found = from(db).selectFrom("audit.entry").selectAll();
  if (query.actor !== undefined) found = found.where("actor", "=", query.actor);
  if (query.subject !== undefined) found = found.where("subject", "=", query.subject);
  if (query.action !== undefined) found = found.where(matchAction(query.action));
  if (query.text !== undefined) found = found.where("canonical", "ilike", `%${escapeLike(query.text)}%`);
  if (query.before !== undefined) found = found.where("seq", "<", query.before);
  return (await found.orderBy("seq", "desc").limit(query.limit).execute()).map(toEntry);
}

/** Oldest first, those after `seq`. */
export async function entriesAfter(db: Db, seq: number, limit: number): Promise<StoredEntry[]> {
  const rows = await from(db).selectFrom("audit.entry").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute();
  return rows.map(toEntry);
}

/** The end of the chain, or undefined when somebody removed its row. */
export async function chainHead(db: Db): Promise<{ seq: number; hash: string } | undefined> {
  return from(db).selectFrom("audit.head").select(["seq", "hash"]).executeTakeFirst();
}

/** Entries that no chain covers: outside 1…head, or recorded and never chained. One statement, so one snapshot. */
export async function countStrays(db: Db): Promise<{ outside: number; pending: number }> {
  const { rows } = await sql<{ outside: number; pending: number }>`
    select (select count(*) from audit.entry e where e.seq < 1 or e.seq > (select h.seq from audit.head h)) as outside,
           (select count(*) from audit.pending) as pending`.execute(db);
  return { outside: rows[0]?.outside ?? 0, pending: rows[0]?.pending ?? 0 };
}

function matchAction(action: string) {
  const start = /^(.*?)(?:\*|(?<=\.))$/.exec(action)?.[1];
  return start === undefined ? sql<boolean>`action = ${action}` : sql<boolean>`action like ${`${escapeLike(start)}%`}`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

function toEntry({ request_id, ...row }: EntryTable): StoredEntry {
  return { ...row, requestId: request_id };
}
