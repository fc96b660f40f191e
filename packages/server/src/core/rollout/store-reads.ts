/** Plans and lists: what is written once and read often. */
import type { JournalEntry, Plan, RolloutState } from "@holdfast/contract";
import { sql, type Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Reach } from "#platform/reach";
import { inReach } from "#core/assets";
import type { Change } from "./change.ts";
import type { TargetMachine } from "./machine.ts";
import { missingChange, missingPlan } from "./problems.ts";
import { planSeen, rolloutSeen } from "./store-reach.ts";
import type { PlanChangeTable, PlanTable, RolloutTables } from "./tables.ts";
import type { RolloutRow } from "./store.ts";

export type PlanRow = Selectable<PlanTable>;
export type PlanChangeRow = Selectable<PlanChangeTable>;
export type ChangeColumns = Omit<PlanChangeRow, "payload_sealed">;

const tables = (db: Db) => db.withTables<RolloutTables>();
const changeColumns = ["plan_id", "target_id", "position", "kind", "target", "summary", "diff", "added", "removed", "base_hash"] as const;

export interface SealedChange extends Omit<Change, "payload"> {
  sealed: Buffer;
}

/** @param looked ids of all targets that it looked at */
export async function insertPlan(tx: Tx, row: PlanRow, changes: SealedChange[], looked: string[]): Promise<void> {
  await tables(tx)
    .insertInto("rollout.plan")
    .values({
      ...row,
      problems: JSON.stringify(row.problems),
      strategies: JSON.stringify(row.strategies),
      limits: JSON.stringify(row.limits),
    })
    .execute();
  await sql`insert into rollout.plan_look (plan_id, target_id) select distinct ${row.id}, one from unnest(${looked}::text[]) as one`.execute(
    tx,
  );
  for (const [position, change] of changes.entries()) {
    await tables(tx)
      .insertInto("rollout.plan_change")
      .values({
        plan_id: row.id,
        target_id: change.target.id,
        position,
        kind: change.kind,
        target: JSON.stringify(change.target),
        summary: change.summary,
        diff: JSON.stringify(change.diff),
        added: change.added,
        removed: change.removed,
        base_hash: change.baseHash,
        payload_sealed: change.sealed,
      })
      .execute();
  }
}

/** @throws Problem `plans_missing`, also when nothing of it is in reach */
export async function loadPlan(db: Db, id: string, reach: Reach): Promise<{ row: PlanRow; changes: Omit<ChangeColumns, "diff">[] }> {
  const row = await tables(db).selectFrom("rollout.plan").selectAll().where("id", "=", id).where(planSeen(reach)).executeTakeFirst();
  if (!row) throw missingPlan(id);
  const columns = changeColumns.filter((column) => column !== "diff");
  const changes = await tables(db)
    .selectFrom("rollout.plan_change")
    .select(columns)
    .where("plan_id", "=", id)
    .orderBy("position")
    .execute();
  return { row, changes };
}

/** @throws Problem `plans_change_missing`, also when the target is not in reach */
export async function loadChange(db: Db, { plan, target, reach }: { plan: string; target: string; reach: Reach }): Promise<PlanChangeRow> {
  const row = await tables(db)
    .selectFrom("rollout.plan_change")
    .selectAll()
    .where("plan_id", "=", plan)
    .where("target_id", "=", target)
    .where(inReach(reach, sql.ref("rollout.plan_change.target_id")))
    .executeTakeFirst();
  if (!row) throw missingChange(plan, target);
  return row;
}

interface PlanPage {
  before?: string | undefined;
  limit: number;
  reach: Reach;
}

export interface PlanListRow extends PlanRow {
  /** How many changes it has. */
  targets: number;
}

/** Those of which something is in reach, newest first. */
export async function listPlans(db: Db, page: PlanPage): Promise<PlanListRow[]> {
  let query = tables(db)
    .selectFrom("rollout.plan")
    .selectAll("rollout.plan")
    .select((eb) =>
      eb
        .selectFrom("rollout.plan_change")
        .select((count) => count.fn.countAll<number>().as("n"))
        .whereRef("rollout.plan_change.plan_id", "=", "rollout.plan.id")
        .as("targets"),
    )
    .where(planSeen(page.reach))
    .orderBy("id", "desc")
    .limit(page.limit);
  if (page.before !== undefined) query = query.where("id", "<", page.before);
  return (await query.execute()).map((row) => ({ ...row, targets: row.targets ?? 0 }));
}

