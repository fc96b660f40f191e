/** SQL of findings. Time is an argument. */
import type { Finding, Severity } from "@holdfast/contract";
import { sql, type Insertable, type Updateable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Reach } from "#platform/reach";
import { inReach } from "#core/assets";
import type { FindingRow } from "./finding.ts";
import type { FindingsTables, FindingTable } from "./tables.ts";

export interface FindingFilter {
  state?: Finding["state"] | undefined;
  severity?: Severity | undefined;
  kind?: string | undefined;
  subject?: string | undefined;
  /** In title, detail or the subject's name, whatever the case. */
  text?: string | undefined;
  /** Only those opened before this seq. */
  before?: number | undefined;
  limit: number;
  reach: Reach;
}

/** What a finding is about is in reach: an asset with such labels now. */
const seen = (reach: Reach) => inReach(reach, sql`split_part(finding.subject, ':', 2)`);

const within = (db: Db | Tx) => db.withTables<FindingsTables>();

/** One observation of a scope at a time, until its transaction ends. */
export async function lockScope(tx: Tx, source: string, scope: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`findings ${source}`}), hashtext(${scope}))`.execute(tx);
}

/** What of these fingerprints is not resolved, and all that is not resolved in a scope when one is given; locked, in one order for all. */
export async function lockLive(tx: Tx, fingerprints: string[], of?: { source: string; scope: string }): Promise<FindingRow[]> {
  const named = sql<boolean>`fingerprint = any(${fingerprints})`;
  const wanted = of ? sql<boolean>`(${named} or (source = ${of.source} and scope = ${of.scope}))` : named;
  const live = within(tx).selectFrom("findings.finding").selectAll().where("state", "!=", "resolved").where(wanted);
  return live.orderBy("fingerprint").forUpdate().execute();
}

/** Undefined when another transaction opened the same one meanwhile. */
export async function insertFinding(tx: Tx, row: Insertable<FindingTable>): Promise<FindingRow | undefined> {
  return within(tx)
    .insertInto("findings.finding")
    .values(row)
    .onConflict((clash) => clash.column("fingerprint").where("state", "!=", "resolved").doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function updateFinding(tx: Tx, id: string, set: Updateable<FindingTable>): Promise<FindingRow> {
  return within(tx).updateTable("findings.finding").set(set).where("id", "=", id).returningAll().executeTakeFirstOrThrow();
}

export async function seenAgain(tx: Tx, ids: string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await within(tx).updateTable("findings.finding").set({ last_seen_at: now }).where("id", "in", ids).execute();
}

/** The newest episode that is over. */
export async function lastEpisode(tx: Tx, fingerprint: string): Promise<FindingRow | undefined> {
  const over = within(tx).selectFrom("findings.finding").selectAll().where("fingerprint", "=", fingerprint).where("state", "=", "resolved");
  return over.orderBy("seq", "desc").limit(1).executeTakeFirst();
}

export async function findFinding(db: Db, id: string, reach: Reach): Promise<FindingRow | undefined> {
  return within(db).selectFrom("findings.finding").selectAll().where("id", "=", id).where(seen(reach)).executeTakeFirst();
}

/** The id of the one of a fingerprint that is not resolved. */
export async function findLive(db: Db, fingerprint: string): Promise<string | undefined> {
  const live = within(db).selectFrom("findings.finding").select("id").where("fingerprint", "=", fingerprint);
  return (await live.where("state", "!=", "resolved").executeTakeFirst())?.id;
}

/** `open`: whether it is also in that reach. */
export async function lockFinding(
  tx: Tx,
  id: string,
  reaches: { seen: Reach; open: Reach },
): Promise<{ row: FindingRow; open: boolean } | undefined> {
  const one = within(tx).selectFrom("findings.finding").selectAll().select(seen(reaches.open).as("open")).where("id", "=", id);
  const found = await one.where(seen(reaches.seen)).forUpdate().executeTakeFirst();
  if (found === undefined) return undefined;
  const { open, ...row } = found;
  return { row, open };
}

/** Suppressed ones whose time is over, locked. */
export async function lockOverdue(tx: Tx, now: Date): Promise<FindingRow[]> {
  const overdue = within(tx)
    .selectFrom("findings.finding")
    .selectAll()
    .where("state", "=", "suppressed")
    .where("suppressed_until", "<=", now);
  return overdue.orderBy("fingerprint").limit(500).forUpdate().execute();
}

/** Newest first. */
export async function search(db: Db, filter: FindingFilter): Promise<FindingRow[]> {
  let found = within(db).selectFrom("findings.finding").selectAll().where(seen(filter.reach));
  if (filter.state !== undefined) found = found.where("state", "=", filter.state);
  if (filter.severity !== undefined) found = found.where("severity", "=", filter.severity);
  if (filter.kind !== undefined) found = found.where("kind", "=", filter.kind);
  if (filter.subject !== undefined) found = found.where("subject", "=", filter.subject);
  if (filter.before !== undefined) found = found.where("seq", "<", filter.before);
  if (filter.text !== undefined) {
    const like = `%${filter.text.replaceAll(/[\\%_]/g, "\\$&")}%`;
    found = found.where((is) => is.or([is("title", "ilike", like), is("detail", "ilike", like), is("subject_name", "ilike", like)]));
  }
  return found.orderBy("seq", "desc").limit(filter.limit).execute();
}
