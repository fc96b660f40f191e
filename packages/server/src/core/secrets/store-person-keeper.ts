/** SQL of what people did to secrets. */
import { sql } from "kysely";
import { actorPattern } from "#core/audit";
import type { Db, Tx } from "#platform/db";

export async function doneBy(db: Db, actor: string): Promise<Record<string, unknown[]>> {
  const versions = await sql`
    select s.name as secret, v.version, v.created_at from secrets.version v join secrets.secret s on s.id = v.secret_id
    where v.created_by = ${actor} order by s.name, v.version`.execute(db);
  const leases = await sql`
    select id, secret, purpose, issued_at, expires_at, revoked_at from secrets.lease where holder = ${actor} order by id`.execute(db);
  return { versions: versions.rows, leases: leases.rows };
}

/** Returns how many of what name the actor. */
export async function renameActor(tx: Tx, actor: string, stands: string): Promise<Record<string, number>> {
  const versions = await sql`update secrets.version set created_by = ${stands} where created_by = ${actor}`.execute(tx);
  const leases = await sql`
    update secrets.lease set holder = case holder when ${actor} then ${stands} else holder end,
      purpose = regexp_replace(purpose, ${actorPattern(actor)}, ${stands}, 'g')
    where holder = ${actor} or purpose ~ ${actorPattern(actor)}`.execute(tx);
  return { versions: Number(versions.numAffectedRows ?? 0), leases: Number(leases.numAffectedRows ?? 0) };
}
