import { expect, test } from "vitest";
import { meaning, places } from "./keys.ts";

test("g and a letter goes to a page; every page has a letter of its own", () => {
  expect(meaning("g", false)).toEqual({ wait: "g" });
  for (const place of places) expect(meaning(place.key, true)).toEqual({ go: place.to });
  expect(new Set(places.map((place) => place.key)).size).toBe(places.length);
});

test("a letter alone goes nowhere", () => {
  expect(places.map((place) => meaning(place.key, false)).filter((stroke) => stroke !== undefined)).toEqual([]);
});

test("help and filter work at any time, also after g", () => {
  expect(meaning("?", false)).toEqual({ do: "help" });
  expect(meaning("/", true)).toEqual({ do: "filter" });
  expect(meaning("g", true)).toEqual({ wait: "g" });
});
