/**
 * The one engine that changes the world: plans (changes bound by hash to what was observed) and rollouts (carrying a plan out in
 * waves, with gates, a journal written before and after every step, and the way back). Domains hand over carriers; nothing else touches a target.
 */
import { newId, Problem, type Clock } from "@holdfast/kit";
import type {
  ChangeDetail,
  JournalEntry,
  Limits,
  Permission,
  Plan,
  PlanListItem,
  Rollout,
  RolloutListItem,
  RolloutState,
  Strategy,
  StrategyFrom,
} from "@holdfast/contract";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import type { Log } from "#platform/log";
import { entryBy, reachOf, reachOfAny, type Asker, type Permitted, type Reach } from "#platform/reach";
import { reached } from "#core/assets";
import type { Audit } from "#core/audit";
import type { Secrets } from "#core/secrets";
import { createActs, type Acts } from "./acts.ts";
import type { Carrier, Change } from "./change.ts";
import { newMachine, type Machine } from "./machine.ts";
import { createMoved, type RolloutMetrics } from "./moved.ts";
import { stepTimes, type StepTimes } from "./perform.ts";
import { createPlans, type NewPlan } from "./plans.ts";
import { chooseStrategy, type Choice } from "./strategy.ts";
import { createRunner } from "./run.ts";
import { heldTargets, insertRollout, loadRollout } from "./store.ts";
import { missingRollout } from "./problems.ts";
import { discreetMachine, extentOf, mustCarryOut, narrowedMachine } from "./reach.ts";
import { rolloutPlace } from "./store-reach.ts";
import { listJournal, listRollouts, listTargets, type RolloutListRow } from "./store-reads.ts";
import { countTargets, rolloutHead, rolloutView, sayRollout } from "./view.ts";
import { cutWaves } from "./waves.ts";

export * from "./change.ts";
export { createRolloutPersonKeeper } from "./person-keeper.ts";
export { createPlanRoutes, createRolloutRoutes } from "./routes.ts";
export { type NewPlan } from "./plans.ts";

export interface RolloutsDeps {
  db: Db;
  log: Log;
  clock: Clock;
  audit: Audit;
  secrets: Pick<Secrets, "seal" | "open" | "addResealer">;
  metrics: RolloutMetrics;
  /** Everything that can change the world. */
  carriers: Carrier[];
  /** A controller that is silent for this long has lost its rollouts; 20 s unless told. */
  leaseMs?: number;
  times?: StepTimes;
  /** Called at every journal point, before and after the write; for crash tests. */
  atPoint?: (point: string) => void;
}

export type { Asker } from "#platform/reach";

export interface NewRollout {
  planId: string;
  /** What was reviewed; another hash is refused. */
  planHash: string;
  /** The repository's default, or the usual canary, unless told. */
  strategy?: Strategy | undefined;
  /** In place of `strategy`: one of the plan's, by its name. */
  strategyName?: string | undefined;
  /** Where a strategy was taken from that an earlier rollout had. */
  strategyFrom?: StrategyFrom | undefined;
  limits?: Limits;
  requireApproval?: boolean;
  /** Starts as soon as it may; true unless told. */
  start?: boolean;
  revertOf?: string;
  /** Why; goes to the audit trail. */
  reason?: string;
}

export interface PageQuery {
  /** The last id of the page before. */
  before?: string | undefined;
  limit: number;
}

export interface Rollouts extends Acts {
  /** Writes a plan in the caller's transaction. */
  proposePlan(tx: Tx, plan: NewPlan, asker: Asker): Promise<Plan>;
  /** This, and what follows, only as far as targets are in the asker's reach; what has none is missing. @throws Problem `plans_missing` */
  plan(id: string, asker: Permitted): Promise<Plan>;
  plans(page: PageQuery, asker: Permitted): Promise<PlanListItem[]>;
  /** One change of a plan, as people read it. @throws Problem `plans_change_missing` */
  planChange(plan: string, target: string, asker: Permitted): Promise<ChangeDetail>;
  /**
   * Proposes a rollout of a plan; it starts at once unless it waits for an approval.
   * @throws Problem `forbidden_here` unless all targets are in reach, `rollouts_plan_moved` (other hash), `rollouts_plan_empty`, `rollouts_target_busy`, `rollouts_strategy_unknown`, `rollouts_limits_loosened`
   */
  propose(rollout: NewRollout, asker: Asker): Promise<Rollout>;
  /** @throws Problem `rollouts_missing` */
  get(id: string, asker: Permitted): Promise<Rollout>;
  list(page: PageQuery & { state?: RolloutState | undefined; plan?: string | undefined }, asker: Permitted): Promise<RolloutListItem[]>;
  journal(
    id: string,
    page: { after?: number | undefined; limit: number; target?: string | undefined },
    asker: Permitted,
  ): Promise<JournalEntry[]>;
  /** How many targets of one are in this reach. */
  extent(of: { plan: string } | { rollout: string }, reach: Reach): Promise<"none" | "some" | "all">;
  /** Which of these targets a rollout drives at present: target → rollout. */
  held(targets: string[], tx?: Tx): Promise<Map<string, string>>;
  /** Begins to drive rollouts in this process. */
  start(): void;
  /** Lets steps in flight end and gives the leases back. */
  stop(): Promise<void>;
}

