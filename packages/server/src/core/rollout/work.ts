/** What a rollout wants done now, from its state alone: whoever holds the rollout does it. Pure. */
import { isBetween, withoutPartners } from "./groups.ts";
import type { Machine, Step, TargetMachine, TargetState, Work } from "./machine.ts";

const nextStep: Partial<Record<TargetState, Step>> = {
  waiting: "prepare",
  applying: "apply",
  verifying: "verify",
  confirming: "confirm",
  reverting: "revert",
  pending_revert: "revert",
};

/** Work that may begin now; never more than `parallel` targets in flight. */
export function workOf(machine: Machine, nowMs: number): Work[] {
  const room = machine.parallel - Object.values(machine.targets).filter((target) => inFlight(target)).length;
  const targets = withoutPartners(machine, candidates(machine, nowMs));
  // A target that is on its way already does not need room of its own.
  const going = targets.filter((target) => inFlight(target));
  const fresh = targets.filter((target) => !inFlight(target)).slice(0, Math.max(0, room));
  const steps = [...going, ...fresh].flatMap((target): Work[] => {
    const step = nextStep[target.state];
    return step === undefined ? [] : [{ do: "step", step, target: target.id }];
  });
  return [...steps, ...gates(machine, nowMs)];
}

/** When to look again although nothing happens; undefined when only an event can bring work. */
export function wakeAt(machine: Machine): number | undefined {
  const times = Object.values(machine.targets).flatMap((target) =>
    target.state === "pending_revert" && !target.busy && target.retryAtMs !== undefined ? [target.retryAtMs] : [],
  );
  if (machine.state === "running") {
    for (const wave of machine.waves)
      if (wave.state === "baking" && !wave.gateBusy && wave.gateAtMs !== undefined) times.push(wave.gateAtMs);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Between two steps of the way forward, or with a step in flight. */
function inFlight(target: TargetMachine): boolean {
  return target.busy || target.state === "applying" || target.state === "verifying" || target.state === "confirming";
}

function candidates(machine: Machine, nowMs: number): TargetMachine[] {
  const idle = Object.values(machine.targets).filter((target) => !target.busy);
  const backward = reverts(machine, idle, nowMs);
  if (machine.state === "running") {
    const wave = machine.waves.findIndex((one) => one.state === "running");
    return [...backward, ...idle.filter((target) => target.wave === wave && forward(target))];
  }
  if (machine.state === "paused") return [...backward, ...idle.filter((target) => target.touched && forward(target))];
  return backward;
}

function forward(target: TargetMachine): boolean {
  return target.state === "waiting" || target.state === "applying" || target.state === "verifying" || target.state === "confirming";
}

/**
 * Newest touch first; an older wave waits until the newer one is back. What cannot be reached holds up nobody, and what is between old
 * and new already waits for nobody: its redundancy group waits for it.
 */
function reverts(machine: Machine, idle: TargetMachine[], nowMs: number): TargetMachine[] {
  const newest = Math.max(-1, ...Object.values(machine.targets).flatMap((target) => (goesBack(machine, target) ? [target.wave] : [])));
  const now = idle.filter((target) => target.state === "reverting" && (target.wave === newest || isBetween(target)));
  const again = idle.filter((target) => target.state === "pending_revert" && (target.retryAtMs ?? 0) <= nowMs);
  return [...now.sort((a, b) => b.touchOrder - a.touchOrder), ...again];
}

/** On its way back, or will be when its step in flight ends. */
function goesBack(machine: Machine, target: TargetMachine): boolean {
  return target.state === "reverting" || (machine.state === "reverting" && target.busy && target.touched);
}

function gates(machine: Machine, nowMs: number): Work[] {
  if (machine.state !== "running") return [];
  return machine.waves.flatMap((wave, index): Work[] =>
    wave.state === "baking" && !wave.gateBusy && nowMs >= (wave.gateAtMs ?? 0) ? [{ do: "gate", wave: index }] : [],
  );
}
