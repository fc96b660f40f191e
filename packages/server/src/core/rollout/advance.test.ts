import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Strategy } from "@holdfast/contract";
import { advance } from "./advance.ts";
import type { Target } from "./change.ts";
import { newMachine, type Machine, type RolloutEvent, type Work } from "./machine.ts";
import { cutWaves } from "./waves.ts";
import { wakeAt, workOf } from "./work.ts";

const switchMs = 60_000;

/** A target as the network has it, with a dead-man's switch that goes by the world's clock. */
interface Device {
  config: "old" | "half" | "new";
  /** What it boots with; `unsaved` before anybody saved: the old configuration without what somebody left out of it. */
  startup: "unsaved" | Device["config"];
  armedUntil?: number;
}
type Fault = "none" | "before" | "half" | "lost" | "lie" | "unreachable";

/** Devices, carriers that fail in every way, a controller that can die at any moment. */
class World {
  machine: Machine;
  now = 1000;
  devices: Record<string, Device> = {};
  inFlight: Work[] = [];
  /** Every outcome that the engine ever reported of a target, to see that it was never both. */
  readonly names: string[];

  constructor(count: number, strategy: Strategy, parallel: number) {
    const targets: Target[] = Array.from({ length: count }, (_, i) => ({ id: `t${i}`, name: `t${i}`, labels: {} }));
    this.names = targets.map((target) => target.id);
    for (const id of this.names) this.devices[id] = { config: "old", startup: "unsaved" };
    this.machine = newMachine({ targets, waves: cutWaves(targets, strategy, {}), parallel, requireApproval: false, autoStart: true });
    this.happen({ kind: "recovered" });
  }