/** Most targets in flight at one time where the limits do not say. */
const defaultParallel = 20;

export function createRollouts(deps: RolloutsDeps): Rollouts {
  const carriers = new Map(deps.carriers.map((carrier) => [carrier.kind, carrier]));
  const carrierOf = (kind: string): Carrier => {
    const carrier = carriers.get(kind);
    if (!carrier) throw new Problem("rollouts_no_carrier", { kind: "broken", say: `Nothing here can make a change of kind ${kind}.` });
    return carrier;
  };
  const plans = createPlans({ db: deps.db, secrets: deps.secrets, carrierOf, now: () => deps.clock.now() });
  const moved = createMoved(deps);
  const { leaseMs = 20_000, times = stepTimes } = deps;
  const runner = createRunner({ ...deps, times, leaseMs, carrierOf, change: (planId, target) => plans.change(planId, target), moved });
  const get = createGet(deps.db);
  const proposePlan = async (tx: Tx, plan: NewPlan, asker: Asker): Promise<Plan> => {
    const proposed = await plans.propose(tx, plan);
    const after = { hash: proposed.hash, origin: proposed.origin, targets: proposed.changes.length };
    await deps.audit.record(tx, { ...entryBy(asker), action: "rollout.plan.create", subject: `plan:${proposed.id}`, after });
    const payload = { title: proposed.title, origin: proposed.origin, targets: after.targets };
    await publish(tx, { type: "rollout.plan.created", subject: `plan:${proposed.id}`, payload });
    return proposed;
  };
  const propose = createPropose(deps, { plans, moved, get, wake: () => runner.wake() });
  return {
    proposePlan,
    propose,
    get: (id, asker) => get(id, asker),
    plan: (id, asker) => plans.get(id, asker),
    plans: (page, asker) => plans.list(page, asker),
    planChange: (plan, target, asker) => plans.describe(plan, target, asker),
    list: (page, asker) => listed(deps.db, page, asker),
    journal: async (id, page, asker) => {
      const reach = reachOf(asker, "rollouts:read");
      const place = await rolloutPlace(deps.db, id, { seen: reach, open: reach });
      if (place === "missing") throw missingRollout(id);
      // Lines that are about no target speak of all of them.
      return listJournal(deps.db, id, { ...page, of: place === "whole" ? "everywhere" : reach });
    },
    extent: (of, reach) => extentOf(deps.db, of, reach),
    held: (targets, tx) => heldTargets(tx ?? deps.db, targets),
    start: () => runner.start(),
    stop: () => runner.stop(),
    ...createActs({ ...deps, moved, plans, carrierOf, get, propose, proposePlan, wake: () => runner.wake() }),
  };
}

/** A rollout as far as its targets are in the asker's reach, for reading or for one of these permissions. */
type Get = (id: string, asker: Permitted, ...permissions: Permission[]) => Promise<Rollout>;

function createGet(db: Db): Get {
  return async (id, asker, ...permissions) => {
    const reach = reachOfAny(asker, "rollouts:read", ...permissions);
    const found = await loadRollout(db, id, reach);
    if (!found) throw missingRollout(id);
    const places = await listTargets(db, id);
    const ids = places.map((place) => place.target_id);
    const seen = await reached(db, reach, ids);
    const machine = reach === "everywhere" ? found.machine : discreetMachine(found.machine);
    if (seen.size === ids.length) return rolloutView(found.row, machine, places);
    return { ...rolloutView({ ...found.row, halt_reason: null }, narrowedMachine(machine, seen), places), partial: true };
  };
}

async function listed(db: Db, page: Parameters<Rollouts["list"]>[0], asker: Permitted): Promise<RolloutListItem[]> {
  const reach = reachOf(asker, "rollouts:read");
  const rows = await listRollouts(db, { ...page, reach });
  const ids = rows.flatMap((row) => row.target_machines.map((machine) => machine.id));
  const seen = await reached(db, reach, [...new Set(ids)]);
  return rows.map((row) => listItem(row, seen));
}

