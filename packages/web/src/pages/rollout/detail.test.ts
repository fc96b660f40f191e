import { expect, test } from "vitest";
import { isFailure, sayDetail } from "./detail.ts";

test("the line that a halt is about stands out, and no other", () => {
  expect([{ ok: false }, { outcome: "refused" }, { outcome: "unreachable" }, { outcome: "failed" }].map(isFailure)).not.toContain(false);
  expect([undefined, {}, { ok: true }, { outcome: "applied" }].map(isFailure)).not.toContain(true);
});

test("checks are counted while they hold, and named when they do not", () => {
  const holds = { check: "answers", ok: true, say: "answers" };
  expect(sayDetail({ ok: true, gate: [holds, holds] }, "ok")).toBe("2 checks hold");
  expect(sayDetail({ ok: false, gate: [holds, { check: "ospf", ok: false, say: "ospf: 0 of 2" }] }, "no")).toContain("0 of 2");
});
