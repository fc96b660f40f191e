import { expect, test } from "vitest";
import { safeNext, tokenOf } from "./fragment.ts";

test("a token is read from behind the #", () => {
  expect(tokenOf("#token=abc-_1")).toBe("abc-_1");
  expect(tokenOf("#token=")).toBeUndefined();
  expect(tokenOf("")).toBeUndefined();
});

test.each([
  ["/devices?q=1", "/devices?q=1"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["/sign-in?next=/x", "/"],
  [undefined, "/"],
])("after signing in, %s leads to %s", (next, to) => expect(safeNext(next)).toBe(to));
