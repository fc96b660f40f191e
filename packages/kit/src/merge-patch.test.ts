import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergePatch, mergePatchBetween } from "./merge-patch.ts";

/** The examples of RFC 7396, appendix A, whose target is an object. */
const examples: [object, object, unknown][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

const plain = fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 })] });

describe("a merge patch", () => {
  test.each(examples)("of %j with %j is %j, as RFC 7396 says", (document, patch, after) =>
    expect(mergePatch(document, patch as never)).toEqual(after),
  );

  test("between two documents turns the one into the other, and is empty for the same", () => {
    fc.assert(
      fc.property(plain, plain, (before, after) => {
        expect(mergePatch(before, mergePatchBetween(before, after))).toEqual(after);
        expect(mergePatchBetween(before, before)).toEqual({});
      }),
    );
  });

  test("changes neither the document nor any prototype", () => {
    const document = { labels: { role: "core" } };
    const patch = JSON.parse('{"labels":{"role":null,"__proto__":{"polluted":"yes"}}}') as never;
    expect(Object.keys(mergePatch(document, patch).labels)).toEqual(["__proto__"]);
    expect(document).toEqual({ labels: { role: "core" } });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  test("leaves what is undefined as it is", () => expect(mergePatch({ a: 1 }, { a: undefined })).toEqual({ a: 1 }));
});
