/** SQL of the authorities and their certificates. Keys come and go sealed. */
import type { CertificateKind, RevocationReason } from "@holdfast/contract";
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Place } from "#core/secrets";
import type { AuthorityRole, AuthorityTable, CertificateTable, PkiTables } from "./tables.ts";

/** Where the key of an authority is kept. */
export function keyPlace(authority: string): Place {
  return { table: "pki.authority", row: authority, column: "sealed_key", version: 0 };
}

const from = (db: Db) => db.withTables<PkiTables>();
const within = (tx: Tx) => tx.withTables<PkiTables>();

/** Oldest first. */
export async function authorities(db: Db): Promise<AuthorityTable[]> {
  return from(db).selectFrom("pki.authority").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** One at a time changes the authorities. */
export async function lockAuthorities(tx: Tx): Promise<AuthorityTable[]> {
  await sql`select pg_advisory_xact_lock(hashtext('pki.authority'))`.execute(tx);
  return within(tx).selectFrom("pki.authority").selectAll().orderBy("created_at").orderBy("id").execute();
}

export async function issuingAuthority(db: Db | Tx, role: AuthorityRole): Promise<AuthorityTable | undefined> {
  return from(db as Db)
    .selectFrom("pki.authority")
    .selectAll()
    .where("role", "=", role)
    .where("issuing", "=", true)
    .executeTakeFirst();
}

export async function insertAuthority(tx: Tx, row: AuthorityTable): Promise<void> {
  await within(tx).insertInto("pki.authority").values(row).execute();
}

export async function updateAuthority(tx: Tx, id: string, columns: Partial<AuthorityTable>): Promise<void> {
  await within(tx).updateTable("pki.authority").set(columns).where("id", "=", id).execute();
}

export async function stopIssuing(tx: Tx, role: AuthorityRole): Promise<void> {
  await within(tx).updateTable("pki.authority").set({ issuing: false }).where("role", "=", role).where("issuing", "=", true).execute();
}

export async function insertCertificate(tx: Tx, row: CertificateTable): Promise<void> {
  await within(tx).insertInto("pki.certificate").values(row).execute();
}

export async function findCertificate(db: Db, id: string): Promise<CertificateTable | undefined> {
  return from(db).selectFrom("pki.certificate").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function lockCertificate(tx: Tx, id: string): Promise<CertificateTable | undefined> {
  return within(tx).selectFrom("pki.certificate").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

export async function markRevoked(tx: Tx, id: string, why: { revoked_at: Date; reason: RevocationReason }): Promise<void> {
  await within(tx).updateTable("pki.certificate").set(why).where("id", "=", id).execute();
}

export interface CertificateFilter {
  kind?: CertificateKind | undefined;
  state?: "valid" | "expired" | "revoked" | undefined;
  name?: string | undefined;
  /** Ids before this one. */
  before?: string | undefined;
  now: Date;
  limit: number;
}

/** Newest first: ids sort by time. */
export async function search(db: Db, { kind, state, name, before, now, limit }: CertificateFilter): Promise<CertificateTable[]> {
  let query = from(db).selectFrom("pki.certificate").selectAll();
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (name !== undefined) query = query.where("name", "=", name);
  if (before !== undefined) query = query.where("id", "<", before);
  if (state === "revoked") query = query.where("revoked_at", "is not", null);
  if (state === "valid") query = query.where("revoked_at", "is", null).where("not_after", ">=", now);
  if (state === "expired") query = query.where("revoked_at", "is", null).where("not_after", "<", now);
  return query.orderBy("id", "desc").limit(limit).execute();
}

export async function countStates(db: Db, now: Date): Promise<{ valid: number; expired: number; revoked: number }> {
  return from(db)
    .selectFrom("pki.certificate")
    .select([
      sql<number>`(count(*) filter (where revoked_at is null and not_after >= ${now}))::integer`.as("valid"),
      sql<number>`(count(*) filter (where revoked_at is null and not_after < ${now}))::integer`.as("expired"),
      sql<number>`(count(*) filter (where revoked_at is not null))::integer`.as("revoked"),
    ])
    .executeTakeFirstOrThrow();
}

/** What an authority took back and would still be valid: a list need not name the rest (RFC 5280, 3.3). */
export async function revokedBy(tx: Tx, authority: string, now: Date): Promise<CertificateTable[]> {
  return within(tx)
    .selectFrom("pki.certificate")
    .selectAll()
    .where("authority_id", "=", authority)
    .where("revoked_at", "is not", null)
    .where("not_after", ">=", now)
    .orderBy("revoked_at")
    .execute();
}

/** The newest certificate of each name that was not revoked, where it ends before `until` and nobody renews it by itself. */
export async function endingBefore(db: Db, until: Date): Promise<CertificateTable[]> {
  const newest = from(db)
    .selectFrom("pki.certificate")
    .distinctOn(["kind", "name"])
    .selectAll()
    .where("revoked_at", "is", null)
    .orderBy("kind")
    .orderBy("name")
    .orderBy("created_at", "desc");
  return from(db)
    .selectFrom(newest.as("newest"))
    .selectAll()
    .where("not_after", "<", until)
    .where("automatic", "=", false)
    .orderBy("not_after")
    .execute();
}

/** When the first of each kind ends; as `endingBefore` counts. */
export async function soonestOfKinds(db: Db): Promise<{ kind: CertificateKind; soonest: Date }[]> {
  const newest = from(db)
    .selectFrom("pki.certificate")
    .distinctOn(["kind", "name"])
    .select(["kind", "not_after", "automatic"])
    .where("revoked_at", "is", null)
    .orderBy("kind")
    .orderBy("name")
    .orderBy("created_at", "desc");
  return from(db)
    .selectFrom(newest.as("newest"))
    .select((row) => ["kind", row.fn.min("not_after").as("soonest")])
    .where("automatic", "=", false)
    .groupBy("kind")
    .execute();
}

/** Forgets certificates that ended before then; how many. */
export async function forgetCertificates(db: Db, endedBefore: Date): Promise<number> {
  const gone = await from(db).deleteFrom("pki.certificate").where("not_after", "<", endedBefore).executeTakeFirst();
  return Number(gone.numDeletedRows);
}

export async function nextSshSerial(tx: Tx): Promise<bigint> {
  const { rows } = await sql<{ serial: string }>`select nextval('pki.ssh_serial')::text as serial`.execute(tx);
  return BigInt(rows[0]?.serial ?? 0);
}

/** Authorities whose key is sealed under another key than the active one. */
export async function countStale(db: Db, activePrefix: Buffer): Promise<number> {
  const stale = from(db).selectFrom("pki.authority").where(isStale(activePrefix));
  return (await stale.select((column) => column.fn.countAll<number>().as("rows")).executeTakeFirstOrThrow()).rows;
}

export async function lockStale(tx: Tx, activePrefix: Buffer, limit: number): Promise<{ id: string; sealed_key: Buffer }[]> {
  const rows = await within(tx)
    .selectFrom("pki.authority")
    .select(["id", "sealed_key"])
    .where(isStale(activePrefix))
    .orderBy("id")
    .limit(limit)
    .forUpdate()
    .execute();
  return rows.flatMap(({ id, sealed_key }) => (sealed_key === null ? [] : [{ id, sealed_key }]));
}

function isStale(activePrefix: Buffer) {
  return sql<boolean>`sealed_key is not null and substring(sealed_key from 1 for ${activePrefix.length}::integer) <> ${activePrefix}`;
}
