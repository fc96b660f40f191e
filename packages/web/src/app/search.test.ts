import { expect, test } from "vitest";
import { oneOf, texts } from "./search.ts";

test("a search keeps the texts that a view knows, and only those", () =>
  expect(texts("q", "site")({ q: "core", site: "", other: "x" })).toEqual({ q: "core" }));
test("what a URL cannot mean shows everything rather than failing", () => {
  expect(oneOf(["ios", "frr"], "vrp")).toBeUndefined();
  expect(oneOf(["ios", "frr"], "frr")).toBe("frr");
});
