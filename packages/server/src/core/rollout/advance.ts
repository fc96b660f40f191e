/** The rollout's state machine. Pure: state + event + time → state. What to do next is in work.ts. */
import { Problem } from "@holdfast/kit";
import type { OutcomeKind } from "@holdfast/contract";
import type { Applied, Confirmed, Prepared, Reverted, Verified } from "./change.ts";
import type { Machine, RolloutEvent, Step, TargetMachine, TargetState, WaveMachine } from "./machine.ts";

/** How often an apply that a crash interrupted is begun again before it counts as failed. */
const mostInterruptions = 3;
/** While a wave bakes, its gate is looked at this often. */
const gateEveryMs = 5000;

const stateOfStep: Record<Step, TargetState> = {
  prepare: "preparing",
  apply: "applying",
  verify: "verifying",
  confirm: "confirming",
  revert: "reverting",
};

/** @throws Problem `rollouts_not_possible` for a person's act that the state does not allow. */
export function advance(machine: Machine, event: RolloutEvent, nowMs: number): Machine {
  return settle(react(machine, event, nowMs), nowMs);
}

function react(machine: Machine, event: RolloutEvent, nowMs: number): Machine {
  switch (event.kind) {
    case "approved":
      expectState(machine, "approve", ["awaiting_approval"]);
      return { ...machine, state: machine.autoStart ? "running" : "ready" };
    case "started":
      expectState(machine, "start", ["ready"]);
      return { ...machine, state: "running" };
    case "paused":
      expectState(machine, "pause", ["running"]);
      return { ...machine, state: "paused" };
    case "resumed":
      expectState(machine, "resume", ["paused"]);
      return { ...machine, state: "running" };
    case "retried":
      expectState(machine, "retry", ["needs_attention"]);
      return retryNow(machine, nowMs);
    case "aborted":
      expectState(machine, "abort", ["awaiting_approval", "ready", "running", "paused"]);
      return halt(machine, event.say);
    case "begun":
      return begin(machine, event.target, event.step);
    case "prepared":
      return onTarget(machine, event.target, (target) => prepared(machine, target, event.result));
    case "applied":
      return onTarget(machine, event.target, (target) => applied(machine, target, event.result));
    case "verified":
      return onTarget(machine, event.target, (target) => verified(machine, target, event.result));
    case "confirmed":
      return onTarget(machine, event.target, (target) => confirmed(machine, target, event.result));
    case "reverted":
      return onTarget(machine, event.target, (target) => reverted(machine, target, event.result, nowMs));
    case "remembered":
      return onTarget(machine, event.target, (target) => setTarget(machine, target, { memo: event.memo }));
    case "interrupted":
      return onTarget(machine, event.target, (target) => pickUp(machine, target));
    case "gate_begun":
      return setWave(machine, event.wave, { gateBusy: true });
    case "gate_interrupted":
      return setWave(machine, event.wave, { gateBusy: false });
    case "gated":
      return gated(machine, event, nowMs);
    case "recovered":
      return recovered(machine);
  }
}

function expectState(machine: Machine, act: string, states: Machine["state"][]): void {
  if (states.includes(machine.state)) return;
  throw new Problem("rollouts_not_possible", {
    kind: "conflict",
    say: `This rollout is ${machine.state.replaceAll("_", " ")}; only one that is ${states.join(" or ").replaceAll("_", " ")} can be told to ${act}.`,
  });
}

function begin(machine: Machine, id: string, step: Step): Machine {
  const touch = step === "apply";
  const next = onTarget(machine, id, (target) =>
    setTarget(machine, target, {
      state: stateOfStep[step],
      busy: true,
      ...(touch ? { touched: true, touchOrder: machine.touches + 1, side: "unknown" as const } : {}),
    }),
  );
  return touch ? { ...next, touches: machine.touches + 1 } : next;
}

function prepared(machine: Machine, target: TargetMachine, result: Prepared): Machine {
  if (machine.state !== "running") return setTarget(machine, target, { state: "waiting", busy: false });
  switch (result.outcome) {
    case "ready":
      return setTarget(machine, target, { state: "applying", busy: false, memo: result.memo });
    case "unchanged":
      return setTarget(machine, target, { state: "done", busy: false, outcome: "unchanged", side: "new" });
    default:
      return fail(machine, target, { outcome: result.outcome, say: result.say, touched: false });
  }
}

