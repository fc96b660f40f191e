import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  atMost,
  asProblem,
  backoffMs,
  matches,
  newId,
  parseDuration,
  parseSelector,
  Problem,
  redact,
  retry,
  Secret,
  toProblemDocument,
} from "./index.ts";

describe("redact", () => {
  test("hides the values of secret-looking keys at any depth, and nothing below depth 8 gets through", () => {
    const deep = (depth: number): unknown => (depth === 0 ? { password: "canary" } : { next: deep(depth - 1) });
    fc.assert(fc.property(fc.nat(30), (depth) => !JSON.stringify(redact(deep(depth))).includes("canary")));
  });
  test("a Secret prints as [redacted] wherever it goes", () => {
    const secret = new Secret("canary");
    expect([String(secret), JSON.stringify({ secret }), secret.toString()].join(" ")).not.toContain("canary");
    expect(secret.reveal()).toBe("canary");
  });
});

describe("selectors", () => {
  const labels = { site: "lyon", role: "edge" };
  test.each([
    ["site=lyon", true],
    ["site==lyon,role=edge", true],
    ["site!=lyon", false],
    ["site in (turin, lyon)", true],
    ["role notin (core)", true],
    ["tier", false],
    ["!tier", true],
    ["tier!=gold", true],
    ["", true],
    ["site in (turin),role=edge", false],
  ])("%j is %s for an edge router in Lyon", (text, expected) => expect(matches(parseSelector(text), labels)).toBe(expected));
  test("a term that is none is named", () => expect(() => parseSelector("site=lyon,=x")).toThrow('The selector term "=x"'));
  test("no label is found on the prototype", () => expect(matches(parseSelector("constructor"), {})).toBe(false));
});

describe("problems", () => {
  test("an unknown error becomes a sentence that gives nothing away", () => {
    const document = toProblemDocument(asProblem(new Error("select * from secret")), "req-1");
    expect(document).toMatchObject({ status: 500, code: "internal", request_id: "req-1" });
    expect(JSON.stringify(document)).not.toContain("select");
  });
  test("places are shown, facts are not", () => {
    const problem = new Problem("x_invalid", {
      kind: "invalid",
      say: "Wrong.",
      places: [{ at: "a:1", say: "bad" }],
      with: { inner: "fact" },
    });
    expect(toProblemDocument(problem)).toMatchObject({ status: 400, errors: [{ at: "a:1", say: "bad" }] });
    expect(JSON.stringify(toProblemDocument(problem))).not.toContain("fact");
  });
});

test("ids sort by the time of their making", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 45 }),
      fc.integer({ min: 1, max: 1e9 }),
      (at, more) => newId("x", at) < newId("x", at + more),
    ),
  );
});
test("durations are read, and what is none is refused", () => {
  expect(["250ms", "30s", "5m", "2h", "7d", "1.5s"].map(parseDuration)).toEqual([250, 30_000, 300_000, 7_200_000, 604_800_000, 1500]);
  expect(["", "5", "m", "-5s", "5 m"].map(parseDuration)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});
test("retries wait no longer than their limit, and stop when told", async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), (attempt) => backoffMs(attempt, 100, 5000) <= 5000));
  let tries = 0;
  const clock = { now: () => 0, sleep: async () => undefined };
  await expect(retry(async () => Promise.reject(new Error(`try ${++tries}`)), { attempts: 3, baseMs: 1, clock })).rejects.toThrow("try 3");
});
test("who waits at most so long waits no longer, and leaves no timer when the work was faster", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  await atMost(60_000, Promise.resolve());
  await expect(atMost(60_000, Promise.reject(new Error("no luck")))).rejects.toThrow("no luck");
  expect(timers()).toBe(before);
  await atMost(5, new Promise(() => undefined));
});
