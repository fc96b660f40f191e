import { expect, test } from "vitest";
import { secretValue } from "@holdfast/contract";
import { blankSecret, kindWords, valueOf, type SecretFields } from "./kinds.ts";

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
