/** Rollouts in the database: every transition locks the row, checks the lease, and is journalled in the same transaction. */
import { isProblem, Problem } from "@holdfast/kit";
import { sql, type Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Reach } from "#platform/reach";
import type { Target } from "./change.ts";
import { isBetween, type GroupMember } from "./groups.ts";
import { finalStates, type Machine, type TargetMachine } from "./machine.ts";
import { missingRollout } from "./problems.ts";
import { rolloutSeen } from "./store-reach.ts";
import type { RolloutTable, RolloutTables } from "./tables.ts";

export type RolloutRow = Selectable<RolloutTable>;
export interface LoadedRollout {
  row: RolloutRow;
  machine: Machine;
}

export interface JournalLine {
  target?: string;
  step: string;
  phase: "begin" | "end" | "note";
  say: string;
  detail?: Record<string, unknown>;
}

export interface Transition {
  id: string;
  /** Only while this lease holds; left out for acts of people. */
  fencing?: number;
  at: Date;
  lines: JournalLine[];
  move: (machine: Machine, row: RolloutRow) => Machine;
  set?: { approved_by?: string };
}

const tables = (db: Db) => db.withTables<RolloutTables>();

export function leaseLost(id: string): Problem {
  return new Problem("rollouts_lease_lost", { kind: "conflict", say: `Another controller drives rollout ${id} now.` });
}

export function isLeaseLost(thrown: unknown): boolean {
  return isProblem(thrown) && thrown.code === "rollouts_lease_lost";
}

/** Writes a new rollout and its targets; holds the targets when it runs at once. */
export async function insertRollout(
  tx: Tx,
  row: Omit<RolloutRow, "version" | "fencing">,
  machine: Machine,
  targets: Target[],
): Promise<void> {
  await tables(tx)
    .insertInto("rollout.rollout")
    .values({
      ...row,
      strategy: JSON.stringify(row.strategy),
      strategy_from: JSON.stringify(row.strategy_from),
      limits: JSON.stringify(row.limits),
      waves: JSON.stringify(row.waves),
    })
    .execute();
  const rows = targets.map((target, position) => ({
    rollout_id: row.id,
    target_id: target.id,
    position,
    site: target.site ?? null,
    machine: JSON.stringify(machine.targets[target.id]),
    updated_at: null,
  }));
  for (let i = 0; i < rows.length; i += 1000) {
    await tables(tx)
      .insertInto("rollout.target")
      .values(rows.slice(i, i + 1000))
      .execute();
  }
  if (machine.state === "running") await hold(tx, row.id, machine);
}

/** Where one of its targets is in reach. */
export async function loadRollout(db: Db, id: string, reach: Reach = "everywhere"): Promise<LoadedRollout | undefined> {
  const row = await tables(db).selectFrom("rollout.rollout").selectAll().where("id", "=", id).where(rolloutSeen(reach)).executeTakeFirst();
  return row ? { row, machine: await machineOf(db, row) } : undefined;
}

async function machineOf(db: Db, row: RolloutRow): Promise<Machine> {
  const rows = await tables(db)
    .selectFrom("rollout.target")
    .select(["target_id", "machine"])
    .where("rollout_id", "=", row.id)
    .orderBy("position")
    .execute();
  const takenElsewhere = finalStates.has(row.state)
    ? undefined
    : await takenByOthers(
        db,
        row.id,
        rows.map((one) => one.machine),
      );
  return {
    state: row.state,
    autoStart: row.auto_start,
    parallel: row.parallel,
    waves: row.waves,
    targets: Object.fromEntries(rows.map((one) => [one.target_id, one.machine])),
    touches: row.touches,
    ...(row.halt_reason === null ? {} : { haltReason: row.halt_reason }),
    ...(takenElsewhere === undefined ? {} : { takenElsewhere }),
  };
}

