import { limits, strategy, usualStrategy } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitsOf, strategyOf, type StrategyOptions } from "./strategy.ts";

const given: StrategyOptions = { strategy: "canary" };

function refusal(options: Partial<StrategyOptions>): string {
  try {
    strategyOf({ ...given, ...options }, ["careful", "rolling"]);
    limitsOf({ ...given, ...options });
  } catch (thrown) {
    if (isProblem(thrown) && thrown.kind === "invalid") return thrown.message;
    throw thrown;
  }
  throw new Error("it was taken");
}

describe("strategies", () => {
  test("a canary has its stages by share or by count, watched for one time or each for its own", () => {
    expect(strategyOf({ stages: "1, 25%:10m", bake: "30s" })).toEqual({
      strategy: {
        kind: "canary",
        stages: [
          { until: { count: 1 }, bakeMs: 30_000 },
          { until: { percent: 25 }, bakeMs: 600_000 },
        ],
      },
    });
    expect(strategyOf({ strategy: "canary" })).toEqual({ strategy: usualStrategy });
  });

  test("rolling, blue-green and direct are said with their own words", () => {
    expect(strategyOf({ strategy: "rolling", healthy: "90%" })).toEqual({
      strategy: { kind: "rolling", batch: { percent: 10 }, healthyPercent: 90, pauseMs: 300_000 },
    });
    expect(strategyOf({ strategy: "blue-green", groupLabel: "colour" })).toMatchObject({
      strategy: { kind: "blue_green", groupLabel: "colour" },
    });
    expect(strategyOf({ strategy: "direct", reason: "the fire" })).toEqual({ strategy: { kind: "direct", reason: "the fire" } });
  });

  test("where nothing is said, the repository says", () => expect(strategyOf({}, ["careful"])).toEqual({}));

  test("one of the repository's is said by its name, also where it is named like a kind", () => {
    expect(strategyOf({ strategy: "careful" }, ["careful"])).toEqual({ strategyName: "careful" });
    expect(strategyOf({ strategy: "rolling" }, ["rolling"])).toEqual({ strategyName: "rolling" });
    expect(strategyOf({ strategy: "rolling", batch: "3" }, ["rolling"])).toMatchObject({ strategy: { batch: { count: 3 } } });
  });

  test("limits are whole numbers", () => {
    expect(limitsOf({ ...given, perSite: "2", maxUnavailable: "5", perLabel: ["rack=1", "a=b=3"] })).toEqual({
      perSite: 2,
      maxUnavailable: 5,
      perLabel: { rack: 1, "a=b": 3 },
    });
  });

  test.each([
    [{ stages: "5%,many" }, '--stages takes a number greater than 0, not "many".'],
    [{ stages: "" }, '--stages takes a number greater than 0, not "".'],
    [{ stages: "120%" }, "--stages takes 100% at most, not 120%."],
    [{ stages: "2.5" }, '--stages takes a whole number or a share such as 5%, not "2.5".'],
    [{ stages: "5%:soon" }, '--stages takes a time such as 30s, 5m or 1h, not "soon".'],
    [{ stages: "5%:1m:2m" }, '--stages takes amount:time, not "5%:1m:2m".'],
    [
      { strategy: "hasty" },
      "--strategy is canary, rolling, blue-green, direct or one of the repository's, not hasty; the repository has careful, rolling.",
    ],
    [{ strategy: "careful", stages: "5%" }, "--stages does not go with careful, which the repository describes."],
    [{ bake: "soon" }, '--bake takes a time such as 30s, 5m or 1h, not "soon".'],
    [{ strategy: "rolling", batch: "-3" }, '--batch takes a number greater than 0, not "-3".'],
    [{ strategy: "rolling", healthy: "900" }, "--healthy takes 100% at most, not 900."],
    [{ strategy: "direct" }, "--reason is needed for direct: why all at once."],
    [{ strategy: "blue-green" }, "--group-label is needed for blue-green: the label whose values change one after the other."],
    [{ perLabel: ["rack"] }, '--per-label takes label=n, not "rack".'],
  ] as [Partial<StrategyOptions>, string][])("%o is refused with the option at fault", (options, say) => {
    expect(refusal(options)).toBe(say);
  });

  test("whatever is taken, the API takes too", () => {
    const text = fc.oneof(
      fc.string(),
      fc.integer({ min: -5, max: 200 }).map(String),
      fc.double().map((n) => `${n}%`),
    );
    const options = fc.record({
      strategy: fc.constantFrom("canary", "rolling"),
      stages: text,
      batch: text,
      healthy: text,
      bake: fc.constantFrom("0s", "5m"),
      perSite: text,
    });
    fc.assert(
      fc.property(options, (some) => {
        try {
          const wish = strategyOf(some);
          expect(strategy.safeParse(wish.strategy).success).toBe(true);
          expect(limits.safeParse(limitsOf(some)).success).toBe(true);
        } catch (thrown) {
          if (!isProblem(thrown)) throw thrown;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
