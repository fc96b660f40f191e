import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Limits, Strategy } from "@holdfast/contract";
import type { Target } from "./change.ts";
import { countOf, cutWaves } from "./waves.ts";

const target = (name: string, more: Partial<Target> = {}): Target => ({ id: name, name, labels: {}, ...more });
const fleet = (count: number): Target[] => Array.from({ length: count }, (_, i) => target(`r${String(i + 1).padStart(3, "0")}`));
const canary = (...percents: number[]): Strategy => ({
  kind: "canary",
  stages: percents.map((percent) => ({ until: { percent }, bakeMs: 10 })),
});
const sizes = (targets: Target[], strategy: Strategy, limits: Limits = {}): number[] =>
  cutWaves(targets, strategy, limits).map((wave) => wave.targets.length);

describe("cutting waves", () => {
  test("a canary of 5 %, 25 %, 100 % of 24 devices changes 2, then 4 more, then the rest", () => {
    expect(sizes(fleet(24), canary(5, 25, 100))).toEqual([2, 4, 18]);
  });
  test("a canary that stops short of all gets a last wave without a bake", () => {
    expect(cutWaves(fleet(4), canary(50), {}).map((wave) => [wave.targets.length, wave.bakeMs])).toEqual([
      [2, 10],
      [2, 0],
    ]);
  });
  test("a canary of one device is one device", () => {
    expect(sizes(fleet(1), canary(1, 50))).toEqual([1]);
  });
  test("the percentages of a canary round up, and never to zero", () => {
    expect(countOf({ percent: 0.1 }, 24)).toBe(1);
    expect(countOf({ percent: 5 }, 20)).toBe(1);
    expect(countOf({ percent: 7 }, 100)).toBe(7);
  });
  test("direct changes all at once, but never two of a redundancy group", () => {
    const pair = [target("a", { redundancyGroup: "g" }), target("b", { redundancyGroup: "g" }), target("c")];
    expect(cutWaves(pair, { kind: "direct", reason: "emergency" }, {}).map((wave) => wave.targets)).toEqual([["a", "c"], ["b"]]);
  });
  test("blue and green change one after the other, in the order of the label's values", () => {
    const both = [
      target("a", { labels: { colour: "green" } }),
      target("b", { labels: { colour: "blue" } }),
      target("c", { labels: { colour: "green" } }),
    ];
    expect(cutWaves(both, { kind: "blue_green", groupLabel: "colour", bakeMs: 5 }, {}).map((wave) => wave.targets)).toEqual([
      ["b"],
      ["a", "c"],
    ]);
  });
});

const anyTarget = fc.record({
  site: fc.constantFrom("lyon", "turin", undefined),
  group: fc.constantFrom("g1", "g2", "g3", undefined),
  tier: fc.constantFrom("gold", "iron", undefined),
});
const anyAmount = fc.oneof(
  fc.record({ percent: fc.double({ min: 0.1, max: 100, noNaN: true }) }),
  fc.record({ count: fc.integer({ min: 1, max: 40 }) }),
);
const anyStrategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc
    .array(fc.record({ until: anyAmount, bakeMs: fc.nat(1000) }), { minLength: 1, maxLength: 4 })
    .map((stages): Strategy => ({ kind: "canary", stages })),
  anyAmount.map((batch): Strategy => ({ kind: "rolling", batch, healthyPercent: 80, pauseMs: 0 })),
  fc.constant<Strategy>({ kind: "direct", reason: "emergency" }),
  fc.constant<Strategy>({ kind: "blue_green", groupLabel: "tier", bakeMs: 1 }),
);

test("whatever the strategy and limits: every target is in exactly one wave, no wave is empty, no limit is broken", () => {
  fc.assert(
    fc.property(
      fc.array(anyTarget, { maxLength: 40 }),
      anyStrategy,
      fc.record({
        perSite: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        tier: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      }),
      (shapes, strategy, caps) => {
        const targets = shapes.map((shape, i) =>
          target(`t${i}`, {
            ...(shape.site === undefined ? {} : { site: shape.site }),
            ...(shape.group === undefined ? {} : { redundancyGroup: shape.group }),
            labels: shape.tier === undefined ? {} : { tier: shape.tier },
          }),
        );
        const limits: Limits = {
          ...(caps.perSite === undefined ? {} : { perSite: caps.perSite }),
          ...(caps.tier === undefined ? {} : { perLabel: { tier: caps.tier } }),
        };
        const byId = new Map(targets.map((one) => [one.id, one]));
        const waves = cutWaves(targets, strategy, limits);
        expect(waves.flatMap((wave) => wave.targets).sort()).toEqual(targets.map((one) => one.id).sort());
        for (const wave of waves) {
          const members = wave.targets.map((id) => byId.get(id)!);
          expect(members.length).toBeGreaterThan(0);
          const most = (key: (one: Target) => string | undefined): number =>
            Math.max(
              0,
              ...[
                ...Map.groupBy(
                  members.filter((one) => key(one) !== undefined),
                  key,
                ).values(),
              ].map((group) => group.length),
            );
          expect(most((one) => one.redundancyGroup)).toBeLessThanOrEqual(1);
          expect(most((one) => one.site)).toBeLessThanOrEqual(limits.perSite ?? Number.POSITIVE_INFINITY);
          expect(most((one) => one.labels["tier"])).toBeLessThanOrEqual(limits.perLabel?.["tier"] ?? Number.POSITIVE_INFINITY);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
