/** For tests: the network as a rollout sees it, with carriers that fail in every way and a controller that can die at any moment. */
import fc from "fast-check";
import type { Strategy } from "@holdfast/contract";
import { advance } from "../src/core/rollout/advance.ts";
import type { Target } from "../src/core/rollout/change.ts";
import { isBetween } from "../src/core/rollout/groups.ts";
import { newMachine, type Machine, type RolloutEvent, type TargetMachine, type Work } from "../src/core/rollout/machine.ts";
import { cutWaves } from "../src/core/rollout/waves.ts";
import { wakeAt, workOf } from "../src/core/rollout/work.ts";

export const switchMs = 60_000;

/** A target as the network has it, with a dead-man's switch that goes by the world's clock. */
export interface Device {
  config: "old" | "half" | "new";
  /** What it boots with; `unsaved` before anybody saved: the old configuration without what somebody left out of it. */
  startup: "unsaved" | Device["config"];
  armedUntil?: number;
}
export type Fault = "none" | "before" | "half" | "lost" | "lie" | "unreachable";

/** Redundancy group → the target that is between old and new. */
export type Ledger = Map<string, { rollout: string; target: string }>;
class GroupBusy extends Error {}

/** Devices, carriers that fail in every way, a controller that can die at any moment. */
export class World {
  machine: Machine;
  now = 1000;
  devices: Record<string, Device> = {};
  inFlight: Work[] = [];
  readonly names: string[];
  private readonly rollout: string;
  private readonly ledger: Ledger;

  constructor(count: number, strategy: Strategy, parallel: number, more: { rollout?: string; groups?: number; ledger?: Ledger } = {}) {
    const { rollout = "t", groups } = more;
    this.rollout = rollout;
    this.ledger = more.ledger ?? new Map();
    const targets: Target[] = Array.from({ length: count }, (_, i) => {
      const [id, labels] = [`${rollout}${i}`, {}];
      return groups === undefined ? { id, name: id, labels } : { id, name: id, labels, redundancyGroup: `g${i % groups}` };
    });
    this.names = targets.map((target) => target.id);
    for (const id of this.names) this.devices[id] = { config: "old", startup: "unsaved" };
    this.machine = newMachine({ targets, waves: cutWaves(targets, strategy, {}), parallel, requireApproval: false, autoStart: true });
    this.happen({ kind: "recovered" });
  }

  happen(event: RolloutEvent): void {
    const after = advance(this.machine, event, this.now);
    for (const target of Object.values(after.targets)) this.account(target);
    this.machine = after;
  }

  /** As the database does: one target holds a group, in the same transaction. */
  private account(target: TargetMachine): void {
    if (target.group === undefined) return;
    const holder = this.ledger.get(target.group);
    if (!isBetween(target)) {
      if (holder?.target === target.id) this.ledger.delete(target.group);
      return;
    }
    if (holder !== undefined && holder.target !== target.id) throw new GroupBusy();
    this.ledger.set(target.group, { rollout: this.rollout, target: target.id });
  }

  /** Reads what other rollouts change; what is not read again may be out of date. */
  look(): void {
    const others = [...this.ledger].filter(([, holder]) => holder.rollout !== this.rollout);
    const takenElsewhere = Object.fromEntries(others.map(([group, { rollout, target }]) => [group, { name: target, rollout }]));
    this.machine = { ...this.machine, takenElsewhere };
  }

  /** Targets of a group which, as the network has it, are between old and new, or are being changed. */
  unsettled(): { id: string; group: string }[] {
    const touching = new Set(this.inFlight.flatMap((work) => (work.do === "step" && work.step !== "prepare" ? [work.target] : [])));
    return Object.values(this.machine.targets).flatMap(({ id, group, outcome }) => {
      const device = this.devices[id];
      const moving = touching.has(id) || device?.config === "half" || device?.armedUntil !== undefined;
      return group !== undefined && outcome !== "unknown" && moving ? [{ id, group }] : [];
    });
  }

