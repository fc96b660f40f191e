/** What each state looks like: a shape, a tone and a word. One table, so that a state looks the same on every screen. */
import type { Device, Finding, OutcomeKind, RolloutState, RolloutTarget, Severity, targetStates } from "@holdfast/contract";

export type Tone = "ok" | "warn" | "bad" | "hot" | "note" | "mute" | "accent";
export type Shape =
  | "check"
  | "cross"
  | "alert"
  | "diamond"
  | "up"
  | "down"
  | "square"
  | "dot"
  | "ring"
  | "dashed"
  | "question"
  | "quarter"
  | "half"
  | "most"
  | "spin"
  | "pause"
  | "back"
  | "clock"
  | "skip"
  | "person";

export interface Look {
  tone: Tone;
  shape: Shape;
  word: string;
}

const look = (tone: Tone, shape: Shape, word: string): Look => ({ tone, shape, word });

export const driftLooks: Record<Device["drift"], Look> = {
  as_intended: look("ok", "check", "as intended"),
  drifted: look("warn", "alert", "drifted"),
  unknown: look("mute", "question", "unknown"),
};

/** Whether a device answers, as last seen. */
export function reachLook(reachable: boolean | undefined): Look {
  if (reachable === undefined) return look("mute", "dashed", "never tried");
  return reachable ? look("ok", "dot", "answers") : look("bad", "cross", "unreachable");
}

export const severityLooks: Record<Severity, Look> = {
  critical: look("bad", "diamond", "critical"),
  high: look("hot", "up", "high"),
  medium: look("warn", "square", "medium"),
  low: look("note", "down", "low"),
  info: look("mute", "dot", "info"),
};

export const findingLooks: Record<Finding["state"], Look> = {
  open: look("bad", "ring", "open"),
  acknowledged: look("accent", "person", "acknowledged"),
  suppressed: look("mute", "pause", "suppressed"),
  resolved: look("ok", "check", "resolved"),
};

export const rolloutLooks: Record<RolloutState, Look> = {
  awaiting_approval: look("warn", "person", "awaiting approval"),
  ready: look("note", "dashed", "ready"),
  running: look("accent", "spin", "running"),
  paused: look("warn", "pause", "paused"),
  reverting: look("hot", "back", "reverting"),
  succeeded: look("ok", "check", "succeeded"),
  reverted: look("hot", "back", "reverted"),
  needs_attention: look("bad", "alert", "needs attention"),
};

export const outcomeLooks: Record<OutcomeKind, Look> = {
  applied: look("ok", "check", "applied"),
  unchanged: look("mute", "check", "unchanged"),
  unreachable: look("bad", "question", "unreachable"),
  refused: look("bad", "skip", "refused"),
  failed: look("bad", "cross", "failed"),
  reverted: look("hot", "back", "reverted"),
  unknown: look("bad", "question", "given up"),
};

type TargetState = (typeof targetStates)[number];
export const targetLooks: Record<TargetState, Look> = {
  waiting: look("mute", "ring", "waiting"),
  preparing: look("accent", "quarter", "preparing"),
  applying: look("accent", "half", "applying"),
  verifying: look("accent", "most", "verifying"),
  confirming: look("accent", "spin", "confirming"),
  done: look("ok", "check", "done"),
  reverting: look("hot", "back", "reverting"),
  pending_revert: look("bad", "alert", "revert pending"),
};

/** A target while it moves is its state; once it rests, its outcome. `over`: its wave will not come any more. */
export function targetLook(target: Pick<RolloutTarget, "state" | "outcome">, over = false): Look {
  if (target.state === "waiting" && over) return look("mute", "skip", "not touched");
  if (target.state === "done" && target.outcome !== undefined) return outcomeLooks[target.outcome];
  return targetLooks[target.state];
}

export type WaveState = "waiting" | "running" | "baking" | "passed" | "failed" | "skipped";
export const waveLooks: Record<WaveState, Look> = {
  waiting: look("mute", "ring", "waiting"),
  running: look("accent", "spin", "running"),
  baking: look("accent", "clock", "being watched"),
  passed: look("ok", "check", "passed"),
  failed: look("bad", "cross", "failed"),
  skipped: look("mute", "skip", "skipped"),
};

/** A condition of a gate; `undefined` is not known yet. */
export function gateLook(ok: boolean | undefined): Look {
  if (ok === undefined) return look("mute", "dashed", "not known yet");
  return ok ? look("ok", "check", "holds") : look("bad", "cross", "does not hold");
}
