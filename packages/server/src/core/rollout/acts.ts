/** What people do to a rollout: approve, start, pause, resume, abort, retry, roll back. Each is one audited transaction. */
import { Problem, type Clock } from "@holdfast/kit";
import type { Plan, Rollout } from "@holdfast/contract";
import { inTransaction, type Db, type Tx } from "#platform/db";
import type { Audit } from "#core/audit";
import { advance } from "./advance.ts";
import type { Carrier, Change } from "./change.ts";
import type { Asker, NewRollout } from "./index.ts";
import { finalStates, type RolloutEvent } from "./machine.ts";
import type { createMoved } from "./moved.ts";
import type { createPlans, NewPlan } from "./plans.ts";
import { loadRollout, transition } from "./store.ts";

/** Each act answers with the rollout as it is then; an act that its state does not allow is a `rollouts_not_possible` conflict. */
export interface Acts {
  /** @throws Problem `rollouts_own_approval` when the approver proposed it. */
  approve(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  begin(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  pause(id: string, asker: Asker, reason?: string): Promise<Rollout>;
  resume(id: string, asker: Asker, reason?: string): Promise<Rollout>;
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
  get(id: string): Promise<Rollout>;
  propose(rollout: NewRollout, asker: Asker): Promise<Rollout>;
  proposePlan(tx: Tx, plan: NewPlan, asker: Asker): Promise<Plan>;
  wake(): void;
}

export function createActs(deps: ActDeps): Acts {
  const act =
    (verb: string, eventOf: (asker: Asker, reason?: string) => RolloutEvent) =>
    async (id: string, asker: Asker, reason?: string): Promise<Rollout> => {
      await inTransaction(deps.db, async (tx) => {
        const at = new Date(deps.clock.now());
        const move = await transition(tx, {
          id,
          at,
          lines: [{ step: "rollout", phase: "note", say: `${verb} by ${asker.actor}${reason === undefined ? "" : `: ${reason}`}` }],
          move: (machine, row) => {
            if (verb === "approve") refuseOwn(row.created_by, asker);
            return advance(machine, eventOf(asker, reason), at.getTime());
          },
          ...(verb === "approve" ? { set: { approved_by: asker.actor } } : {}),
        });
        const [before, after] = [{ state: move.before.state }, { state: move.after.state }];
        await deps.audit.record(tx, { ...asker, action: `rollout.rollout.${verb}`, subject: `rollout:${id}`, before, after, reason });
        await deps.moved(tx, move);
      });
      deps.wake();
      return deps.get(id);
    };
  const retryNow = act("retry", () => ({ kind: "retried" }));
  return {
    approve: act("approve", () => ({ kind: "approved" })),
    begin: act("start", () => ({ kind: "started" })),
    pause: act("pause", () => ({ kind: "paused" })),
    resume: act("resume", () => ({ kind: "resumed" })),
    abort: act("abort", (asker, reason) => ({
      kind: "aborted",
      say: `aborted by ${asker.actor}${reason === undefined ? "" : `: ${reason}`}`,
    })),
    retry: async (id, asker, reason) =>
      (await deps.get(id)).state === "needs_attention" ? retryNow(id, asker, reason) : again(deps, id, { asker, reason }),
    rollback: (id, asker, reason) => back(deps, id, { asker, reason }),
  };
}

function refuseOwn(author: string, asker: Asker): void {
  if (author !== asker.actor) return;
  throw new Problem("rollouts_own_approval", { kind: "forbidden", say: "You proposed this rollout; somebody else has to approve it." });
}

interface Wish {
  asker: Asker;
  reason: string | undefined;
}

async function again(deps: ActDeps, id: string, wish: Wish): Promise<Rollout> {
  const rollout = await finished(deps, id);
  const missing = new Set(rollout.targets.filter((target) => target.side !== "new").map((target) => target.target));
  const changes = (await deps.plans.changes(rollout.planId)).filter((change) => missing.has(change.target.id));
  return proposeAgain(deps, { rollout, changes, origin: `retry:${id}`, title: `Retry: ${rollout.title}` }, wish);
}

async function back(deps: ActDeps, id: string, wish: Wish): Promise<Rollout> {
  const rollout = await finished(deps, id);
  const loaded = await loadRollout(deps.db, id);
  const touched = new Set(rollout.targets.filter((target) => target.outcome === "applied").map((target) => target.target));
  const problems: Plan["problems"] = [];
  const changes: Change[] = [];
  for (const change of await deps.plans.changes(rollout.planId)) {
    if (!touched.has(change.target.id)) continue;
    const memo = loaded?.machine.targets[change.target.id]?.memo;
    const signal = AbortSignal.timeout(60_000);
    const way = await deps.carrierOf(change.kind).back({ rolloutId: id, change, memo, signal });
    if (!way.ok) problems.push({ target: change.target.id, targetName: change.target.name, code: "rollouts_no_way_back", say: way.say });
    else if (way.change) changes.push(way.change);
  }
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

async function finished(deps: ActDeps, id: string): Promise<Rollout> {
  const rollout = await deps.get(id);
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
  const { strategies, limits } = await deps.plans.get(rollout.planId);
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
      revertOf: rollout.id,
      ...(reason === undefined ? {} : { reason }),
    },
    asker,
  );
}
