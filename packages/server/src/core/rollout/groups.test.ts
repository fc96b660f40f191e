import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Strategy } from "@holdfast/contract";
import { sayWaits } from "./groups.ts";
import { finalStates } from "./machine.ts";
import { sayRollout } from "./view.ts";
import { wakeAt } from "./work.ts";
import { anyAct, anyStrategy, carryOut, World, type Act, type Ledger } from "#test/rollout-world";

const direct: Strategy = { kind: "direct", reason: "emergency" };

/** Faults over: everything answers. Runs until every rollout rests; fails when one never does. */
function restAll(worlds: World[]): void {
  for (const world of worlds) if (world.machine.state === "paused") world.happen({ kind: "resumed" });
  for (let i = 0; i < 20_000; i++) {
    const moved = worlds.filter((world) => {
      world.look();
      return world.begin(0) || world.finish(0, "none");
    });
    if (moved.length > 0) continue;
    const wakes = worlds.map((world) => (wakeAt(world.machine) ?? Number.POSITIVE_INFINITY) - world.now);
    const wait = Math.min(...wakes);
    if (wait === Number.POSITIVE_INFINITY) return;
    for (const world of worlds) world.pass(Math.max(1, wait));
  }
  throw new Error("no rest");
}

function sharedGroups(worlds: World[]): string[] {
  const groups = worlds.flatMap((world) => world.unsettled()).map((one) => one.group);
  return groups.filter((group, i) => groups.indexOf(group) !== i);
}

/** A carrier that lies says that a switch is off which is on: what nobody can know, nobody can hold to. */
const honest = (act: Act): boolean => !("fault" in act && act.fault === "lie") && !("fates" in act && act.fates.includes("lie"));
const anyActs = fc.array(
  fc.record({
    who: fc.nat(2),
    act: fc.oneof({ weight: 9, arbitrary: anyAct.filter(honest) }, fc.constantFrom<Act>({ do: "look" }, { do: "look" }, { do: "give up" })),
  }),
  { maxLength: 150, size: "max" },
);

describe("whatever rollouts do at the same time", () => {
  const anyRollout = fc.record({ count: fc.integer({ min: 1, max: 6 }), strategy: anyStrategy, parallel: fc.integer({ min: 1, max: 4 }) });
  const anyRun = [fc.array(anyRollout, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 4 }), anyActs] as const;

  test("never two members of a redundancy group are between old and new, and no rollout waits for ever", () => {
    fc.assert(
      fc.property(...anyRun, (rollouts, groups, acts) => {
        const ledger: Ledger = new Map();
        const worlds = rollouts.map(
          ({ count, strategy, parallel }, i) => new World(count, strategy, parallel, { rollout: "abc"[i]!, groups, ledger }),
        );
        const shared = acts.flatMap(({ who, act }) => {
          carryOut(worlds[who % worlds.length]!, [act]);
          return sharedGroups(worlds);
        });
        expect(shared).toEqual([]);
        restAll(worlds);
        expect(worlds.filter((world) => !finalStates.has(world.machine.state))).toEqual([]);
        expect([...ledger]).toEqual([]);
        const targets = worlds.flatMap((world) =>
          Object.values(world.machine.targets).map((one) => ({ ...one, ...world.devices[one.id]! })),
        );
        const sides = targets.map(({ id, side }) => ({ id, side }));
        expect(sides).toEqual(targets.map(({ id, outcome, config }) => ({ id, side: outcome === "unknown" ? "unknown" : config })));
      }),
      { numRuns: 2000 },
    );
  }, 120_000);
});

