import { expect, test } from "vitest";
import { rightsChanges } from "./rights-changes.ts";

const viewer = { role: "viewer" };
const lyon = { role: "operator", selector: "site=lyon" };
const stands = (disabled: boolean, ...grants: { role: string; selector?: string }[]) => ({ disabled, grants });

test.each([
  ["a role more", stands(false, viewer), stands(false, viewer, lyon), ["grant"]],
  ["a role less", stands(false, viewer, lyon), stands(false, viewer), ["withdraw"]],
  ["the same role for another place", stands(false, lyon), stands(false, { role: "operator" }), ["grant", "withdraw"]],
  ["out", stands(false, viewer), stands(true, viewer), ["disable"]],
  ["in again, with less", stands(true, viewer, lyon), stands(false, viewer), ["withdraw", "enable"]],
  ["nothing", stands(false, viewer), stands(false, viewer), ["update"]],
])("%s is recorded as what it is", (_, before, after, verbs) => {
  expect(rightsChanges(before, after)).toEqual(verbs.map((verb) => `identity.user.${verb}`));
});
