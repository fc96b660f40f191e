import fc from "fast-check";
import { expect, test } from "vitest";
import { createBuckets } from "./rate-limits.ts";

test("in any minute, however the requests come, nobody gets more than twice the quota, and never more than the quota in one go", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), gaps, (quota, waits) => {
      let now = 1_000_000;
      const { take } = createBuckets(quota, { now: () => now });
      const at: number[] = [];
      for (const wait of waits) {
        now += wait;
        if (take("a").allowed) at.push(now);
      }
      for (const [index, from] of at.entries()) {
        const within = (ms: number) => at.slice(index).filter((moment) => moment < from + ms).length;
        expect(within(60_000)).toBeLessThanOrEqual(2 * quota);
        expect(within(1)).toBeLessThanOrEqual(quota);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what is told is true: so many remain, and after so many seconds one more is allowed", () => {
  let now = 0;
  const { take } = createBuckets(10, { now: () => now });
  expect(take("a")).toMatchObject({ allowed: true, remaining: 9, resetS: 6 });
  for (let i = 0; i < 9; i++) take("a");
  const refused = take("a");
  expect(refused).toMatchObject({ allowed: false, remaining: 0, retryS: 6, resetS: 60 });
  now += refused.retryS * 1000 - 1001;
  expect(take("a").allowed).toBe(false);
  now += 1001;
  expect(take("a").allowed).toBe(true);
  expect(take("b")).toMatchObject({ allowed: true, remaining: 9 });
});

test("memory stays bounded however many callers there are, and who is refused stays refused", () => {
  const now = 0;
  const { take, kept } = createBuckets(1, { now: () => now });
  for (let i = 0; i < 450_000; i++) take(`caller ${i}`);
  expect(kept()).toBeLessThanOrEqual(200_000);
  expect(take("caller 449999").allowed).toBe(false);
});