  happen(event: RolloutEvent): void {
    this.machine = advance(this.machine, event, this.now);
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
    this.happen(one.do === "gate" ? { kind: "gate_begun", wave: one.wave } : { kind: "begun", target: one.target, step: one.step });
    this.inFlight.push(one);
    return true;
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

function isSaved(memo: unknown): boolean {
  return typeof memo === "object" && memo !== null && "saved" in memo;
}

type Act =
  | { do: "begin" | "finish" | "lose"; n: number; fault: Fault }
  | { do: "pass"; ms: number }
  | { do: "crash"; fates: Fault[] }
  | { do: "pause" | "resume" | "abort" };
const anyFault = fc.constantFrom<Fault>("none", "none", "none", "before", "half", "lost", "lie", "unreachable");
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("begin" as const), n: fc.nat(20), fault: fc.constant<Fault>("none") }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("finish" as const), n: fc.nat(20), fault: anyFault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), n: fc.nat(20), fault: anyFault }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 2 * switchMs }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), fates: fc.array(anyFault, { maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const, "abort" as const) }) },
);
const anyStrategy: fc.Arbitrary<Strategy> = fc.constantFrom<Strategy>(
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

function carryOut(world: World, acts: Act[]): void {
  for (const act of acts) {
    const { state } = world.machine;
    if (act.do === "begin") world.begin(act.n);
    else if (act.do === "finish") world.finish(act.n, act.fault);
    else if (act.do === "lose") world.lose(act.n, act.fault);
    else if (act.do === "pass") world.pass(act.ms);
    else if (act.do === "crash") world.crash(act.fates);
    else if (act.do === "pause" && state === "running") world.happen({ kind: "paused" });
    else if (act.do === "resume" && state === "paused") world.happen({ kind: "resumed" });
    else if (act.do === "abort" && (state === "running" || state === "paused"))
      world.happen({ kind: "aborted", say: "stopped by a person" });
  }
}

describe("whatever the carriers do and wherever the controller dies", () => {
  const anyRun = [
    fc.integer({ min: 1, max: 8 }),
    anyStrategy,
    fc.integer({ min: 1, max: 4 }),
    fc.array(anyAct, { maxLength: 80 }),
  ] as const;

  test("every target ends old or new and the rollout says which, once the network answers again", () => {
    fc.assert(
      fc.property(...anyRun, (count, strategy, parallel, acts) => {
        const world = new World(count, strategy, parallel);
        carryOut(world, acts);
        world.rest();
        world.pass(10 * switchMs);
        expect(["succeeded", "reverted"]).toContain(world.machine.state);
        for (const id of world.names) {
          const target = world.machine.targets[id]!;
          const device = world.devices[id]!;
          expect(device.armedUntil).toBeUndefined();
          expect({ id, config: device.config }).toEqual({ id, config: target.side });
          expect(["waiting", "done"]).toContain(target.state);
          if (target.outcome === "applied") expect(target.side).toBe("new");
          if (target.outcome === "reverted") expect(target.side).toBe("old");
          // What was never saved was not saved on the way back either, and nothing boots with half of a change.
          expect(device.startup).toBe(isSaved(target.memo) ? device.config : "unsaved");
          if (world.machine.state === "reverted") expect(target.side).toBe("old");
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("a target that was being looked at when its rollout turned back and the controller died goes back with the others", () => {
    for (const step of ["verify", "confirm"]) {
      const world = new World(2, { kind: "direct", reason: "emergency" }, 2);
      while (!world.inFlight.some((work) => work.do === "step" && work.step === step && work.target === "t1"))
        if (!world.begin(1)) world.finish(0, "none");
      world.happen({ kind: "aborted", say: "stopped by a person" });
      world.crash(["none"]);
      world.rest();
      expect(world.machine.state).toBe("reverted");
      expect(world.devices["t1"]!.config).toBe("old");
      expect(world.machine.targets["t1"]).toMatchObject({ state: "done", outcome: "reverted", side: "old" });
    }
  });

  test("never more targets are in flight than allowed, and never two waves go forward at one time", () => {
    fc.assert(
      fc.property(...anyRun, (count, strategy, parallel, acts) => {
        const world = new World(count, strategy, parallel);
        for (const act of acts) {
          carryOut(world, [act]);
          const going = world.inFlight.flatMap((work) => (work.do === "step" ? [work] : []));
          expect(going.length).toBeLessThanOrEqual(parallel);
          const waves = new Set(going.filter((work) => work.step !== "revert").map((work) => world.machine.targets[work.target]!.wave));
          expect(waves.size).toBeLessThanOrEqual(1);
          expect(new Set(going.map((work) => work.target)).size).toBe(going.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("while a target cannot be reached the rollout asks for attention and names it, and mends it as soon as it answers", () => {
    const world = new World(3, { kind: "canary", stages: [{ until: { count: 1 }, bakeMs: 0 }] }, 3);
    world.begin(0);
    world.finish(0, "none");
    world.begin(0);
    world.finish(0, "lost");
    world.begin(0);
    world.finish(0, "unreachable");
    expect(world.machine.state).toBe("needs_attention");
    expect(world.machine.targets["t0"]).toMatchObject({
      state: "pending_revert",
      outcome: "unreachable",
      side: "unknown",
      say: "no answer",
    });
    world.rest();
    expect(world.machine.state).toBe("reverted");
    expect(world.machine.targets["t0"]).toMatchObject({ state: "done", outcome: "reverted", side: "old" });
  });
});

test("what could not be brought back is tried again at its time, and at once when somebody says so", () => {
  const world = new World(1, { kind: "direct", reason: "emergency" }, 1);
  world.begin(0);
  world.finish(0, "none");
  world.begin(0);
  world.finish(0, "lost");
  world.begin(0);
  world.finish(0, "half");
  expect(world.machine.state).toBe("needs_attention");
  expect(wakeAt(world.machine)).toBeGreaterThan(world.now);
  expect(world.begin(0)).toBe(false);
  world.happen({ kind: "retried" });
  expect(world.begin(0)).toBe(true);
  world.finish(0, "none");
  expect(world.machine.state).toBe("reverted");
  expect(() => world.happen({ kind: "retried" })).toThrow("only one that is needs attention can be told to retry");
});

describe("a rollout", () => {
  const canary: Strategy = {
    kind: "canary",
    stages: [
      { until: { percent: 5 }, bakeMs: 1000 },
      { until: { percent: 25 }, bakeMs: 1000 },
    ],
  };

  test("that goes well changes every target and succeeds", () => {
    const world = new World(24, canary, 10);
    world.rest();
    expect(world.machine.state).toBe("succeeded");
    expect(Object.values(world.devices).every((device) => device.config === "new")).toBe(true);
  });

  test("whose canary fails reverts the target that failed too, and touches nobody else", () => {
    const world = new World(24, canary, 1);
    world.begin(0);
    world.finish(0, "none");
    world.begin(0);
    world.finish(0, "half");
    expect(world.devices["t0"]!.config).toBe("half");
    world.rest();
    expect(world.machine.state).toBe("reverted");
    expect(world.machine.haltReason).toBe("t0: line 3 was refused");
    expect(
      Object.values(world.machine.targets)
        .filter((target) => target.touchOrder > 0)
        .map((target) => target.id),
    ).toEqual(["t0"]);
  });

  test("whose second wave fails takes the first wave back as well, newest first", () => {
    const world = new World(4, { kind: "canary", stages: [{ until: { count: 1 }, bakeMs: 0 }] }, 1);
    while (world.machine.touches < 3) if (!world.begin(0)) world.finish(0, "none");
    world.finish(0, "half");
    const order: string[] = [];
    for (let work = workOf(world.machine, world.now); work.length > 0; work = workOf(world.machine, world.now)) {
      order.push(...work.slice(0, 1).map((one) => (one.do === "step" ? `${one.step} ${one.target}` : "gate")));
      world.begin(0);
      world.finish(0, "none");
    }
    expect(order).toEqual(["revert t2", "revert t1", "revert t0"]);
    expect(world.machine.state).toBe("reverted");
  });

  test("that is rolling goes on while enough of a batch is healthy, and reverts only the target that failed", () => {
    const world = new World(4, { kind: "rolling", batch: { count: 4 }, healthyPercent: 75, pauseMs: 0 }, 1);
    world.begin(0);
    world.finish(0, "none");
    world.begin(0);
    world.finish(0, "half");
    world.rest();
    expect(world.machine.state).toBe("succeeded");
    expect(Object.values(world.machine.targets).map((target) => target.outcome)).toEqual(["reverted", "applied", "applied", "applied"]);
  });

  test("that is paused finishes what is in flight and begins nothing new", () => {
    const world = new World(3, { kind: "direct", reason: "emergency" }, 1);
    world.begin(0);
    world.finish(0, "none");
    world.begin(0);
    world.happen({ kind: "paused" });
    while (world.finish(0, "none") || world.begin(0));
    expect(Object.values(world.machine.targets).map((target) => target.state)).toEqual(["done", "waiting", "waiting"]);
    world.rest();
    expect(world.machine.state).toBe("succeeded");
  });

  test("refuses an act that its state does not allow, and says why", () => {
    const world = new World(1, canary, 1);
    expect(() => world.happen({ kind: "resumed" })).toThrow("This rollout is running; only one that is paused can be told to resume.");
  });
});
