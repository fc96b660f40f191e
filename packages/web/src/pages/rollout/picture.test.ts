import { describe, expect, test } from "vitest";
import type { Rollout } from "@holdfast/contract";
import { sayDetail } from "./detail.ts";
import { sayOrigin } from "./origin.ts";
import { baking, checkGroups, fill, reach, tally, type Wave } from "./picture.ts";

const wave = (patch: Partial<Wave>): Wave => ({ index: 0, targets: [], bakeMs: 60_000, state: "waiting", gate: [], ...patch });
const rollout = {
  waves: [wave({ index: 0, targets: ["a"], state: "failed" }), wave({ index: 1, targets: ["b", "c"], state: "skipped" })],
  targets: [
    { target: "a", targetName: "a", wave: 0, state: "done", outcome: "reverted", side: "old" },
    { target: "b", targetName: "b", wave: 1, state: "waiting", side: "old" },
    { target: "c", targetName: "c", wave: 1, state: "waiting", side: "old" },
  ],
} as unknown as Rollout;

describe("the picture of a rollout", () => {
  test("counts what each target came to", () =>
    expect(tally(rollout).map(({ look, n }) => `${n} ${look.word}`)).toEqual(["1 reverted", "2 not touched"]));
  test("a cell is full when the new configuration is there, and empty again when it was taken back", () => {
    expect(fill({ state: "done", outcome: "applied", side: "new" })).toBe(1);
    expect(fill({ state: "done", outcome: "reverted", side: "old" })).toBe(0);
    expect(fill({ state: "done", outcome: "unchanged", side: "old" })).toBe(1);
  });
  test("a wave says how much is changed after it", () => expect(rollout.waves.map((one) => reach(rollout, one))).toEqual([33, 100]));
  test("the countdown runs to zero and no further", () => {
    const bakes = wave({ state: "baking", bakeUntil: "2026-03-01T12:01:00.000Z" });
    expect(baking(bakes, Date.parse("2026-03-01T12:00:15.000Z"))).toEqual({ leftMs: 45_000, over: 0.25 });
    expect(baking(bakes, Date.parse("2026-03-01T12:05:00.000Z"))).toEqual({ leftMs: 0, over: 1 });
    expect(baking(wave({ state: "running" }), 0)).toBeUndefined();
  });
});

describe("a gate", () => {
  test("tells the same check of many devices once, and what fails first, by device", () =>
    expect(
      checkGroups([
        { check: "a: CPU", ok: true, say: "CPU: 5 %" },
        { check: "b: CPU", ok: true, say: "CPU: 6 %" },
        { check: "a: OSPF neighbours", ok: false, say: "OSPF neighbours: 0 of 2" },
        { check: "b: OSPF neighbours", ok: true, say: "OSPF neighbours: 2 of 2" },
        { check: "answers", say: "waiting" },
      ]),
    ).toEqual([
      { name: "OSPF neighbours", ok: false, says: ["a: 0 of 2"] },
      { name: "CPU", ok: true, says: ["2 of 2 devices"] },
      { name: "answers", ok: undefined, says: ["waiting"] },
    ]));
  test("in the journal says how many checks hold, or which do not", () => {
    const held = { check: "a: CPU", ok: true, say: "CPU: 5 %" };
    expect(sayDetail({ ok: true, gate: [held, held] }, "ok")).toBe("2 checks hold");
    expect(sayDetail({ gate: [held, { check: "a: OSPF", ok: false, say: "OSPF: 0 of 2" }] }, "no")).toBe("a: OSPF: 0 of 2");
    expect(sayDetail({ commands: 4, outcome: "applied" }, "applied")).toBe("commands 4");
    expect(sayDetail(undefined, "x")).toBe("");
  });
});

test.each([
  ["repository:rep_1@0123456789abcdef", "revision 01234567"],
  ["restore:ver_1", "a kept configuration"],
  ["drift:dev_1", "drift"],
  ["rollback:rol_1", "a rollout taken back"],
  ["else", "else"],
])("a plan of %s comes from %s", (origin, said) => expect(sayOrigin(origin)).toBe(said));
