/** SQL of what people asked the authorities for. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";

export async function issuedBy(db: Db, actor: string): Promise<unknown[]> {
  const { rows } = await sql`
    select id, kind, name, serial, created_at, not_after, revoked_at from pki.certificate where issued_by = ${actor} order by id`.execute(
    db,
  );
  return rows;
}

/** Returns how many certificates name the actor. The certificates themselves do not. */
export async function renameIssuer(tx: Tx, actor: string, stands: string): Promise<number> {
  const { numAffectedRows } = await sql`update pki.certificate set issued_by = ${stands} where issued_by = ${actor}`.execute(tx);
  return Number(numAffectedRows ?? 0);
}
