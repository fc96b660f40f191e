import { describe, expect, test } from "vitest";
import { z } from "zod";
import { strict } from "./strict.ts";

/** `place: keys` of every refused key. */
function refused(schema: z.ZodType, value: unknown): string[] {
  const result = strict(schema).safeParse(value);
  return (result.error?.issues ?? []).map(
    (issue) => `${issue.path.join(".")}:${issue.code === "unrecognized_keys" ? issue.keys.join() : issue.code}`,
  );
}

describe("strict", () => {
  const inner = z.object({ a: z.number().optional() });

  test.each([
    ["at the top", inner, { a: 1, b: 2 }, [":b"]],
    ["in an array", z.object({ list: z.array(inner) }), { list: [{ a: 1 }, { c: 1 }] }, ["list.1:c"]],
    [
      "below optional, nullable and default",
      z.object({ x: inner.nullable().optional(), y: inner.default({}) }),
      { x: { b: 1 }, y: { d: 1 } },
      ["x:b", "y:d"],
    ],
    ["in a record's values", z.record(z.string(), inner), { any: { b: 1 } }, ["any:b"]],
    [
      "in a discriminated union",
      z.discriminatedUnion("kind", [z.object({ kind: z.literal("k"), n: inner })]),
      { kind: "k", n: { b: 1 } },
      ["n:b"],
    ],
  ])("refuses an unknown key %s", (_where, schema, value, places) => {
    expect(refused(schema, value)).toEqual(places);
  });

  test("keeps defaults, refinements, descriptions and catch-alls as they were", () => {
    const schema = z.object({ n: z.number().min(3).default(5).describe("a number") }).refine((value) => value.n < 9, "too many");
    expect(strict(schema).parse({})).toEqual({ n: 5 });
    expect(strict(schema).safeParse({ n: 10 }).error?.issues[0]?.message).toBe("too many");
    expect(strict(schema).shape.n.description).toBe("a number");
    expect(strict(z.looseObject({})).parse({ any: 1 })).toEqual({ any: 1 });
  });

  test("leaves the original as it was", () => {
    strict(inner);
    expect(inner.parse({ a: 1, b: 2 })).toEqual({ a: 1 });
  });
});
