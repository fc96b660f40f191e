import fc from "fast-check";
import { expect, test } from "vitest";
import { compare } from "./compare.ts";

const mine = { source: "devices.drift", scope: "device:1" };
const fingerprints = ["a", "b", "c", "d", "e"];
const live = fc.subarray(fingerprints).chain((some) =>
  fc.tuple(
    ...some.map((fingerprint) =>
      fc.record({
        fingerprint: fc.constant(fingerprint),
        source: fc.constantFrom(mine.source, "other"),
        scope: fc.constantFrom(mine.scope, "device:2", null),
      }),
    ),
  ),
);
const holds = fc.subarray(fingerprints).map((some) => new Map(some.map((fingerprint) => [fingerprint, `hold ${fingerprint}`])));

test("each hold is opened or stays, each finding of the scope stays or goes, and nothing else is touched", () => {
  fc.assert(
    fc.property(live, holds, (there, wanted) => {
      const { fresh, staying, gone } = compare(there, wanted, mine);
      expect([...fresh.map(({ fingerprint }) => fingerprint), ...staying.map(({ finding }) => finding.fingerprint)].sort()).toEqual(
        [...wanted.keys()].sort(),
      );
      for (const { fingerprint, hold } of fresh) expect(hold).toBe(`hold ${fingerprint}`);
      for (const { finding, hold } of staying) expect([there.includes(finding), hold]).toEqual([true, `hold ${finding.fingerprint}`]);
      const inScope = there.filter(({ source, scope }) => source === mine.source && scope === mine.scope);
      expect(gone).toEqual(inScope.filter(({ fingerprint }) => !wanted.has(fingerprint)));
    }),
    { numRuns: 2000 },
  );
});
