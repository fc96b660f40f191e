import { describe, expect, test } from "vitest";
import { instantOf } from "./input.ts";

describe("a time on the command line", () => {
  test("with its zone is that time", () => {
    expect(instantOf("2030-01-31T18:00:00Z")).toBe("2030-01-31T18:00:00.000Z");
    expect(instantOf("2030-01-31T18:00+02:00")).toBe("2030-01-31T16:00:00.000Z");
  });

  test("may be a while from now", () => {
    const before = Date.now();
    const at = Date.parse(instantOf("8h")) - 8 * 3_600_000;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });

  test.each(["tomorrow", "2030-01-31", "2030-01-31T18:00:00", "2030-02-31T99:00:00Z", "999999999999d", "-1h", ""])(
    "%j is refused",
    (text) => expect(() => instantOf(text)).toThrow("It is a time such as"),
  );
});
