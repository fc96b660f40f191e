import { strictest, usualStrategy, type Limits, type NamedStrategy, type Strategy } from "@holdfast/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseStrategy } from "./strategy.ts";

const slow: Strategy = { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 };
const direct: Strategy = { kind: "direct", reason: "the link is down" };
const policy = (name: string, more: Partial<NamedStrategy> = {}): NamedStrategy => ({
  name,
  strategy: slow,
  limits: {},
  default: false,
  at: `policies/rollout.yaml:${name.length}`,
  revision: "abc",
  ...more,
});
const careful = policy("careful", { default: true, limits: { perSite: 1, perLabel: { rack: 2 } } });
const fast = policy("fast", { limits: { perSite: 5 } });
const plan = { strategies: [careful, fast], limits: careful.limits };
const nothing = { strategies: [], limits: {} };

describe("the strategy of a rollout", () => {
  test("is the repository's default unless told, with its limits and where it stands", () =>
    expect(chooseStrategy(plan, {})).toEqual({
      strategy: slow,
      strategyFrom: { name: "careful", at: careful.at, revision: "abc" },
      limits: careful.limits,
    }));

  test("is the usual canary where the repository has no default", () =>
    expect(chooseStrategy(nothing, { limits: { perSite: 3 } })).toEqual({ strategy: usualStrategy, limits: { perSite: 3 } }));

  test("is one of the repository's by its name, with its own limits", () => {
    expect(chooseStrategy(plan, { strategyName: "fast", limits: { perSite: 4, maxUnavailable: 9 } })).toMatchObject({
      strategyFrom: { name: "fast" },
      limits: { perSite: 4, maxUnavailable: 9 },
    });
    expect(() => chooseStrategy(plan, { strategyName: "quick" })).toThrow("no strategy named quick; there is careful, fast.");
    expect(() => chooseStrategy(nothing, { strategyName: "quick" })).toThrow("its repository has none for these devices");
  });

  test("is said once", () => expect(() => chooseStrategy(plan, { strategy: slow, strategyName: "fast" })).toThrow("not both"));

  test("done again or taken back, it stays what was decided", () =>
    expect(chooseStrategy(plan, { strategy: slow, limits: { perSite: 5 }, revertOf: "rol_1" })).toEqual({
      strategy: slow,
      limits: { perSite: 5 },
    }));
});

describe("the limits of a policy", () => {
  test("are not loosened, whether the strategy is an own one, a named one or the default", () => {
    const asks: [Parameters<typeof chooseStrategy>[1], string][] = [
      [{ strategy: slow, limits: { perSite: 2 } }, "limits.perSite may be 1 at most, not 2, as the repository says"],
      [{ limits: { perLabel: { rack: 3 } } }, "limits.perLabel.rack may be 2 at most, not 3, as the policy careful says"],
      [{ strategyName: "fast", limits: { perSite: 6 } }, "limits.perSite may be 5 at most, not 6, as the policy fast says"],
    ];
    for (const [wanted, says] of asks) expect(() => chooseStrategy(plan, wanted)).toThrow(says);
  });

  test("are set aside by a direct rollout, and that is kept", () =>
    expect(chooseStrategy(plan, { strategy: direct, limits: { perSite: 7 } })).toEqual({
      strategy: direct,
      limits: { perSite: 7 },
      limitsSetAside: careful.limits,
    }));

  const most = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
  const anyLimits = fc
    .record({ maxUnavailable: most, perSite: most, rack: most })
    .map(({ rack, ...rest }) => JSON.parse(JSON.stringify({ ...rest, ...(rack === undefined ? {} : { perLabel: { rack } }) })) as Limits);
  test("hold in every rollout that is not direct, whatever is asked", () =>
    fc.assert(
      fc.property(anyLimits, anyLimits, fc.boolean(), (limits, own, byName) => {
        const offer = { strategies: [policy("one", { limits, default: true })], limits };
        const wanted = { limits: own, ...(byName ? { strategyName: "one" } : { strategy: slow }) };
        const both = { ...limits, ...own, ...((limits.perLabel ?? own.perLabel) && { perLabel: { ...limits.perLabel, ...own.perLabel } }) };
        const kept = strictest([limits, own]);
        if (JSON.stringify(strictest([both])) !== JSON.stringify(kept)) expect(() => chooseStrategy(offer, wanted)).toThrow("at most");
        else expect(chooseStrategy(offer, wanted).limits).toEqual(kept);
        expect(strictest([kept, limits])).toEqual(kept);
      }),
      { numRuns: 2000 },
    ));
});