describe("a member of a redundancy group", () => {
  test("waits for its partner in another rollout, and its rollout says for whom", () => {
    const ledger: Ledger = new Map();
    const first = new World(1, direct, 4, { rollout: "a", groups: 1, ledger });
    const second = new World(1, direct, 4, { rollout: "b", groups: 1, ledger });
    expect(first.begin(0)).toBe(true);
    // Its last look is older than that: refused when it begins.
    expect(second.begin(0)).toBe(false);
    second.look();
    expect([...sayWaits(second.machine)]).toEqual([
      ["b0", "waits for a0, of the same redundancy group (g0), which is being changed by rollout a"],
    ]);
    expect(sayRollout(second.machine)).toBe(
      "Wave 1 of 1: 0 of 1 target changed; b0 waits for a0, of the same redundancy group (g0), which is being changed by rollout a.",
    );
    first.rest();
    second.look();
    expect(second.begin(0)).toBe(true);
  });

  test("is not begun with while its partner of an earlier wave could not be brought back, and is when that is given up", () => {
    const half: Strategy = { kind: "rolling", batch: { count: 2 }, healthyPercent: 50, pauseMs: 0 };
    const world = new World(4, half, 4, { groups: 2 });
    // t0 and t2 are partners, t1 and t3 are.
    for (let going = true; going;) {
      const next = world.inFlight[0];
      const stubborn = next?.do === "step" && next.target === "t0";
      const fault = stubborn && next.step === "apply" ? "half" : stubborn && next.step === "revert" ? "unreachable" : "none";
      going = world.begin(0) || world.finish(0, fault);
    }
    expect(world.machine).toMatchObject({
      state: "running",
      targets: { t0: { state: "pending_revert" }, t1: { side: "new" }, t2: { state: "waiting" }, t3: { side: "new" } },
    });
    expect([...sayWaits(world.machine)]).toEqual([["t2", "waits for t0, of the same redundancy group (g0), which is not done yet"]]);
    world.giveUp();
    world.rest();
    expect(world.machine).toMatchObject({
      state: "succeeded",
      targets: { t0: { outcome: "unknown", side: "unknown" }, t2: { side: "new" } },
    });
    expect(sayRollout(world.machine)).toBe(
      "Done: 3 of 4 targets have the change; t0 was given up: nobody knows which configuration it has.",
    );
  });

  test("goes back only when its partner is back", () => {
    const world = new World(2, direct, 4, { groups: 1 });
    while (world.machine.targets["t1"]!.state !== "verifying") if (!world.begin(0)) world.finish(0, "none");
    expect(world.machine.targets["t0"]).toMatchObject({ state: "done", side: "new" });
    world.happen({ kind: "aborted", say: "stopped by a person" });
    expect([world.begin(0), world.begin(0)]).toEqual([true, false]);
    expect(world.inFlight).toEqual([{ do: "step", step: "revert", target: "t1" }]);
    // The controller dies in the middle of it: nobody knows how far it came.
    world.crash(["before"]);
    expect(world.machine.targets["t1"]).toMatchObject({ state: "reverting", busy: false, side: "unknown" });
    expect([world.begin(0), world.begin(0)]).toEqual([true, false]);
    world.finish(0, "none");
    expect(world.begin(0)).toBe(true);
    expect(world.inFlight).toEqual([{ do: "step", step: "revert", target: "t0" }]);
  });
});

describe("a target that is given up", () => {
  const stuck = (): World => {
    const world = new World(1, direct, 1);
    world.begin(0);
    world.finish(0, "none");
    world.begin(0);
    world.finish(0, "lost");
    world.begin(0);
    world.finish(0, "unreachable");
    return world;
  };
  const giveUp = { kind: "given_up", target: "t0", say: "given up by user:ada: burnt" } as const;

  test("has an unknown outcome, and its rollout rests and says so", () => {
    const world = stuck();
    world.happen(giveUp);
    expect(world.machine.targets["t0"]).toMatchObject({
      state: "done",
      outcome: "unknown",
      side: "unknown",
      say: "given up by user:ada: burnt; nobody knows which configuration it has (last: no answer)",
    });
    expect(world.machine.state).toBe("reverted");
    expect(sayRollout(world.machine)).toBe(
      "Ended (t0: the connection was lost): what could be reached has what it had before; t0 was given up: nobody knows which configuration it has.",
    );
    expect(world.begin(0)).toBe(false);
  });

  test("while it is being tried is given up only when that fails, too", () => {
    for (const [fault, outcome] of [
      ["none", "reverted"],
      ["unreachable", "unknown"],
    ] as const) {
      const world = stuck();
      world.happen({ kind: "retried" });
      world.begin(0);
      world.happen(giveUp);
      expect(world.machine.state).toBe("needs_attention");
      world.finish(0, fault);
      expect(world.machine).toMatchObject({ state: "reverted", targets: { t0: { outcome } } });
    }
  });

  test("has to be one that could not be brought back, and to be in the rollout", () => {
    const world = new World(1, direct, 1);
    expect(() => world.happen(giveUp)).toThrow("t0 is waiting; only a target that could not be brought back can be given up.");
    expect(() => world.happen({ ...giveUp, target: "t9" })).toThrow("This rollout has no target t9.");
  });
});