/** Redundancy groups of these targets of which another rollout changes a member; undefined where there is none. */
async function takenByOthers(db: Db, id: string, targets: TargetMachine[]): Promise<Machine["takenElsewhere"]> {
  const groups = [...new Set(targets.flatMap((target) => (target.group === undefined ? [] : [target.group])))];
  if (groups.length === 0) return undefined;
  const rows = await tables(db).selectFrom("rollout.group_hold").selectAll().where("rollout_id", "!=", id).execute();
  const wanted = new Set(groups);
  const taken = rows.filter((row) => wanted.has(row.redundancy_group));
  const members = taken.map((row): [string, GroupMember] => [row.redundancy_group, { name: row.target_name, rollout: row.rollout_id }]);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/**
 * Moves a rollout by one event.
 * @throws Problem `rollouts_missing`, `rollouts_lease_lost`, `rollouts_target_busy`, `rollouts_group_busy`, or what `move` throws.
 */
export async function transition(tx: Tx, step: Transition): Promise<{ row: RolloutRow; before: Machine; after: Machine }> {
  const row = await tables(tx).selectFrom("rollout.rollout").selectAll().where("id", "=", step.id).forUpdate().executeTakeFirst();
  if (!row) throw missingRollout(step.id);
  if (step.fencing !== undefined && row.fencing !== step.fencing) throw leaseLost(step.id);
  const before = await machineOf(tx, row);
  const after = step.move(before, row);
  const changed = Object.values(after.targets).filter((target) => target !== before.targets[target.id]);
  await saveTargets(tx, step, changed);
  await saveHolds(tx, step.id, before, after);
  await saveGroups(tx, step.id, before, changed);
  const next = {
    state: after.state,
    touches: after.touches,
    halt_reason: after.haltReason ?? null,
    version: row.version + 1,
    started_at: row.started_at ?? (after.state === "running" ? step.at : null),
    ended_at: finalStates.has(after.state) ? (row.ended_at ?? step.at) : null,
    ...step.set,
  };
  await tables(tx)
    .updateTable("rollout.rollout")
    .set({ ...next, ...(after.waves === before.waves ? {} : { waves: JSON.stringify(after.waves) }) })
    .where("id", "=", step.id)
    .execute();
  await journal(tx, { id: step.id, at: step.at, fencing: row.fencing, lines: step.lines });
  return { row: { ...row, ...next, waves: after.waves }, before, after };
}

async function saveTargets(tx: Tx, step: Transition, changed: TargetMachine[]): Promise<void> {
  for (const target of changed) {
    await tables(tx)
      .updateTable("rollout.target")
      .set({ machine: JSON.stringify(target), updated_at: step.at })
      .where("rollout_id", "=", step.id)
      .where("target_id", "=", target.id)
      .execute();
  }
}

async function saveHolds(tx: Tx, id: string, before: Machine, after: Machine): Promise<void> {
  if (before.state !== "running" && after.state === "running" && before.state !== "paused") await hold(tx, id, after);
  if (!finalStates.has(after.state) && after.state !== "needs_attention") return;
  const kept = Object.values(after.targets).filter(
    (target) => target.busy || target.state === "pending_revert" || target.state === "reverting",
  );
  let released = tables(tx).deleteFrom("rollout.hold").where("rollout_id", "=", id);
  if (kept.length > 0)
    released = released.where(
      "target_id",
      "not in",
      kept.map((target) => target.id),
    );
  await released.execute();
}

/** A redundancy group belongs to the one target that is between old and new. @throws Problem `rollouts_group_busy` */
async function saveGroups(tx: Tx, id: string, before: Machine, changed: TargetMachine[]): Promise<void> {
  for (const target of changed) {
    const earlier = before.targets[target.id];
    const was = earlier !== undefined && isBetween(earlier);
    if (target.group === undefined || was === isBetween(target)) continue;
    if (was) await releaseGroup(tx, id, target.id);
    else await takeGroup(tx, id, { id: target.id, name: target.name, group: target.group });
  }
}

async function releaseGroup(tx: Tx, id: string, target: string): Promise<void> {
  await tables(tx).deleteFrom("rollout.group_hold").where("rollout_id", "=", id).where("target_id", "=", target).execute();
}

async function takeGroup(tx: Tx, id: string, target: { id: string; name: string; group: string }): Promise<void> {
  const taken = await tables(tx)
    .insertInto("rollout.group_hold")
    .values({ redundancy_group: target.group, rollout_id: id, target_id: target.id, target_name: target.name })
    .onConflict((on) => on.doNothing())
    .executeTakeFirst();
  if (taken.numInsertedOrUpdatedRows === 1n) return;
  throw new Problem("rollouts_group_busy", {
    kind: "conflict",
    say: `Another target of the redundancy group ${target.group} is being changed; ${target.name} waits for it.`,
  });
}

export function isGroupBusy(thrown: unknown): boolean {
  return isProblem(thrown) && thrown.code === "rollouts_group_busy";
}

/** @throws Problem `rollouts_target_busy` naming the target and the rollout that has it. */
async function hold(tx: Tx, id: string, machine: Machine): Promise<void> {
  const ids = Object.keys(machine.targets);
  for (let i = 0; i < ids.length; i += 1000) {
    const some = ids.slice(i, i + 1000);
    await tables(tx)
      .insertInto("rollout.hold")
      .values(some.map((target_id) => ({ target_id, rollout_id: id })))
      .onConflict((on) => on.doNothing())
      .execute();
  }
  const others = await tables(tx)
    .selectFrom("rollout.hold")
    .selectAll()
    .where("target_id", "in", ids)
    .where("rollout_id", "!=", id)
    .limit(20)
    .execute();
  if (others.length === 0) return;
  const places = others.map((other) => ({
    at: machine.targets[other.target_id]?.name ?? other.target_id,
    say: `is held by rollout ${other.rollout_id}`,
  }));
  throw new Problem("rollouts_target_busy", {
    kind: "conflict",
    say: `${places[0]?.at} ${places[0]?.say}; wait until that rollout is done, or abort it.`,
    places,
  });
}

export async function journal(db: Db, entry: { id: string; at: Date; fencing: number; lines: JournalLine[] }): Promise<void> {
  if (entry.lines.length === 0) return;
  const rows = entry.lines.map((line) => ({
    rollout_id: entry.id,
    at: entry.at,
    target_id: line.target ?? null,
    step: line.step,
    phase: line.phase,
    fencing: entry.fencing,
    say: line.say,
    detail: JSON.stringify(line.detail ?? null),
  }));
  await tables(db).insertInto("rollout.journal").values(rows).execute();
}

/** A line from the middle of a step. @throws Problem `rollouts_lease_lost`; nothing is written then */
export async function journalNote(
  tx: Tx,
  { id, fencing, at }: { id: string; fencing: number; at: Date },
  line: JournalLine,
): Promise<void> {
  // Locked, so that nobody takes the rollout over between the look and the line.
  const row = await tables(tx).selectFrom("rollout.rollout").select("fencing").where("id", "=", id).forShare().executeTakeFirst();
  if (row?.fencing !== fencing) throw leaseLost(id);
  await journal(tx, { id, at, fencing, lines: [line] });
}

interface Claim {
  worker: string;
  leaseMs: number;
  /** Rollouts that are not to be taken. */
  except: string[];
}

/** Takes one rollout that wants driving and that nobody drives; gives it a higher fencing token. */
export async function claimRollout(db: Db, { worker, leaseMs, except }: Claim): Promise<{ id: string; fencing: number } | undefined> {
  const claimed = await sql<{ id: string; fencing: number }>`
    update rollout.rollout set worker = ${worker}, fencing = nextval('rollout.fencing'), leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where id = (
      select id from rollout.rollout
      where state in ('running', 'reverting', 'paused', 'needs_attention') and (leased_until is null or leased_until < now())
        and id <> all(${except}::text[])
      order by created_at limit 1 for update skip locked)
    returning id, fencing`.execute(db);
  return claimed.rows[0];
}

/** Prolongs a lease; false when it is lost. */
export async function renewLease(db: Db, lease: { id: string; fencing: number }, leaseMs: number): Promise<boolean> {
  const renewed = await tables(db)
    .updateTable("rollout.rollout")
    .set({ leased_until: sql<Date>`now() + ${leaseMs} * interval '1 millisecond'` })
    .where("id", "=", lease.id)
    .where("fencing", "=", lease.fencing)
    .executeTakeFirst();
  return renewed.numUpdatedRows === 1n;
}

/** Gives a lease back, so that the next controller need not wait for its end. */
export async function releaseLease(db: Db, lease: { id: string; fencing: number }): Promise<void> {
  await tables(db)
    .updateTable("rollout.rollout")
    .set({ leased_until: null, worker: null })
    .where("id", "=", lease.id)
    .where("fencing", "=", lease.fencing)
    .execute();
}

/** Which of these targets a rollout holds at present. */
export async function heldTargets(db: Db, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tables(db).selectFrom("rollout.hold").selectAll().where("target_id", "in", ids).execute();
  return new Map(rows.map((row) => [row.target_id, row.rollout_id]));
}
