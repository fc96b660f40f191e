/**
 * What of plans and rollouts somebody may see: those with a target in their reach, and of these only such targets, with nothing that
 * tells of the others. Acting needs all targets: a rollout goes forward and back as one.
 */
import type { Permission, Plan, PlanListItem } from "@holdfast/contract";
import type { Db } from "#platform/db";
import { outOfReach, reachOf, reachOfAny, type Permitted, type Reach } from "#platform/reach";
import { missingPlan, missingRollout } from "./problems.ts";
import { planPlace, rolloutPlace, type SeenOfPlan } from "./store-reach.ts";
import type { Machine } from "./machine.ts";

/** @throws Problem `rollouts_missing`, also for one of which nothing may be seen; `forbidden_here` when some target is out of reach */
export async function mustDrive(
  db: Db,
  { id, asker, permission }: { id: string; asker: Permitted; permission: Permission },
): Promise<void> {
  const seen = reachOfAny(asker, "rollouts:read", permission);
  const place = await rolloutPlace(db, id, { seen, open: reachOf(asker, permission) });
  if (place === "missing") throw missingRollout(id);
  if (place === "partly") throw outOfReach(permission, "every target of this rollout");
}

/** The same for the changes of a plan that is to be carried out. */
export async function mustCarryOut(db: Db, id: string, asker: Permitted): Promise<void> {
  const seen = reachOfAny(asker, "plans:read", "rollouts:operate");
  const place = await planPlace(db, id, { seen, open: reachOf(asker, "rollouts:operate") });
  if (place === "missing") throw missingPlan(id);
  if (place === "partly") throw outOfReach("rollouts:operate", "every target of this plan");
}

/** How much of one is in a reach. */
export async function extentOf(db: Db, of: { plan: string } | { rollout: string }, reach: Reach): Promise<"none" | "some" | "all"> {
  const reaches = { seen: reach, open: reach };
  const place = await ("plan" in of ? planPlace(db, of.plan, reaches) : rolloutPlace(db, of.rollout, reaches));
  return ({ missing: "none", partly: "some", whole: "all" } as const)[place];
}

/** A plan as far as these targets go. `looked`: all that it looked at. */
export function narrowedPlan(plan: Plan, looked: string[], seen: ReadonlySet<string>): Plan {
  const changes = plan.changes.filter(({ target }) => seen.has(target));
  const problems = plan.problems.filter(({ target }) => seen.has(target));
  const whole = changes.length === plan.changes.length;
  return {
    ...plan,
    changes,
    problems,
    unchanged: unchangedOf({ looked: looked.filter((id) => seen.has(id)).length, changes: changes.length, problems }),
    ...(whole ? {} : { strategies: [], limits: {}, partial: true as const }),
  };
}

/** How many of those that were looked at are as intended. */
export function unchangedOf(counted: { looked: number; changes: number; problems: Pick<Plan["problems"][number], "target">[] }): number {
  return Math.max(0, counted.looked - counted.changes - new Set(counted.problems.map(({ target }) => target)).size);
}

/** A line of the list of plans as far as these targets go. */
export function narrowedItem(item: PlanListItem, counted: SeenOfPlan & { problems: Plan["problems"] }): PlanListItem {
  return {
    ...item,
    targets: counted.targets,
    problemCount: counted.problems.length,
    unchanged: unchangedOf({ looked: counted.lookedSeen, changes: counted.targets, problems: counted.problems }),
    ...(counted.targets === item.targets ? {} : { partial: true as const }),
  };
}

/** For who may not see everything: of a partner in another rollout only that there is one. */
export function discreetMachine(machine: Machine): Machine {
  if (machine.takenElsewhere === undefined) return machine;
  const others = Object.keys(machine.takenElsewhere).map((group) => [group, { name: "another target" }]);
  return { ...machine, takenElsewhere: Object.fromEntries(others) };
}

/** A rollout as far as these targets go: its waves keep their numbers; gates and reasons speak of all targets, and are left out. */
export function narrowedMachine(machine: Machine, seen: ReadonlySet<string>): Machine {
  const targets = Object.fromEntries(Object.entries(machine.targets).filter(([id]) => seen.has(id)));
  const { haltReason: _of, takenElsewhere: _others, ...rest } = machine;
  const waves = machine.waves.map((wave) => ({ ...wave, targets: wave.targets.filter((id) => seen.has(id)), gate: [] }));
  return { ...rest, targets, waves };
}
