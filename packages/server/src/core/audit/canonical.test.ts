import { Secret } from "@holdfast/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalEntry, canonicalJson, keptValue, plainText, type EntryFacts } from "./canonical.ts";

const facts = { at: "2026-01-02T03:04:05.000Z", actor: "user:ada", action: "devices.device.create", subject: "device:dev_1" };

const textOf = (facts: EntryFacts) => canonicalEntry({ ...facts, before: keptValue(facts.before), after: keptValue(facts.after) });

describe("the canonical text", () => {
  test("is the same whatever the order in which the facts were put together", () => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue())
      .chain((object) =>
        fc.tuple(fc.constant(object), fc.shuffledSubarray(Object.entries(object), { minLength: Object.keys(object).length })),
      );
    fc.assert(
      fc.property(shuffled, ([object, entries]) => {
        expect(canonicalJson(Object.fromEntries(entries))).toBe(canonicalJson(object));
      }),
    );
  });

  test("reads back as the same JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: true } as object), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("never holds the value of a secret, however deep", () => {
    const bury = (value: unknown, levels: number): unknown => (levels === 0 ? value : { inner: bury(value, levels - 1) });
    for (let levels = 0; levels < 20; levels++) {
      const text = textOf({
        ...facts,
        before: bury({ password: "hunter2" }, levels),
        after: [bury(new Secret("hunter2"), levels)],
      });
      expect(text).not.toContain("hunter2");
    }
  });

  test("keeps only the length and the hash of what is very long", () => {
    const text = textOf({ ...facts, after: "x".repeat(1_000_000) });
    expect(text.length).toBeLessThan(1000);
    expect(JSON.parse(text).after).toEqual({ omitted: "1000002 characters", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("says how many bytes there are instead of showing them", () => {
    expect(canonicalJson({ sealed: Buffer.from("secret") })).toBe('{"sealed":"[6 bytes]"}');
  });
});

test("text from anywhere becomes text that the database can hold", () => {
  expect(plainText("a\0b\uD800c")).toBe("a\uFFFDb\uFFFDc");
});