function applied(machine: Machine, target: TargetMachine, result: Applied): Machine {
  if (result.outcome !== "applied") return fail(machine, target, result);
  return goOn(machine, target, { state: "verifying", busy: false });
}

function verified(machine: Machine, target: TargetMachine, result: Verified): Machine {
  if (!result.ok) return fail(machine, target, { outcome: "failed", say: result.say, touched: true });
  return goOn(machine, target, { state: "confirming", busy: false });
}

function confirmed(machine: Machine, target: TargetMachine, result: Confirmed): Machine {
  if (!result.ok) return fail(machine, target, { outcome: "failed", say: result.say, touched: true });
  return goOn(machine, target, { state: "done", busy: false, outcome: "applied", side: "new" });
}

/** The next state of a touched target, unless the rollout is on its way back: then it goes back as well. */
function goOn(machine: Machine, target: TargetMachine, next: Partial<TargetMachine>): Machine {
  return setTarget(machine, target, machine.state === "reverting" ? { state: "reverting", busy: false } : next);
}

interface Failure {
  outcome: OutcomeKind;
  say: string;
  touched: boolean;
}

function fail(machine: Machine, target: TargetMachine, failure: Failure): Machine {
  const next = setTarget(machine, target, {
    state: failure.touched ? "reverting" : "done",
    busy: false,
    touched: failure.touched,
    outcome: failure.outcome,
    say: failure.say,
    redo: false,
    side: failure.touched ? "unknown" : "old",
  });
  return tolerable(next, target.wave) ? next : halt(next, `${target.name}: ${failure.say}`);
}

/** True while enough of a wave's targets are healthy. */
function tolerable(machine: Machine, index: number): boolean {
  if (machine.state === "reverting") return true;
  const wave = machine.waves[index];
  if (!wave) return false;
  const failing = wave.targets.filter((id) => isFailing(machine.targets[id])).length;
  return failing === 0 || (100 * (wave.targets.length - failing)) / wave.targets.length >= Math.max(wave.healthyPercent, 1e-9);
}

function isFailing(target: TargetMachine | undefined): boolean {
  return target?.outcome !== undefined && target.outcome !== "applied" && target.outcome !== "unchanged";
}

/** Stops going forward; all that was touched goes back. */
function halt(machine: Machine, reason: string): Machine {
  if (machine.state === "reverting") return machine;
  const targets = Object.fromEntries(Object.values(machine.targets).map((target) => [target.id, turnBack(target)]));
  const waves = machine.waves.map((wave) => ({ ...wave, state: haltedWave(wave.state) }));
  return { ...machine, state: "reverting", haltReason: reason, targets, waves };
}

function haltedWave(state: WaveMachine["state"]): WaveMachine["state"] {
  return state === "waiting" ? "skipped" : state === "running" || state === "baking" ? "failed" : state;
}

function turnBack(target: TargetMachine): TargetMachine {
  if (target.busy || target.state === "pending_revert") return target;
  if (target.touched) return { ...target, state: "reverting", redo: false };
  return target.state === "applying" ? { ...target, state: "waiting" } : target;
}

function reverted(machine: Machine, target: TargetMachine, result: Reverted, nowMs: number): Machine {
  if (!result.ok) {
    const tries = target.revertTries + 1;
    return setTarget(machine, target, {
      state: "pending_revert",
      busy: false,
      outcome: result.unreachable ? "unreachable" : "failed",
      say: result.say,
      side: "unknown",
      revertTries: tries,
      retryAtMs: nowMs + Math.min(30_000, 500 * 2 ** Math.min(tries, 10)),
    });
  }
  const back: Partial<TargetMachine> = { busy: false, touched: false, side: "old", revertTries: 0 };
  if (target.redo && machine.state !== "reverting" && machine.state !== "needs_attention") {
    return setTarget(machine, target, { ...back, state: "waiting", redo: false });
  }
  return setTarget(machine, target, { ...back, state: "done", outcome: "reverted", redo: false });
}

