import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, countdown, duration, listed, plural, relative, short, span } from "./format.ts";

const now = Date.UTC(2026, 2, 1, 12, 0, 0);

describe("times", () => {
  test.each([
    [now - 1000, "just now"],
    [now - 42_000, "42 s ago"],
    [now - 4 * 60_000, "4 min ago"],
    [now - 3 * 3_600_000, "3 h ago"],
    [now - 30 * 3_600_000, "30 h ago"],
    [now - 5 * 86_400_000, "5 d ago"],
    [now - 90 * 86_400_000, "2025-12-01"],
    [now + 4 * 60_000, "in 4 min"],
  ])("an instant is told by the largest unit that fits: %#", (at, said) => expect(relative(at, now)).toBe(said));

  test.each([
    [0, "0 s"],
    [250, "250 ms"],
    [60_000, "1 min"],
    [90_000, "1 min 30 s"],
    [86_400_000 + 3_600_000, "1 d 1 h"],
  ])("a length of %d ms loses nothing", (ms, said) => expect(duration(ms)).toBe(said));

  test.each([
    [-5, "0:00"],
    [6200, "0:07"],
    [125_000, "2:05"],
    [3_729_000, "1:02:09"],
  ])("a countdown of %d ms never shows less than is left", (ms, said) => expect(countdown(ms)).toBe(said));

  test("no span is ever negative or longer than what it tells", () =>
    fc.assert(
      fc.property(fc.nat(10 ** 12), (ms) => {
        const [n, unit] = span(ms).split(" ");
        const size = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ""] ?? Number.NaN;
        expect(Number(n) * size).toBeLessThanOrEqual(ms);
        expect((Number(n) + 1) * size).toBeGreaterThan(ms);
      }),
    ));
});

describe("numbers and names", () => {
  test("thousands are set apart by thin spaces", () => expect(count(12_480)).toBe("12\u2009480"));
  test("one is not many", () =>
    expect([plural(1, "device"), plural(2, "device"), plural(0, "person", "people")]).toEqual(["1 device", "2 devices", "0 people"]));
  test("a long list names the first and counts the rest", () => {
    expect(listed(["a"])).toBe("a");
    expect(listed(["a", "b"])).toBe("a and b");
    expect(listed(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
  });
  test("a hash is told by its beginning", () => expect(short("sha256:0123456789ab")).toBe("01234567"));
});
