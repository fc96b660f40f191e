import { expect, test } from "vitest";
import { secretValue } from "@holdfast/contract";
import { blankSecret, dueOf, kindWords, termOf, valueOf, type SecretFields } from "./kinds.ts";

test("every kind of secret makes a value that the API takes", () => {
  const filled: SecretFields = { ...blankSecret, name: "a", username: "u", password: "p", privateKey: "k", token: "t", knownHosts: "h" };
  for (const kind of Object.keys(kindWords) as SecretFields["kind"][])
    expect(secretValue.parse(valueOf({ ...filled, kind }))).toMatchObject({ kind });
});

test("nothing of another kind goes with it", () =>
  expect(valueOf({ ...blankSecret, kind: "git_https", username: "u", token: "t", password: "stale" })).toEqual({
    kind: "git_https",
    username: "u",
    token: "t",
  }));

test("a secret is due after so many days, or has no date", () => {
  expect(dueOf({ dueDays: 90 }, Date.parse("2026-01-01T00:00:00Z"))).toBe("2026-04-01T00:00:00.000Z");
  expect(dueOf({ dueDays: "" }, 0)).toBeUndefined();
  expect(termOf({ updatedAt: "2026-01-01T00:00:00Z", expiresAt: "2026-04-01T00:00:03Z" })).toBe(90);
  expect(termOf({ updatedAt: "2026-01-01T00:00:00Z" })).toBe("");
});
