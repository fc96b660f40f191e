import { expect, test } from "vitest";
import { sinceOf } from "./severity.ts";

test("a span began on a full minute, and what is no span asks for all", () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  expect(sinceOf("1h", now)).toBe("2026-01-02T02:04:00.000Z");
  expect(sinceOf("30d", now)).toBe("2025-12-03T03:04:00.000Z");
  expect(sinceOf("toString", now)).toBeUndefined();
  expect(sinceOf(undefined, now)).toBeUndefined();
});
