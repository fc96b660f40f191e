import { expect, test } from "vitest";
import { endLook } from "./ends.ts";

const day = 86_400_000;

test.each([
  [-2 * day, "bad", "ended 2 d ago"],
  [3_600_000, "bad", "in 1 h"],
  [3 * day, "hot", "in 3 d"],
  [20 * day, "warn", "in 20 d"],
  [90 * day, "ok", "in 90 d"],
  [800 * day, "ok", "in 2 years"],
])("what ends %i ms from now is %s and says “%s”", (left, tone, word) =>
  expect(endLook(1_000_000_000_000 + left, 1_000_000_000_000)).toMatchObject({ tone, word }),
);
