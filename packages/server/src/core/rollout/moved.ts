/** What follows from every move of a rollout, in its transaction: events for who cares, metrics. */
import type { Clock } from "@holdfast/kit";
import { publish } from "#platform/events";
import type { Tx } from "#platform/db";
import type { Audit } from "#core/audit";
import { finalStates, type Machine } from "./machine.ts";
import type { RolloutRow } from "./store.ts";
import { countTargets, sayRollout } from "./view.ts";

/** Names of the source system where it names one. */
export interface RolloutMetrics {
  /** `catnet_deployment_duration_seconds{strategy,result}` */
  duration(labels: { strategy: string; result: string }, seconds: number): void;
  /** `catnet_deployments_total{status}` */
  ended(status: string): void;
}

export interface Move {
  row: RolloutRow;
  before: Machine;
  after: Machine;
}

export function createMoved(deps: { clock: Clock; audit: Audit; metrics: RolloutMetrics }) {
  return async (tx: Tx, { row, before, after }: Move): Promise<void> => {
    const subject = `rollout:${row.id}`;
    for (const target of Object.values(after.targets)) {
      if (target === before.targets[target.id]) continue;
      const { id, name, wave, state, outcome, side, say } = target;
      await publish(tx, {
        type: "rollout.target.changed",
        subject,
        payload: { target: id, targetName: name, wave, state, outcome, side, say },
      });
    }
    if (after.state === before.state && after.waves === before.waves) return;
    const payload = { state: after.state, title: row.title, say: sayRollout(after), counts: countTargets(after) };
    await publish(tx, { type: "rollout.rollout.changed", subject, payload });
    if (after.state === before.state) return;
    if (!finalStates.has(after.state) && after.state !== "needs_attention") return;
    await publish(tx, {
      type: "rollout.rollout.ended",
      subject,
      payload: { ...payload, planId: row.plan_id, targets: Object.keys(after.targets) },
    });
    await deps.audit.record(tx, {
      actor: "system:rollout",
      action: "rollout.rollout.end",
      subject,
      after: { state: after.state, counts: countTargets(after), haltReason: after.haltReason },
    });
    deps.metrics.ended(after.state);
    if (row.started_at)
      deps.metrics.duration({ strategy: row.strategy.kind, result: after.state }, (deps.clock.now() - row.started_at.getTime()) / 1000);
  };
}