  pass(ms: number): void {
    this.now += ms;
    for (const device of Object.values(this.devices)) {
      if (device.armedUntil !== undefined && device.armedUntil <= this.now) {
        device.config = "old";
        delete device.armedUntil;
      }
    }
  }

  /** Begins work `n` of what the engine wants; false when it wants nothing. */
  begin(n: number): boolean {
    const work = workOf(this.machine, this.now);
    const one = work[n % Math.max(1, work.length)];
    if (!one) return false;
    try {
      this.happen(one.do === "gate" ? { kind: "gate_begun", wave: one.wave } : { kind: "begun", target: one.target, step: one.step });
    } catch (thrown) {
      if (thrown instanceof GroupBusy) return false;
      throw thrown;
    }
    this.inFlight.push(one);
    return true;
  }

  /** A person gives up what can be given up. */
  giveUp(): void {
    for (const { id, state, revertTries } of Object.values(this.machine.targets))
      if (state === "pending_revert" || (state === "reverting" && revertTries > 0))
        this.happen({ kind: "given_up", target: id, say: "given up by user:ada: burnt" });
  }

  finish(n: number, fault: Fault): boolean {
    const [one] = this.inFlight.splice(n % Math.max(1, this.inFlight.length), 1);
    if (!one) return false;
    this.happen(one.do === "gate" ? this.gate(one.wave) : this.step(one.target, one.step, fault));
    return true;
  }

  /** Our own database is gone while a step is in flight: the network saw all, a part, or nothing of it, and we do not know. */
  lose(n: number, fate: Fault): void {
    const [one] = this.inFlight.splice(n % Math.max(1, this.inFlight.length), 1);
    if (!one) return;
    if (one.do === "gate") return this.happen({ kind: "gate_interrupted", wave: one.wave });
    if (fate !== "before") this.step(one.target, one.step, fate);
    this.happen({ kind: "interrupted", target: one.target });
  }

  /** The controller dies: of each step in flight, the network saw all, a part, or nothing. */
  crash(fates: Fault[]): void {
    this.inFlight.forEach((one, i) => {
      const fate = fates[i % Math.max(1, fates.length)] ?? "none";
      if (one.do === "step" && fate !== "before") this.step(one.target, one.step, fate);
    });
    this.inFlight = [];
    this.happen({ kind: "recovered" });
  }

  private gate(wave: number): RolloutEvent {
    const applied = Object.values(this.machine.targets).filter((target) => target.outcome === "applied");
    const failing = applied.filter(
      (target) => this.devices[target.id]!.config !== "new" || this.devices[target.id]!.armedUntil !== undefined,
    );
    return { kind: "gated", wave, gate: [], failing: failing.map((target) => ({ target: target.id, say: "is not as changed" })) };
  }

  private step(target: string, step: string, fault: Fault): RolloutEvent {
    const device = this.devices[target]!;
    switch (step) {
      case "prepare":
        return {
          kind: "prepared",
          target,
          result: fault === "unreachable" ? { outcome: "unreachable", say: "no answer" } : { outcome: "ready", memo: {} },
        };
      case "apply":
        return { kind: "applied", target, result: this.apply(device, fault) };
      case "verify":
        if (fault === "none" && device.config === "new") return { kind: "verified", target, result: { ok: true, gate: [] } };
        return { kind: "verified", target, result: { ok: false, say: "not healthy", gate: [] } };
      case "confirm":
        if (device.config !== "new") return { kind: "confirmed", target, result: { ok: false, say: "the switch fired" } };
        if (fault !== "lie" && fault !== "unreachable") delete device.armedUntil;
        if (fault === "none" || fault === "lost") this.save(target, device);
        return { kind: "confirmed", target, result: fault === "none" || fault === "lie" ? { ok: true } : { ok: false, say: "no reply" } };
      default:
        if (fault === "unreachable" || fault === "lost")
          return { kind: "reverted", target, result: { ok: false, unreachable: true, say: "no answer" } };
        if (fault === "half") {
          device.config = "half";
          return { kind: "reverted", target, result: { ok: false, unreachable: false, say: "refused" } };
        }
        device.config = "old";
        delete device.armedUntil;
        if (isSaved(this.machine.targets[target]?.memo)) device.startup = "old";
        return { kind: "reverted", target, result: { ok: true } };
    }
  }

