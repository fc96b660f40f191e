import { expect, test } from "vitest";
import { changeOf } from "./change.ts";

test("what an entry changed is told path by path", () =>
  expect(changeOf({ port: 22, labels: { role: "core" }, gone: null }, { port: 2222, labels: { role: "core", tier: "1" } })).toEqual([
    { op: "remove", text: "gone: null" },
    { op: "keep", text: "labels.role: core" },
    { op: "add", text: "labels.tier: 1" },
    { op: "remove", text: "port: 22" },
    { op: "add", text: "port: 2222" },
  ]));

test("an entry without a before or an after is told whole; without both it is empty", () => {
  expect(changeOf(undefined, { a: [] })).toEqual([{ op: "add", text: "a: []" }]);
  expect(changeOf("old", undefined)).toEqual([{ op: "remove", text: "old" }]);
  expect(changeOf(undefined, undefined)).toEqual([]);
});
