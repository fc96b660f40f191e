import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Strategy } from "@holdfast/contract";
import { anyAct, anyStrategy, carryOut, isSaved, switchMs, World } from "#test/rollout-world";
import type { Machine, TargetMachine } from "./machine.ts";
import { wakeAt, workOf } from "./work.ts";

/** Not on its way any more, and its outcome is what its side is. */
function restsAs({ state, outcome, side }: TargetMachine, end: Machine["state"]): boolean {
  if (state !== "waiting" && state !== "done") return false;
  if (outcome === "applied" && side !== "new") return false;
  return side === "old" || (outcome !== "reverted" && end !== "reverted");
}

describe("whatever the carriers do and wherever the controller dies", () => {
  const anyRun = [
    fc.integer({ min: 1, max: 8 }),
    anyStrategy,
    fc.integer({ min: 1, max: 4 }),
    fc.array(anyAct, { maxLength: 80, size: "max" }),
  ] as const;

  test("every target ends old or new and the rollout says which, once the network answers again", () => {
    fc.assert(
      fc.property(...anyRun, (count, strategy, parallel, acts) => {
        const world = new World(count, strategy, parallel);
        carryOut(world, acts);
        world.rest();
        world.pass(10 * switchMs);
        expect(["succeeded", "reverted"]).toContain(world.machine.state);
        const { state } = world.machine;
        const seen = Object.values(world.machine.targets).map((target) => {
          const { config, startup, armedUntil } = world.devices[target.id]!;
          return { id: target.id, side: target.side, config, startup, armed: armedUntil !== undefined, rests: restsAs(target, state) };
        });
        // What was never saved was not saved on the way back either, and nothing boots with half of a change.
        const told = Object.values(world.machine.targets).map(({ id, side, memo }) => {
          return { id, side, config: side, startup: isSaved(memo) ? side : "unsaved", armed: false, rests: true };
        });
        expect(seen).toEqual(told);
      }),
      { numRuns: 3000 },
    );
  }, 120_000);

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
        const seen = acts.map((act) => {
          carryOut(world, [act]);
          const going = world.inFlight.flatMap((work) => (work.do === "step" ? [work] : []));
          const waves = new Set(going.filter((work) => work.step !== "revert").map((work) => world.machine.targets[work.target]!.wave));
          const twice = going.length - new Set(going.map((work) => work.target)).size;
          return { going: going.length, waves: waves.size, twice };
        });
        expect(Math.max(0, ...seen.map((one) => one.going))).toBeLessThanOrEqual(parallel);
        expect(Math.max(0, ...seen.map((one) => one.waves))).toBeLessThanOrEqual(1);
        expect(Math.max(0, ...seen.map((one) => one.twice))).toBe(0);
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
