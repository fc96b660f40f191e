/** SQL of what people did to plans and rollouts. */
import { sql, type RawBuilder } from "kysely";
import type { Db, Tx } from "#platform/db";

export async function doneBy(db: Db, actor: string): Promise<Record<string, unknown[]>> {
  const read = async (query: RawBuilder<unknown>): Promise<unknown[]> => (await query.execute(db)).rows;
  return {
    plans: await read(sql`select id, created_at from rollout.plan where created_by = ${actor} order by id`),
    rollouts: await read(
      sql`select id, created_by = ${actor} as proposed, approved_by = ${actor} as approved from rollout.rollout where ${actor} in (created_by, approved_by) order by id`,
    ),
  };
}

/** Puts another name in the actor's place, also at the end of what the journal says (`approve by user:ada`). Returns how many of what. */
export async function renameActor(tx: Tx, actor: string, stands: string): Promise<Record<string, number>> {
  const write = async (query: RawBuilder<unknown>): Promise<number> => Number((await query.execute(tx)).numAffectedRows ?? 0);
  return {
    plans: await write(sql`update rollout.plan set created_by = ${stands} where created_by = ${actor}`),
    rollouts: await write(
      sql`update rollout.rollout set created_by = case created_by when ${actor} then ${stands} else created_by end,
        approved_by = case approved_by when ${actor} then ${stands} else approved_by end where ${actor} in (created_by, approved_by)`,
    ),
    lines: await write(
      sql`update rollout.journal set say = regexp_replace(say, ${`by ${escape(actor)}(?=:|$)`}, ${`by ${stands}`}) where say ~ ${`by ${escape(actor)}(?=:|$)`}`,
    ),
  };
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
