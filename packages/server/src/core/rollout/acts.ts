/** What people do to a rollout: approve, start, pause, resume, abort, give up a target, retry, roll back. Each is one audited transaction. */
import { Problem, type Clock } from "@holdfast/kit";
import type { Permission, Plan, Rollout } from "@holdfast/contract";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { entryBy, type Asker, type Permitted } from "#platform/reach";
import type { Audit } from "#core/audit";
import { advance } from "./advance.ts";
import type { Carrier, Change } from "./change.ts";
import type { NewRollout } from "./index.ts";
import { finalStates, type RolloutEvent } from "./machine.ts";
import type { createMoved } from "./moved.ts";
import type { createPlans, NewPlan } from "./plans.ts";
import { mustDrive } from "./reach.ts";
import { loadRollout, transition } from "./store.ts";

/**
 * Each act answers with the rollout as it is then; an act that its state does not allow is a `rollouts_not_possible` conflict. All targets must
 * be in the asker's reach: else it is `forbidden_here`, or `rollouts_missing` where none is.
 */
export interface Acts {
  /** @throws Problem `rollouts_own_approval` when the approver proposed it. */
  approve(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  begin(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  pause(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  resume(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  /**
   * Tries no longer to bring a target back: its outcome is `unknown`, and its rollout can end. A try in flight ends first, and counts where it works.
   * @throws Problem `rollouts_target_missing`
   */
  giveUp(id: string, target: string, asker: Asker, reason: string): Promise<Rollout>;
  /** Stops going forward; all that was touched goes back. */
  abort(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  /**
   * Proposes a new rollout of those changes that are not there yet, with the same strategy and limits. Of a rollout that needs attention:
   * tries now what could not be brought back, instead of when its turn comes, and answers with that rollout.
   */
  retry(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  /** Proposes a new rollout that takes every target of a finished one back to what it had before it, whatever came after. */
  rollback(id: string, asker: Asker, reason?: string): Promise<Rollout>;
}

interface ActDeps {
  db: Db;
  clock: Clock;
  audit: Audit;
  moved: ReturnType<typeof createMoved>;
  plans: ReturnType<typeof createPlans>;
  carrierOf(kind: string): Carrier;
  get(id: string, asker: Permitted, ...permissions: Permission[]): Promise<Rollout>;
  propose(rollout: NewRollout, asker: Asker): Promise<Rollout>;
  proposePlan(tx: Tx, plan: NewPlan, asker: Asker): Promise<Plan>;
  wake(): void;
}

interface Wish {
  asker: Asker;
  reason: string | undefined;
}

interface Deed extends Wish {
  id: string;
  verb: string;
  event: RolloutEvent;
  /** What it was done to, where that is not the whole rollout. */
  target?: string;
}

/** How many ways back are asked for at one time: each may be a conversation with a target. */
const backAtOnce = 8;
const backTimeMs = 60_000;

export function createActs(deps: ActDeps): Acts {
  const act =
    (verb: string, event: RolloutEvent) =>
    (id: string, asker: Asker, reason?: string): Promise<Rollout> =>
      perform(deps, { id, asker, reason, verb, event });
  const retryNow = act("retry", { kind: "retried" });
  return {
    approve: act("approve", { kind: "approved" }),
    begin: act("start", { kind: "started" }),
    pause: act("pause", { kind: "paused" }),
    resume: act("resume", { kind: "resumed" }),
    abort: (id, asker, reason) =>
      perform(deps, { id, asker, reason, verb: "abort", event: { kind: "aborted", say: by("aborted", { asker, reason }) } }),
    giveUp: (id, target, asker, reason) =>
      perform(deps, {
        id,
        asker,
        reason,
        target,
        verb: "give_up",
        event: { kind: "given_up", target, say: by("given up", { asker, reason }) },
      }),
    retry: async (id, asker, reason) =>
      (await drivable(deps, id, asker)).state === "needs_attention" ? retryNow(id, asker, reason) : again(deps, id, { asker, reason }),
    rollback: (id, asker, reason) => back(deps, id, { asker, reason }),
  };
}

/** One act in one transaction: the state, the journal, the audit entry, the events. */
async function perform(deps: ActDeps, deed: Deed): Promise<Rollout> {
  const { id, verb, asker, reason, target } = deed;
  const permission = verb === "approve" ? "rollouts:approve" : "rollouts:operate";
  await inTransaction(deps.db, async (tx) => {
    await mustDrive(tx, { id, asker, permission });
    const at = new Date(deps.clock.now());
    const what = `${verb.replaceAll("_", " ")}${target === undefined ? "" : ` ${target}`}`;
    const move = await transition(tx, {
      id,
      at,
      lines: [{ step: "rollout", phase: "note", say: by(what, deed) }],
      move: (machine, row) => {
        if (verb === "approve") mustBeAnother(row.created_by, asker);
        return advance(machine, deed.event, at.getTime());
      },
      ...(verb === "approve" ? { set: { approved_by: asker.actor } } : {}),
    });
    if (move.before.state !== "running" && move.after.state === "running")
      await deps.plans.stay(tx, await deps.plans.targets(move.row.plan_id));
    const after = { state: move.after.state, ...(target === undefined ? {} : { target }) };
    const entry = { action: `rollout.rollout.${verb}`, subject: `rollout:${id}`, before: { state: move.before.state }, after, reason };
    await deps.audit.record(tx, { ...entryBy(asker), ...entry });
    await deps.moved(tx, move);
  });
  deps.wake();
  return deps.get(id, asker, permission);
}

/** The rollout, all of whose targets the asker may change. */
async function drivable(deps: ActDeps, id: string, asker: Permitted): Promise<Rollout> {
  await mustDrive(deps.db, { id, asker, permission: "rollouts:operate" });
  return deps.get(id, asker, "rollouts:operate");
}

function by(what: string, { asker, reason }: Wish): string {
  return `${what} by ${asker.actor}${reason === undefined ? "" : `: ${reason}`}`;
}

/** Two persons: whatever credential the author comes with, and no program, which would be whoever holds its secret. */
function mustBeAnother(author: string, { actor, program }: Asker): void {
  if (program === true)
    throw new Problem("rollouts_approval_by_program", {
      kind: "forbidden",
      say: "An approval is a person's consent; a service account cannot give it. Sign in as somebody who did not propose this rollout.",
    });
  if (author !== actor) return;
  throw new Problem("rollouts_own_approval", { kind: "forbidden", say: "You proposed this rollout; somebody else has to approve it." });
}

async function again(deps: ActDeps, id: string, wish: Wish): Promise<Rollout> {
  const rollout = await finished(deps, id, wish.asker);
  const missing = new Set(rollout.targets.filter((target) => target.side !== "new").map((target) => target.target));
  const changes = (await deps.plans.changes(rollout.planId)).filter((change) => missing.has(change.target.id));
  return proposeAgain(deps, { rollout, changes, origin: `retry:${id}`, title: `Retry: ${rollout.title}` }, wish);
}

async function back(deps: ActDeps, id: string, wish: Wish): Promise<Rollout> {
  const rollout = await finished(deps, id, wish.asker);
  const loaded = await loadRollout(deps.db, id);
  const touched = new Set(rollout.targets.filter((target) => target.outcome === "applied").map((target) => target.target));
  const made = (await deps.plans.changes(rollout.planId)).filter((change) => touched.has(change.target.id));
  const ways = await atMost(backAtOnce, made, async (change) => {
    const memo = loaded?.machine.targets[change.target.id]?.memo;
    const signal = AbortSignal.timeout(backTimeMs);
    return { target: change.target, way: await deps.carrierOf(change.kind).back({ rolloutId: id, change, memo, signal }) };
  });
  const problems = ways.flatMap(({ target, way }): Plan["problems"] =>
    way.ok ? [] : [{ target: target.id, targetName: target.name, code: "rollouts_no_way_back", say: way.say }],
  );
  const changes = ways.flatMap(({ way }) => (way.ok && way.change ? [way.change] : []));
  if (problems.length > 0) {
    const places = problems.map((problem) => ({ at: problem.targetName, say: problem.say }));
    throw new Problem("rollouts_no_way_back", {
      kind: "not_ready",
      say: `The way back cannot be planned: ${places[0]?.at}: ${places[0]?.say}`,
      places,
    });
  }
  return proposeAgain(deps, { rollout, changes, origin: `rollback:${id}`, title: `Roll back: ${rollout.title}` }, wish);
}

/** Does `work` for each item, never more than `most` at one time; results in the order of the items. */
async function atMost<T, R>(most: number, items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const next = async (): Promise<void> => {
    for (const [i, item] of left) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, next));
  return results;
}

async function finished(deps: ActDeps, id: string, asker: Permitted): Promise<Rollout> {
  const rollout = await drivable(deps, id, asker);
  if (finalStates.has(rollout.state)) return rollout;
  throw new Problem("rollouts_not_possible", {
    kind: "conflict",
    say: `This rollout is ${rollout.state.replaceAll("_", " ")}; wait until it is done, or abort it first.`,
  });
}

async function proposeAgain(
  deps: ActDeps,
  parts: { rollout: Rollout; changes: Change[]; origin: string; title: string },
  { asker, reason }: Wish,
): Promise<Rollout> {
  const { rollout, changes, origin, title } = parts;
  if (changes.length === 0)
    throw new Problem("rollouts_plan_empty", { kind: "conflict", say: "There is nothing to do: every target has that already." });
  const { strategies, limits } = await deps.plans.get(rollout.planId, asker, "rollouts:operate");
  const plan = await inTransaction(deps.db, (tx) =>
    deps.proposePlan(tx, { origin, title, strategies, limits, createdBy: asker.actor, changes, unchanged: 0, problems: [] }, asker),
  );
  return deps.propose(
    {
      planId: plan.id,
      planHash: plan.hash,
      strategy: rollout.strategy,
      strategyFrom: rollout.strategyFrom,
      limits: rollout.limits,
      // What had to be approved does not get past that under another name.
      requireApproval: rollout.requireApproval,
      revertOf: rollout.id,
      ...(reason === undefined ? {} : { reason }),
    },
    asker,
  );
}
