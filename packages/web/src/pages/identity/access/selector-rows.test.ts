import { permissions } from "@holdfast/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { grouped, sayPermission } from "./permission-words.ts";
import { readSelector, rowsProblem, writeSelector, type SelectorRow } from "./selector-rows.ts";

const word = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?$/);
const row: fc.Arbitrary<SelectorRow> = fc.oneof(
  fc.record({
    key: word,
    relation: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ key: word, relation: fc.constantFrom("exists" as const, "absent" as const), values: fc.constant<string[]>([]) }),
);

test("what is filled in is what the selector says", () =>
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      expect(rowsProblem(rows)).toBeUndefined();
      expect(readSelector(writeSelector(rows))).toEqual(rows);
    }),
  ));

test("lines that say nothing are told, and are not part of the selector", () => {
  const rows: SelectorRow[] = [
    { key: "site", relation: "in", values: ["lyon"] },
    { key: "role", relation: "in", values: [] },
  ];
  expect(rowsProblem(rows)).toMatch(/Each line/);
  expect(writeSelector(rows)).toBe("site=lyon");
  expect(rowsProblem([])).toMatch(/everywhere/);
  expect(rowsProblem([{ key: "site", relation: "in", values: ["a,b"] }])).toMatch(/comma/);
});

test("every permission that can be given has words, in a group", () => {
  const given = permissions.filter((permission) => permission !== "public" && permission !== "self");
  expect(grouped(permissions).flatMap((group) => group.permissions)).toEqual(given);
  for (const permission of given) expect(sayPermission(permission), permission).not.toBe(permission);
});
