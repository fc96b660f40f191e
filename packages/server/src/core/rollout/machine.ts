/** A rollout as data: what `advance` moves from state to state and the journal makes last. */
import type { OutcomeKind, RolloutState } from "@holdfast/contract";
import type { Applied, Confirmed, GateResult, Prepared, Reverted, Target, Verified } from "./change.ts";
import type { WavePlan } from "./waves.ts";

export type Step = "prepare" | "apply" | "verify" | "confirm" | "revert";

export type TargetState = "waiting" | "preparing" | "applying" | "verifying" | "confirming" | "done" | "reverting" | "pending_revert";

export interface TargetMachine {
  id: string;
  name: string;
  wave: number;
  state: TargetState;
  /** A step of it is in flight. */
  busy: boolean;
  /** It may differ from before. */
  touched: boolean;
  /** Its place in the order in which targets were touched; 0 when never. */
  touchOrder: number;
  side: "old" | "new" | "unknown";
  outcome?: OutcomeKind;
  say?: string;
  /** What the carrier's `prepare` gave or a later step remembered, for the steps after it. */
  memo?: unknown;
  /** Once it is back to old, it begins again: a crash, not a failure, led here. */
  redo: boolean;
  /** How often a crash interrupted its `apply`. */
  interruptions: number;
  revertTries: number;
  retryAtMs?: number;
}

export interface WaveMachine extends WavePlan {
  state: "waiting" | "running" | "baking" | "passed" | "failed" | "skipped";
  startedAtMs?: number;
  bakeUntilMs?: number;
  /** When the gate is looked at next. */
  gateAtMs?: number;
  gateBusy: boolean;
  gate: GateResult[];
}

export interface Machine {
  state: RolloutState;
  /** Starts by itself once nothing holds it back. */
  autoStart: boolean;
  /** Most targets with a step in flight. */
  parallel: number;
  waves: WaveMachine[];
  targets: Record<string, TargetMachine>;
  /** How many touches there were; gives the next `touchOrder`. */
  touches: number;
  haltReason?: string;
}

export type RolloutEvent =
  /** `retried`: what could not be brought back is tried again now. */
  | { kind: "approved" | "started" | "paused" | "resumed" | "retried" }
  | { kind: "aborted"; say: string }
  | { kind: "begun"; target: string; step: Step }
  | { kind: "prepared"; target: string; result: Prepared }
  | { kind: "applied"; target: string; result: Applied }
  | { kind: "verified"; target: string; result: Verified }
  | { kind: "confirmed"; target: string; result: Confirmed }
  | { kind: "reverted"; target: string; result: Reverted }
  /** A step in flight wants this known by the steps after it, whatever becomes of it. */
  | { kind: "remembered"; target: string; memo: unknown }
  /** What became of the step in flight is not known, through a fault of our own: as after a crash, but for this target alone. */
  | { kind: "interrupted"; target: string }
  | { kind: "gate_begun" | "gate_interrupted"; wave: number }
  | { kind: "gated"; wave: number; gate: GateResult[]; failing: { target: string; say: string }[] }
  /** A controller took the rollout over: nothing is in flight any more, and what was may or may not have happened. */
  | { kind: "recovered" };

export type Work = { do: "step"; step: Step; target: string } | { do: "gate"; wave: number };

export interface NewMachine {
  targets: Target[];
  waves: WavePlan[];
  parallel: number;
  requireApproval: boolean;
  autoStart: boolean;
}

/** A rollout that has touched nothing yet. */
export function newMachine(parts: NewMachine): Machine {
  const byId = new Map(parts.targets.map((target) => [target.id, target]));
  const targets: Record<string, TargetMachine> = {};
  parts.waves.forEach((wave, index) => {
    for (const id of wave.targets) targets[id] = newTarget(id, byId.get(id)?.name ?? id, index);
  });
  return {
    state: parts.requireApproval ? "awaiting_approval" : parts.autoStart ? "running" : "ready",
    autoStart: parts.autoStart,
    parallel: parts.parallel,
    waves: parts.waves.map((wave) => ({ ...wave, state: "waiting", gateBusy: false, gate: [] })),
    targets,
    touches: 0,
  };
}

function newTarget(id: string, name: string, wave: number): TargetMachine {
  return {
    id,
    name,
    wave,
    state: "waiting",
    busy: false,
    touched: false,
    touchOrder: 0,
    side: "old",
    redo: false,
    interruptions: 0,
    revertTries: 0,
  };
}

export const finalStates: ReadonlySet<RolloutState> = new Set(["succeeded", "reverted"]);