interface ProposeParts {
  plans: ReturnType<typeof createPlans>;
  moved: ReturnType<typeof createMoved>;
  get: Get;
  wake(): void;
}

function createPropose(deps: RolloutsDeps, { plans, moved, get, wake }: ProposeParts): Rollouts["propose"] {
  return async (wanted, asker) => {
    await mustCarryOut(deps.db, wanted.planId, asker);
    const plan = await plans.get(wanted.planId, asker, "rollouts:operate");
    if (plan.hash !== wanted.planHash) {
      throw new Problem("rollouts_plan_moved", {
        kind: "conflict",
        say: `Plan ${plan.id} is not the one that was reviewed; look at it again.`,
      });
    }
    if (plan.changes.length === 0) {
      throw new Problem("rollouts_plan_empty", { kind: "invalid", say: `Plan ${plan.id} changes nothing; there is nothing to roll out.` });
    }
    const id = newId<"rollout">("rol", deps.clock.now());
    const choice = chooseStrategy(plan, wanted);
    const changes = await plans.targets(plan.id);
    const { row, machine, targets } = newRollout({
      id,
      wanted,
      choice,
      plan,
      changes,
      asker,
      atMs: deps.clock.now(),
    });
    await inTransaction(deps.db, async (tx) => {
      await plans.stay(tx, changes);
      await insertRollout(tx, row, machine, targets);
      const after = { plan: plan.id, planHash: plan.hash, ...choice, targets: targets.length };
      await deps.audit.record(tx, {
        ...entryBy(asker),
        action: "rollout.rollout.create",
        subject: `rollout:${id}`,
        after,
        reason: wanted.reason ?? reasonOf(choice.strategy),
      });
      const payload = { state: machine.state, title: row.title, planId: plan.id, say: sayRollout(machine) };
      await publish(tx, { type: "rollout.rollout.created", subject: `rollout:${id}`, payload });
      await moved(tx, { row: { ...row, version: 1, fencing: 0 }, before: { ...machine, state: "ready" }, after: machine });
    });
    wake();
    return get(id, asker, "rollouts:operate");
  };
}

interface RolloutParts {
  id: string;
  wanted: NewRollout;
  choice: Choice;
  plan: Plan;
  changes: Pick<Change, "target">[];
  asker: Asker;
  atMs: number;
}

function newRollout(parts: RolloutParts) {
  const { wanted, plan } = parts;
  const { strategy, strategyFrom, limits } = parts.choice;
  const targets = parts.changes.map((change) => change.target);
  const parallel = limits.maxUnavailable ?? defaultParallel;
  const waves = cutWaves(targets, strategy, limits);
  const machine: Machine = newMachine({
    targets,
    waves,
    parallel,
    requireApproval: wanted.requireApproval ?? false,
    autoStart: wanted.start ?? true,
  });
  const at = new Date(parts.atMs);
  const row = {
    id: parts.id,
    plan_id: plan.id,
    plan_hash: plan.hash,
    title: plan.title,
    state: machine.state,
    strategy,
    strategy_from: strategyFrom ?? null,
    limits,
    waves: machine.waves,
    auto_start: machine.autoStart,
    require_approval: wanted.requireApproval ?? false,
    parallel,
    touches: 0,
    halt_reason: null,
    created_at: at,
    created_by: parts.asker.actor,
    approved_by: null,
    started_at: machine.state === "running" ? at : null,
    ended_at: null,
    revert_of: wanted.revertOf ?? null,
    worker: null,
    leased_until: null,
  };
  return { row, machine, targets };
}

function reasonOf(strategy: Strategy): string | undefined {
  return strategy.kind === "direct" ? strategy.reason : undefined;
}

function listItem(row: RolloutListRow, seen: ReadonlySet<string>): RolloutListItem {
  const whole = row.target_machines.every(({ id }) => seen.has(id));
  const { strategy, strategyFrom: _from, limits: _limits, ...head } = rolloutHead(whole ? row : { ...row, halt_reason: null });
  const targets = Object.fromEntries(row.target_machines.map((machine) => [machine.id, machine]));
  const all: Machine = {
    state: row.state,
    autoStart: row.auto_start,
    parallel: row.parallel,
    waves: row.waves,
    targets,
    touches: row.touches,
    ...(row.halt_reason === null ? {} : { haltReason: row.halt_reason }),
  };
  const machine = whole ? all : narrowedMachine(all, seen);
  return {
    ...head,
    ...(whole ? {} : { partial: true as const }),
    strategyKind: strategy.kind,
    targetCount: Object.keys(machine.targets).length,
    counts: countTargets(machine),
    say: sayRollout(machine),
  };
}
