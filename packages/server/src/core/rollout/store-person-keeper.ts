/** SQL of what people did to plans and rollouts. */
import { sql, type RawBuilder } from "kysely";
import { actorPattern } from "#core/audit";
import type { Db, Tx } from "#platform/db";

export async function doneBy(db: Db, actor: string): Promise<Record<string, unknown[]>> {
  const read = async (query: RawBuilder<unknown>): Promise<unknown[]> => (await query.execute(db)).rows;
  return {
    plans: await read(sql`select id, created_at from rollout.plan where created_by = ${actor} order by id`),
    rollouts: await read(
      sql`select id, created_by = ${actor} as proposed, approved_by = ${actor} as approved from rollout.rollout where ${actor} in (created_by, approved_by) order by id`,
    ),
    lines: await read(sql`select rollout_id, at, say from rollout.journal where say ~ ${actorPattern(actor)} order by seq`),
  };
}

/** Puts another name in the actor's place, also in the middle of what is told (`aborted by user:ada: too late`). Returns how many of what. */
export async function renameActor(tx: Tx, actor: string, stands: string): Promise<Record<string, number>> {
  const pattern = actorPattern(actor);
  const write = async (query: RawBuilder<unknown>): Promise<number> => Number((await query.execute(tx)).numAffectedRows ?? 0);
  return {
    plans: await write(sql`update rollout.plan set created_by = ${stands} where created_by = ${actor}`),
    rollouts: await write(
      sql`update rollout.rollout set created_by = case created_by when ${actor} then ${stands} else created_by end,
        approved_by = case approved_by when ${actor} then ${stands} else approved_by end,
        halt_reason = regexp_replace(halt_reason, ${pattern}, ${stands}, 'g') where ${actor} in (created_by, approved_by) or halt_reason ~ ${pattern}`,
    ),
    targets: await write(
      sql`update rollout.target set machine = regexp_replace(machine::text, ${pattern}, ${stands}, 'g')::jsonb where machine::text ~ ${pattern}`,
    ),
    lines: await write(
      sql`update rollout.journal set say = regexp_replace(say, ${pattern}, ${stands}, 'g'), detail = regexp_replace(detail::text, ${pattern}, ${stands}, 'g')::jsonb
        where say ~ ${pattern} or detail::text ~ ${pattern}`,
    ),
  };
}
