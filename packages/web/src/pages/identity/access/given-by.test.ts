import { expect, test } from "vitest";
import { givenBy, verdictOf } from "./given-by.ts";

const roles = [
  { id: "viewer", permissions: ["devices:read" as const] },
  { id: "lyon", permissions: ["devices:read" as const, "devices:write" as const] },
];
const grants = [{ role: "viewer" }, { role: "lyon", selector: "site=lyon" }];

test("the grants that give a permission are named, for what carries the labels", () => {
  expect(givenBy("devices:write", { grants, roles, labels: { site: "lyon" } })).toEqual([grants[1]]);
  expect(givenBy("devices:write", { grants, roles, labels: { site: "turin" } })).toEqual([]);
  expect(givenBy("devices:read", { grants, roles, labels: undefined })).toEqual(grants);
});

test.each([
  ["everywhere", { selectors: [] }, { yes: true }],
  ["for some labels, when none are asked about", { selectors: ["site=lyon"] }, { yes: true, where: "for site=lyon" }],
  ["for the labels that are asked about", { selectors: ["site=lyon"], allowed: true }, { yes: true }],
  ["for other labels", { selectors: ["site=lyon"], allowed: false }, { yes: false }],
])("a permission that counts %s", (_, item, verdict) => expect(verdictOf(item, "allowed" in item, true)).toEqual(verdict));

test("a permission for some labels that no route asks for by labels opens nothing", () =>
  expect(verdictOf({ selectors: ["site=lyon"], allowed: true }, true, false)).toMatchObject({ yes: false }));
