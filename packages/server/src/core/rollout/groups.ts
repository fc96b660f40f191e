/** Redundancy groups: of one group never two targets are between old and new at one time, whichever rollouts they are in. Pure. */
import type { Machine, TargetMachine } from "./machine.ts";

/** The target that a group waits for. */
export interface GroupMember {
  name: string;
  /** The rollout that changes it, when it is another one. */
  rollout?: string;
}

/** True from the first step that may change a target until it is known to be old or new, or is given up. */
export function isBetween(target: TargetMachine): boolean {
  if (target.busy) return true;
  if (target.state === "reverting") return target.side === "unknown";
  return target.state !== "waiting" && target.state !== "done";
}

/** Which groups have a member between old and new, and which member; that of another rollout as far as it was seen. */
export function takenGroups(machine: Machine): Map<string, GroupMember> {
  const taken = new Map<string, GroupMember>(Object.entries(machine.takenElsewhere ?? {}));
  for (const target of Object.values(machine.targets))
    if (target.group !== undefined && isBetween(target)) taken.set(target.group, { name: target.name });
  return taken;
}

/** Those that may begin: what is between already goes on, and of each free group the first one begins. */
export function withoutPartners(machine: Machine, targets: TargetMachine[]): TargetMachine[] {
  const taken = new Set(takenGroups(machine).keys());
  return targets.filter((target) => {
    if (target.group === undefined || isBetween(target)) return true;
    if (taken.has(target.group)) return false;
    taken.add(target.group);
    return true;
  });
}

/** Why each target that would go on now does not, by its id. */
export function sayWaits(machine: Machine): Map<string, string> {
  const taken = takenGroups(machine);
  const wave = machine.state === "running" ? machine.waves.findIndex((one) => one.state === "running") : -1;
  const waits = new Map<string, string>();
  for (const target of Object.values(machine.targets)) {
    const member = target.group === undefined ? undefined : taken.get(target.group);
    const due = target.state === "reverting" || (target.state === "waiting" && target.wave === wave);
    if (member === undefined || !due || isBetween(target)) continue;
    const who = member.rollout === undefined ? "is not done yet" : `is being changed by rollout ${member.rollout}`;
    waits.set(target.id, `waits for ${member.name}, of the same redundancy group (${target.group}), which ${who}`);
  }
  return waits;
}
