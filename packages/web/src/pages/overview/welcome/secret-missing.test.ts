import { expect, test } from "vitest";
import { secretMissing } from "./secret-missing.ts";

test("a secret that a repository's devices name, and that is not stored, is found in its problem", () => {
  expect(secretMissing('There is no secret named "lyon/routers".')).toBe("lyon/routers");
  expect(secretMissing("The branch main is not there.")).toBeUndefined();
  expect(secretMissing(undefined)).toBeUndefined();
});
