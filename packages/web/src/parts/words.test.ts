import { expect, test } from "vitest";
import { actorName } from "./actor.tsx";
import { fieldErrors } from "./place-errors.ts";
import { viewOf } from "./sayings.ts";
import { targetLook } from "./states.ts";

test.each([
  ["user:ines", "ines"],
  ["system:rollout", "Holdfast (rollout)"],
  ["api_key:ci", "ci (API key)"],
  ["ines", "ines"],
])("%s is called %s", (actor, name) => expect(actorName(actor)).toBe(name));

test("a subject leads to its view, and to none where there is none", () => {
  expect(viewOf("device:dev_1")).toBe("/devices/dev_1");
  expect(viewOf("device:../../x")).toBe("/devices/..%2F..%2Fx");
  expect(viewOf("import:24")).toBeUndefined();
});

test("places of a problem belong to the fields that they name", () =>
  expect(
    fieldErrors(
      [
        { at: "port", say: "too large" },
        { at: "value.username", say: "missing" },
        { at: "row 7", say: "elsewhere" },
      ],
      ["port", "username"],
    ),
  ).toEqual({ port: "too large", username: "missing" }));

test("a target that waits for a wave that will not come was not touched", () => {
  expect(targetLook({ state: "waiting" }).word).toBe("waiting");
  expect(targetLook({ state: "waiting" }, true).word).toBe("not touched");
  expect(targetLook({ state: "done", outcome: "reverted" }, true).word).toBe("reverted");
});
