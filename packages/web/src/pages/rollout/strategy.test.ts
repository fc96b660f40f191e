import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Strategy } from "@holdfast/contract";
import { firstDraft, limitsOf, sayLimits, sayStrategy, strategyOf, waveSizes, wishOf, type Draft } from "./strategy.ts";

const draft = (patch: Partial<Draft>): Draft => ({ ...firstDraft, ...patch });

describe("the strategy editor", () => {
  test("begins with a canary that is ready to go", () =>
    expect(strategyOf(firstDraft)).toEqual({
      strategy: {
        kind: "canary",
        stages: [
          { until: { percent: 5 }, bakeMs: 60_000 },
          { until: { percent: 25 }, bakeMs: 60_000 },
        ],
      },
    }));
  test.each([
    [draft({ stages: [{ key: 1, amount: 0, unit: "percent", bake: "60s" }] }), /Stage 1/],
    [draft({ stages: [{ key: 1, amount: 1.5, unit: "count", bake: "60s" }] }), /Stage 1/],
    [draft({ stages: [{ key: 1, amount: 5, unit: "percent", bake: "soon" }] }), /watch of stage 1/],
    [draft({ stages: [{ key: 1, amount: 5, unit: "percent", bake: "48h" }] }), /watch of stage 1/],
    [draft({ kind: "rolling", batch: { amount: "", unit: "percent" } }), /batch/],
    [draft({ kind: "direct", reason: " x " }), /why all at once/],
  ])("says what is not right: %#", (wrong, says) => expect(strategyOf(wrong)).toEqual({ wrong: expect.stringMatching(says) as string }));
  test("empty limits are no limits", () => {
    expect(limitsOf(firstDraft)).toEqual({});
    expect(limitsOf(draft({ perSite: 2, maxUnavailable: "4", perLabelKey: "role", perLabel: 1 }))).toEqual({
      perSite: 2,
      maxUnavailable: 4,
      perLabel: { role: 1 },
    });
  });
});

describe("a strategy of the repository", () => {
  const careful = {
    name: "careful",
    strategy: { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 } as const,
    limits: { perSite: 1 },
    default: true,
    at: "policies/rollout.yaml:3",
    revision: "abc",
  };
  const plan = { strategies: [careful], limits: careful.limits };
  test("is asked for by its name, and its limits are shown with one's own", () =>
    expect(wishOf(draft({ named: "careful", maxUnavailable: 4 }), plan)).toEqual({
      ask: { strategyName: "careful" },
      strategy: careful.strategy,
      limits: { perSite: 1, maxUnavailable: 4 },
    }));
  test("its limits hold for an own strategy that is not direct", () => {
    expect(wishOf(firstDraft, plan)).toMatchObject({ ask: { strategy: { kind: "canary" } }, limits: { perSite: 1 } });
    expect(wishOf(draft({ kind: "direct", reason: "the fire" }), plan)).toMatchObject({
      ask: { strategy: { kind: "direct" } },
      limits: {},
    });
    expect(wishOf(draft({ kind: "direct" }), plan)).toHaveProperty("wrong");
  });
});

describe("waves", () => {
  test("a share rounds up, and the rest follows", () =>
    expect(
      waveSizes(
        {
          kind: "canary",
          stages: [
            { until: { percent: 5 }, bakeMs: 9 },
            { until: { percent: 25 }, bakeMs: 8 },
          ],
        },
        23,
      ),
    ).toEqual([
      { targets: 2, bakeMs: 9 },
      { targets: 4, bakeMs: 8 },
      { targets: 17, bakeMs: 0 },
    ]));
  const amount = fc.oneof(fc.record({ percent: fc.integer({ min: 1, max: 100 }) }), fc.record({ count: fc.integer({ min: 1, max: 50 }) }));
  const anyStrategy: fc.Arbitrary<Strategy> = fc.oneof(
    fc.record({
      kind: fc.constant("canary" as const),
      stages: fc.array(fc.record({ until: amount, bakeMs: fc.nat() }), { minLength: 1, maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant("rolling" as const), batch: amount, healthyPercent: fc.nat(100), pauseMs: fc.nat() }),
    fc.record({ kind: fc.constant("direct" as const), reason: fc.constant("now") }),
  );
  test("every target is in exactly one wave, and no wave is empty", () =>
    fc.assert(
      fc.property(anyStrategy, fc.integer({ min: 1, max: 300 }), (strategy, all) => {
        const waves = waveSizes(strategy, all);
        expect(waves.reduce((sum, wave) => sum + wave.targets, 0)).toBe(all);
        expect(waves.every((wave) => wave.targets > 0)).toBe(true);
      }),
    ));
});

test("a strategy and its limits read as a sentence", () => {
  expect(sayStrategy({ kind: "canary", stages: [{ until: { count: 1 }, bakeMs: 60_000 }] })).toBe(
    "canary: 1 device watched for 1 min, then the rest",
  );
  expect(sayStrategy({ kind: "rolling", batch: { percent: 10 }, healthyPercent: 90, pauseMs: 30_000 })).toBe(
    "rolling: 10 % at a time, 30 s apart, halted below 90 % healthy",
  );
  expect(sayLimits({})).toBeUndefined();
  expect(sayLimits({ perSite: 2, maxUnavailable: 4 })).toBe("at most 2 of a site in a wave, 4 at one time");
});
