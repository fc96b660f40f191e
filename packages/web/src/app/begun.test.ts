import { expect, test } from "vitest";
import { readBegun } from "./begun.ts";

test.each([
  [null, { purpose: "sign-in" }],
  ["not JSON", { purpose: "sign-in" }],
  ['{"purpose":"link","next":"/settings/profile"}', { purpose: "link", next: "/settings/profile" }],
  ['{"purpose":"step-up"}', { purpose: "step-up" }],
  ['{"purpose":"sign-in","next":7}', { purpose: "sign-in" }],
  ['{"purpose":"something else","next":"/x"}', { purpose: "sign-in", next: "/x" }],
])("of what was begun elsewhere, %s is read as %o", (text, begun) => expect(readBegun(text)).toEqual(begun));
