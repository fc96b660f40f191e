/** SQL of what people did to findings. */
import { sql } from "kysely";
import { actorPattern } from "#core/audit";
import type { Db, Tx } from "#platform/db";

export async function acknowledgedBy(db: Db, actor: string): Promise<unknown[]> {
  const { rows } = await sql`select id, title, note from findings.finding where acknowledged_by = ${actor} order by id`.execute(db);
  return rows;
}

/** Returns how many findings name the actor. */
export async function renameActor(tx: Tx, actor: string, stands: string): Promise<number> {
  const pattern = actorPattern(actor);
  const { numAffectedRows } = await sql`
    update findings.finding set acknowledged_by = case acknowledged_by when ${actor} then ${stands} else acknowledged_by end,
      detail = regexp_replace(detail, ${pattern}, ${stands}, 'g'), note = regexp_replace(note, ${pattern}, ${stands}, 'g'),
      evidence = regexp_replace(evidence::text, ${pattern}, ${stands}, 'g')::jsonb
    where acknowledged_by = ${actor} or detail ~ ${pattern} or note ~ ${pattern} or evidence::text ~ ${pattern}`.execute(tx);
  return Number(numAffectedRows ?? 0);
}
