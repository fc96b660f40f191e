/** A rollout as the wire shows it, with the sentence that answers "how is it going?". Pure. */
import type { Rollout, RolloutTarget } from "@holdfast/contract";
import type { Machine, TargetMachine, WaveMachine } from "./machine.ts";
import type { RolloutRow } from "./store.ts";

export interface TargetPlace {
  target_id: string;
  site: string | null;
  updated_at: Date | null;
}

const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());
/** An object without its undefined members, as exact optional types want it. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function rolloutHead(row: RolloutRow): Omit<Rollout, "waves" | "targets" | "counts" | "say"> {
  return {
    id: row.id,
    planId: row.plan_id,
    planHash: row.plan_hash,
    title: row.title,
    state: row.state,
    strategy: row.strategy,
    limits: row.limits,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    etag: String(row.version),
    ...(row.approved_by === null ? {} : { approvedBy: row.approved_by }),
    ...(row.started_at === null ? {} : { startedAt: row.started_at.toISOString() }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.halt_reason === null ? {} : { haltReason: row.halt_reason }),
    ...(row.strategy_from === null ? {} : { strategyFrom: row.strategy_from }),
    ...(row.revert_of === null ? {} : { revertOf: row.revert_of }),
  };
}

export function rolloutView(row: RolloutRow, machine: Machine, places: TargetPlace[]): Rollout {
  return {
    ...rolloutHead(row),
    waves: machine.waves.map(waveView),
    targets: places.flatMap((place) => {
      const target = machine.targets[place.target_id];
      return target ? [targetView(target, place)] : [];
    }),
    counts: countTargets(machine),
    say: sayRollout(machine),
  };
}

function waveView(wave: WaveMachine, index: number): Rollout["waves"][number] {
  return {
    index,
    targets: wave.targets,
    bakeMs: wave.bakeMs,
    state: wave.state,
    gate: wave.gate,
    ...present({ startedAt: iso(wave.startedAtMs), bakeUntil: iso(wave.bakeUntilMs) }),
  };
}

function targetView(target: TargetMachine, place: TargetPlace): RolloutTarget {
  return {
    target: target.id,
    targetName: target.name,
    wave: target.wave,
    state: target.state,
    side: target.side,
    ...present({ site: place.site ?? undefined, outcome: target.outcome, say: target.say, updatedAt: place.updated_at?.toISOString() }),
  };
}

/** How many targets have each outcome; `waiting` and `in_flight` for those without one. */
export function countTargets(machine: Machine): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const target of Object.values(machine.targets)) {
    const key = target.outcome ?? (target.state === "waiting" ? "waiting" : "in_flight");
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** The answer in one sentence. */
export function sayRollout(machine: Machine): string {
  const targets = Object.values(machine.targets);
  const all = targets.length;
  const changed = targets.filter((target) => target.side === "new").length;
  const pending = targets.filter((target) => target.state === "pending_revert");
  const because = machine.haltReason === undefined ? "" : ` (${machine.haltReason})`;
  switch (machine.state) {
    case "awaiting_approval":
      return `Waiting for an approval; nothing was touched (${count(all)}).`;
    case "ready":
      return `Ready to start; nothing was touched (${count(all)}).`;
    case "running":
      return `Wave ${currentWave(machine)} of ${machine.waves.length}: ${changed} of ${count(all)} changed.`;
    case "paused":
      return `Paused in wave ${currentWave(machine)} of ${machine.waves.length}: ${changed} of ${count(all)} changed.`;
    case "reverting":
      return `Halted${because}; going back.`;
    case "succeeded":
      return `Done: ${changed} of ${count(all)} ${all === 1 ? "has" : "have"} the change.`;
    case "reverted":
      return `Reverted${because}: ${all === 1 ? "the target has" : "all targets have"} what ${all === 1 ? "it" : "they"} had before.`;
    case "needs_attention":
      return `${pending.map(({ name }) => name).join(", ")} could not be brought back yet${because}; ${sayPending(pending)}`;
  }
}

/** Why, where it is not that nobody answers; and how it goes on. */
function sayPending(pending: TargetMachine[]): string {
  const stuck = pending.filter(({ outcome }) => outcome !== "unreachable");
  if (stuck.length === 0) return "it is tried again as soon as it answers.";
  const why = stuck.slice(0, 3).map(({ name, say = "" }) => (say.includes(name) ? say : `${name}: ${say}`));
  return `${[...why, ...(stuck.length > 3 ? [`${stuck.length - 3} more`] : [])].join(" ")} It is tried again by itself every half minute, and now with retry.`;
}

function count(targets: number): string {
  return targets === 1 ? "1 target" : `${targets} targets`;
}

function currentWave(machine: Machine): number {
  const index = machine.waves.findIndex((wave) => wave.state !== "passed");
  return index < 0 ? machine.waves.length : index + 1;
}