function retryNow(machine: Machine, nowMs: number): Machine {
  const waiting = Object.values(machine.targets).filter((target) => target.state === "pending_revert" && !target.busy);
  return waiting.reduce((next, target) => setTarget(next, target, { retryAtMs: nowMs }), machine);
}

function gated(machine: Machine, event: Extract<RolloutEvent, { kind: "gated" }>, nowMs: number): Machine {
  const wave = machine.waves[event.wave];
  const seen = setWave(machine, event.wave, { gateBusy: false, gate: event.gate });
  if (!wave || wave.state !== "baking") return seen;
  if (event.failing.length > 0) return gateFailed(seen, event.failing);
  if (nowMs >= (wave.bakeUntilMs ?? 0)) return setWave(seen, event.wave, { state: "passed" });
  return setWave(seen, event.wave, { gateAtMs: Math.min(wave.bakeUntilMs ?? 0, nowMs + gateEveryMs) });
}

function gateFailed(machine: Machine, failing: { target: string; say: string }[]): Machine {
  let next = machine;
  for (const { target: id, say } of failing) {
    next = onTarget(next, id, (target) => setTarget(next, target, { say, outcome: "failed" }));
  }
  return halt(next, failing.map(({ target, say }) => `${machine.targets[target]?.name ?? target}: ${say}`).join("; "));
}

function recovered(machine: Machine): Machine {
  let next: Machine = { ...machine, waves: machine.waves.map((wave) => ({ ...wave, gateBusy: false })) };
  for (const target of Object.values(machine.targets)) next = pickUp(next, target);
  return next;
}

function pickUp(machine: Machine, target: TargetMachine): Machine {
  if (target.state === "preparing" || (target.state === "applying" && !target.busy)) {
    return setTarget(machine, target, { state: "waiting", busy: false });
  }
  if (!target.busy) return machine;
  if (target.state !== "applying") return goOn(machine, target, { busy: false });
  const interruptions = target.interruptions + 1;
  if (interruptions > mostInterruptions) {
    return fail(machine, target, {
      outcome: "failed",
      say: `the controller stopped ${interruptions} times while changing it`,
      touched: true,
    });
  }
  return setTarget(machine, target, { state: "reverting", busy: false, redo: true, interruptions });
}

/** What follows by itself: the next wave, the bake, the end. */
function settle(machine: Machine, nowMs: number): Machine {
  if (machine.state === "running") return settleWaves(machine, nowMs);
  if (machine.state === "reverting" || machine.state === "needs_attention") return settleEnd(machine);
  return machine;
}

function settleWaves(machine: Machine, nowMs: number): Machine {
  const index = machine.waves.findIndex((wave) => wave.state !== "passed");
  const wave = machine.waves[index];
  if (!wave) return settleEnd(machine);
  if (wave.state === "waiting") return setWave(machine, index, { state: "running", startedAtMs: nowMs });
  const open = wave.targets.some((id) => !isSettled(machine.targets[id]));
  if (wave.state !== "running" || open) return machine;
  const bakeUntilMs = nowMs + wave.bakeMs;
  return setWave(machine, index, { state: "baking", bakeUntilMs, gateAtMs: Math.min(bakeUntilMs, nowMs + gateEveryMs) });
}

function isSettled(target: TargetMachine | undefined): boolean {
  return target === undefined || target.state === "done" || target.state === "pending_revert";
}

function settleEnd(machine: Machine): Machine {
  const targets = Object.values(machine.targets);
  if (targets.some((target) => target.busy || target.state === "reverting")) return machine;
  if (targets.some((target) => target.state === "pending_revert")) return { ...machine, state: "needs_attention" };
  return { ...machine, state: machine.haltReason === undefined ? "succeeded" : "reverted" };
}

function onTarget(machine: Machine, id: string, change: (target: TargetMachine) => Machine): Machine {
  const target = machine.targets[id];
  return target ? change(target) : machine;
}

function setTarget(machine: Machine, target: TargetMachine, next: Partial<TargetMachine>): Machine {
  return { ...machine, targets: { ...machine.targets, [target.id]: { ...target, ...next } } };
}

function setWave(machine: Machine, index: number, next: Partial<WaveMachine>): Machine {
  return { ...machine, waves: machine.waves.map((wave, i) => (i === index ? { ...wave, ...next } : wave)) };
}