export interface RolloutListRow extends RolloutRow {
  target_machines: TargetMachine[];
}

export async function listRollouts(
  db: Db,
  page: { before?: string | undefined; limit: number; state?: RolloutState | undefined; plan?: string | undefined; reach: Reach },
): Promise<RolloutListRow[]> {
  let query = tables(db).selectFrom("rollout.rollout").selectAll().where(rolloutSeen(page.reach)).orderBy("id", "desc").limit(page.limit);
  if (page.before !== undefined) query = query.where("id", "<", page.before);
  if (page.state !== undefined) query = query.where("state", "=", page.state);
  if (page.plan !== undefined) query = query.where("plan_id", "=", page.plan);
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const targets = await tables(db).selectFrom("rollout.target").select(["rollout_id", "machine"]).where("rollout_id", "in", ids).execute();
  const machines = Map.groupBy(targets, (target) => target.rollout_id);
  return rows.map((row) => ({ ...row, target_machines: (machines.get(row.id) ?? []).map((target) => target.machine) }));
}

export async function listTargets(db: Db, id: string): Promise<{ target_id: string; site: string | null; updated_at: Date | null }[]> {
  return tables(db)
    .selectFrom("rollout.target")
    .select(["target_id", "site", "updated_at"])
    .where("rollout_id", "=", id)
    .orderBy("position")
    .execute();
}

export async function listJournal(
  db: Db,
  id: string,
  page: { after?: number | undefined; limit: number; target?: string | undefined; /** Only lines of targets in it. */ of: Reach },
): Promise<JournalEntry[]> {
  let query = tables(db).selectFrom("rollout.journal").selectAll().where("rollout_id", "=", id).orderBy("seq").limit(page.limit);
  if (page.after !== undefined) query = query.where("seq", ">", page.after);
  if (page.target !== undefined) query = query.where("target_id", "=", page.target);
  if (page.of !== "everywhere") query = query.where(inReach(page.of, sql.ref("rollout.journal.target_id")));
  return (await query.execute()).map((row) => ({
    seq: row.seq,
    at: row.at.toISOString(),
    step: row.step,
    phase: row.phase,
    fencing: row.fencing,
    say: row.say,
    ...(row.target_id === null ? {} : { target: row.target_id }),
    ...(row.detail === null ? {} : { detail: row.detail }),
  }));
}

/** Rows of a plan as the wire shows them. */
export function planHead(row: PlanRow): Omit<Plan, "changes"> {
  return {
    id: row.id,
    hash: row.hash,
    origin: row.origin,
    title: row.title,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    unchanged: row.unchanged,
    problems: row.problems,
    strategies: row.strategies,
    limits: row.limits,
    ...(row.repository === null ? {} : { repository: row.repository }),
    ...(row.revision === null ? {} : { revision: row.revision }),
  };
}

type SealedRow = Pick<PlanChangeRow, "plan_id" | "target_id" | "payload_sealed">;

/** For a rotation of keys: rows sealed under another key than the active one. */
function stale(db: Db, activePrefix: Buffer) {
  return tables(db)
    .selectFrom("rollout.plan_change")
    .where((eb) => eb(eb.fn<Buffer>("substring", ["payload_sealed", eb.lit(1), eb.lit(activePrefix.length)]), "!=", activePrefix));
}

export async function countStaleChanges(db: Db, activePrefix: Buffer): Promise<number> {
  const { n } = await stale(db, activePrefix)
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return n;
}

export async function lockStaleChanges(tx: Tx, activePrefix: Buffer, limit: number): Promise<SealedRow[]> {
  return stale(tx, activePrefix).select(["plan_id", "target_id", "payload_sealed"]).limit(limit).forUpdate().execute();
}

export async function resealChange(tx: Tx, row: SealedRow): Promise<void> {
  const { plan_id, target_id, payload_sealed } = row;
  await tables(tx)
    .updateTable("rollout.plan_change")
    .set({ payload_sealed })
    .where("plan_id", "=", plan_id)
    .where("target_id", "=", target_id)
    .execute();
}
