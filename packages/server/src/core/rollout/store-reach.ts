/** Conditions by which plans and rollouts are seen, and how much of one is in reach. */
import { sql, type RawBuilder } from "kysely";
import type { Db } from "#platform/db";
import type { Reach } from "#platform/reach";
import { inReach } from "#core/assets";
import type { RolloutTables } from "./tables.ts";

/** For a query of `rollout.plan`: something that it looked at is in reach. */
export function planSeen(reach: Reach): RawBuilder<boolean> {
  if (reach === "everywhere") return sql<boolean>`true`;
  return sql<boolean>`exists (select from rollout.plan_look as look where look.plan_id = plan.id and ${inReach(reach, sql.ref("look.target_id"))})`;
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

export interface SeenOfPlan {
  /** Changes whose targets are in reach. */
  targets: number;
  /** Targets in reach that it looked at. */
  lookedSeen: number;
}

/** For some plans at once, how much of each is in reach. */
export async function countSeen(db: Db, plans: string[], reach: Reach): Promise<(plan: string) => SeenOfPlan> {
  const tables = db.withTables<RolloutTables>();
  const of = (table: "rollout.plan_look" | "rollout.plan_change") =>
    tables
      .selectFrom(table)
      .select(["plan_id", (eb) => eb.fn.countAll<number>().as("n")])
      .where("plan_id", "in", plans)
      .where(inReach(reach, sql.ref(`${table}.target_id`)))
      .groupBy("plan_id");
  if (plans.length === 0) return () => ({ targets: 0, lookedSeen: 0 });
  const queries = [of("rollout.plan_change"), of("rollout.plan_look")];
  const counted = await Promise.all(queries.map(async (query) => new Map((await query.execute()).map((row) => [row.plan_id, row.n]))));
  const [targets, lookedSeen] = counted;
  return (plan) => ({ targets: targets?.get(plan) ?? 0, lookedSeen: lookedSeen?.get(plan) ?? 0 });
}

/** Ids of all that a plan looked at. */
export async function lookedAt(db: Db, plan: string): Promise<string[]> {
  const rows = await db
    .withTables<RolloutTables>()
    .selectFrom("rollout.plan_look")
    .select("target_id")
    .where("plan_id", "=", plan)
    .execute();
  return rows.map((row) => row.target_id);
}
