/** Conditions by which plans and rollouts are seen, and how much of one is in reach. */
import { sql, type RawBuilder } from "kysely";
import type { Db } from "#platform/db";
import type { Reach } from "#platform/reach";
import { inReach } from "#core/assets";

/** For a query of `rollout.plan`: something that it looked at is in reach. */
export function planSeen(reach: Reach): RawBuilder<boolean> {
  if (reach === "everywhere") return sql<boolean>`true`;
  return sql<boolean>`exists (select from unnest(plan.looked) as looked (id) where ${inReach(reach, sql.ref("looked.id"))})`;
}

/** For a query of `rollout.rollout`: one of its targets is in reach. */
export function rolloutSeen(reach: Reach): RawBuilder<boolean> {
  if (reach === "everywhere") return sql<boolean>`true`;
  return sql<boolean>`exists (select from rollout.target as seen where seen.rollout_id = rollout.id and ${inReach(reach, sql.ref("seen.target_id"))})`;
}

/** `seen`: where it may be looked at; `open`: where it may be acted on. */
interface Reaches {
  seen: Reach;
  open: Reach;
}

export type Place = "missing" | "partly" | "whole";

export async function rolloutPlace(db: Db, id: string, { seen, open }: Reaches): Promise<Place> {
  const target = sql.ref("target.target_id");
  const { rows } = await sql<{ whole: boolean }>`
    select not exists (select from rollout.target as target where target.rollout_id = rollout.id and not ${inReach(open, target)}) as whole
    from rollout.rollout as rollout where id = ${id} and ${rolloutSeen(seen)}`.execute(db);
  return placeOf(rows);
}

export async function planPlace(db: Db, id: string, { seen, open }: Reaches): Promise<Place> {
  const target = sql.ref("change.target_id");
  const { rows } = await sql<{ whole: boolean }>`
    select not exists (select from rollout.plan_change as change where change.plan_id = plan.id and not ${inReach(open, target)}) as whole
    from rollout.plan as plan where id = ${id} and ${planSeen(seen)}`.execute(db);
  return placeOf(rows);
}

function placeOf([row]: { whole: boolean }[]): Place {
  if (row === undefined) return "missing";
  return row.whole ? "whole" : "partly";
}
