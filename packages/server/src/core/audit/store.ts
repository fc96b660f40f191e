/** SQL of the audit trail. */
import type { AuditSeverity } from "@holdfast/contract";
import { sql, type Insertable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { StoredEntry } from "./chain.ts";
import type { AuditTables, EntryTable, PendingTable } from "./tables.ts";

export interface EntryQuery {
  /** Any of these; an empty list finds nothing. */
  actors?: readonly string[] | undefined;
  /** Exact, or a beginning when it ends in `.` or `*`: `devices.device.` finds all acts on devices. */
  action?: string | undefined;
  /** Any of these. */
  actions?: readonly string[] | undefined;
  subjects?: readonly string[] | undefined;
  severity?: AuditSeverity | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** What the entry's words have to fit: a query of PostgreSQL's text search. */
  words?: string | undefined;
  /** Texts that have to be in the entry as they are, whatever the case. */
  texts?: readonly string[] | undefined;
  /** Only entries before this place. */
  before?: { at: Date; seq: number } | undefined;
  limit: number;
}

const columns = ["seq", "at", "actor", "action", "subject", "severity", "reason", "request_id", "canonical", "hash"] as const;
const from = (db: Db) => db.withTables<AuditTables>();

export async function append(tx: Tx, entry: Insertable<PendingTable>): Promise<void> {
  await tx.withTables<AuditTables>().insertInto("audit.pending").values(entry).execute();
}

/** Newest first: as they were recorded, or by time where a span of time is asked for (clocks may go back). */
export async function search(db: Db, query: EntryQuery): Promise<StoredEntry[]> {
  if (query.actors?.length === 0 || query.subjects?.length === 0) return [];
  let found = from(db).selectFrom("audit.entry").select(columns);
  for (const column of ["actor", "subject"] as const) {
    const wanted = column === "actor" ? query.actors : query.subjects;
    if (wanted !== undefined) found = wanted.length === 1 ? found.where(column, "=", wanted[0] ?? "") : found.where(column, "in", wanted);
  }
  if (query.severity !== undefined) found = found.where("severity", "=", query.severity);
  if (query.action !== undefined) found = found.where(matchAction(query.action));
  if (query.actions !== undefined) found = found.where("action", "in", query.actions);
  if (query.since !== undefined) found = found.where("at", ">=", query.since);
  if (query.until !== undefined) found = found.where("at", "<", query.until);
  if (query.words !== undefined) found = found.where(sql<boolean>`words @@ to_tsquery('simple', ${query.words})`);
  for (const text of query.texts ?? []) found = found.where("canonical", "ilike", `%${escapeLike(text)}%`);
  const byTime = query.since !== undefined || query.until !== undefined;
  if (query.before !== undefined)
    found = byTime
      ? found.where(sql<boolean>`(at, seq) < (${query.before.at}::timestamptz, ${query.before.seq}::bigint)`)
      : found.where("seq", "<", query.before.seq);
  if (byTime) found = found.orderBy("at", "desc");
  return (await found.orderBy("seq", "desc").limit(query.limit).execute()).map(toEntry);
}

/** Oldest first, those after `seq`. */
export async function entriesAfter(db: Db, seq: number, limit: number): Promise<StoredEntry[]> {
  const rows = await from(db).selectFrom("audit.entry").select(columns).where("seq", ">", seq).orderBy("seq").limit(limit).execute();
  return rows.map(toEntry);
}

/** All with this action, oldest first; for actions that are rare. */
export async function entriesOf(db: Db, action: string): Promise<Pick<StoredEntry, "seq" | "canonical">[]> {
  return from(db).selectFrom("audit.entry").select(["seq", "canonical"]).where("action", "=", action).orderBy("seq").execute();
}

/** The hashes of these entries, as far as they are there, in order. */
export async function placesOf(db: Db, seqs: readonly number[]): Promise<{ seq: number; hash: string }[]> {
  return from(db).selectFrom("audit.entry").select(["seq", "hash"]).where("seq", "in", seqs).orderBy("seq").execute();
}

/** The end of the chain, or undefined when somebody removed its row. */
export async function chainHead(db: Db): Promise<{ seq: number; hash: string } | undefined> {
  return from(db).selectFrom("audit.head").select(["seq", "hash"]).executeTakeFirst();
}

/** Entries that no chain covers: outside first…head, or recorded and never chained. One statement, so one snapshot. */
export async function countStrays(db: Db, first: number): Promise<{ outside: number; pending: number }> {
  const { rows } = await sql<{ outside: number; pending: number }>`
    select (select count(*) from audit.entry e where e.seq < ${first} or e.seq > (select h.seq from audit.head h)) as outside,
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

function toEntry({ request_id, ...row }: Omit<EntryTable, "words">): StoredEntry {
  return { ...row, requestId: request_id };
}
