/** SQL of what people did to findings. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";

export async function acknowledgedBy(db: Db, actor: string): Promise<unknown[]> {
  const { rows } = await sql`select id, title, note from findings.finding where acknowledged_by = ${actor} order by id`.execute(db);
  return rows;
}

/** Returns how many findings name the actor. */
export async function renameActor(tx: Tx, actor: string, stands: string): Promise<number> {
  const { numAffectedRows } = await sql`update findings.finding set acknowledged_by = ${stands} where acknowledged_by = ${actor}`.execute(
    tx,
  );
  return Number(numAffectedRows ?? 0);
}
