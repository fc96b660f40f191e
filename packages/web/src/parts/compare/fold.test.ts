import fc from "fast-check";
import { expect, test } from "vitest";
import type { DiffLine } from "@holdfast/contract";
import { folded, sides } from "./fold.ts";

const line = (op: DiffLine["op"], text: string): DiffLine => ({ op, text });
const anyDiff = fc.array(
  fc.record({ op: fc.constantFrom<DiffLine["op"]>("add", "remove", "keep", "keep", "keep"), text: fc.string({ maxLength: 5 }) }),
  { maxLength: 60 },
);

test("long unchanged stretches fold, short ones do not", () => {
  const keep = (n: number): DiffLine[] => Array.from({ length: n }, (_, at) => line("keep", `k${at}`));
  const kinds = folded([...keep(10), line("add", "x"), ...keep(7), line("remove", "y"), ...keep(6)]).map(
    (one) => `${one.kind} ${one.lines.length}`,
  );
  expect(kinds).toEqual(["fold 7", "lines 18"]);
});

test("folding loses no line, keeps their order, and never folds a change", () =>
  fc.assert(
    fc.property(anyDiff, (diff) => {
      const stretches = folded(diff);
      expect(stretches.flatMap((one) => one.lines)).toEqual(diff);
      expect(stretches.filter((one) => one.kind === "fold").flatMap((one) => one.lines.filter((each) => each.op !== "keep"))).toEqual([]);
      stretches.forEach((one, at) => expect(one.kind).not.toBe(stretches[at + 1]?.kind));
    }),
  ));

test("both sides of a difference are its text before and after", () =>
  expect(sides([line("keep", "a"), line("remove", "b"), line("add", "c")])).toEqual({ before: "a\nb\n", after: "a\nc\n" }));