  /** As a carrier does: what the way back must know is remembered first. */
  private save(target: string, device: Device): void {
    this.happen({ kind: "remembered", target, memo: { saved: true } });
    device.startup = device.config;
  }

  private apply(device: Device, fault: Fault): Extract<RolloutEvent, { kind: "applied" }>["result"] {
    if (fault === "before") return { outcome: "refused", say: "base moved", touched: false };
    device.armedUntil = this.now + switchMs;
    if (fault !== "lie") device.config = fault === "half" ? "half" : "new";
    if (fault === "none" || fault === "lie") return { outcome: "applied" };
    return fault === "half"
      ? { outcome: "refused", say: "line 3 was refused", touched: true }
      : { outcome: "unreachable", say: "the connection was lost", touched: true };
  }

  /** Faults over: everything answers. Runs until the rollout rests; fails when it never does. */
  rest(): void {
    if (this.machine.state === "paused") this.happen({ kind: "resumed" });
    for (let i = 0; i < 10_000; i++) {
      if (this.begin(0)) continue;
      if (this.finish(0, "none")) continue;
      const wake = wakeAt(this.machine);
      if (wake === undefined) return;
      this.pass(Math.max(1, wake - this.now));
    }
    throw new Error(`no rest: ${JSON.stringify(this.machine)}`);
  }
}

export function isSaved(memo: unknown): boolean {
  return typeof memo === "object" && memo !== null && "saved" in memo;
}

export type Act =
  | { do: "begin" | "finish" | "lose"; n: number; fault: Fault }
  | { do: "pass"; ms: number }
  | { do: "crash"; fates: Fault[] }
  | { do: "pause" | "resume" | "abort" | "look" | "give up" };
const anyFault = fc.constantFrom<Fault>("none", "none", "none", "before", "half", "lost", "lie", "unreachable");
export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("begin" as const), n: fc.nat(20), fault: fc.constant<Fault>("none") }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("finish" as const), n: fc.nat(20), fault: anyFault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), n: fc.nat(20), fault: anyFault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 2 * switchMs }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), fates: fc.array(anyFault, { maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const, "abort" as const) }) },
);
export const anyStrategy: fc.Arbitrary<Strategy> = fc.constantFrom<Strategy>(
  {
    kind: "canary",
    stages: [
      { until: { percent: 5 }, bakeMs: 1000 },
      { until: { percent: 50 }, bakeMs: 0 },
    ],
  },
  { kind: "canary", stages: [{ until: { count: 1 }, bakeMs: 90_000 }] },
  { kind: "rolling", batch: { count: 2 }, healthyPercent: 50, pauseMs: 10 },
  { kind: "direct", reason: "emergency" },
);

export function carryOut(world: World, acts: Act[]): void {
  for (const act of acts) {
    const { state } = world.machine;
    if (act.do === "begin") world.begin(act.n);
    else if (act.do === "finish") world.finish(act.n, act.fault);
    else if (act.do === "lose") world.lose(act.n, act.fault);
    else if (act.do === "pass") world.pass(act.ms);
    else if (act.do === "crash") world.crash(act.fates);
    else if (act.do === "look") world.look();
    else if (act.do === "give up") world.giveUp();
    else if (act.do === "pause" && state === "running") world.happen({ kind: "paused" });
    else if (act.do === "resume" && state === "paused") world.happen({ kind: "resumed" });
    else if (act.do === "abort" && (state === "running" || state === "paused"))
      world.happen({ kind: "aborted", say: "stopped by a person" });
  }
}
