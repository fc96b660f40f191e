import { describe, expect, test } from "vitest";
import { blankDevice, formOf, labelsProblem, readLabels, specOf } from "./device-fields.ts";
import { mergePatchBetween } from "@holdfast/kit";
import { differenceOf } from "./fingerprint.ts";
import { readReason } from "./kept.ts";
import { byDay, momentsOf } from "./timeline.ts";

describe("a device in a form", () => {
  const spec = {
    name: "a",
    platform: "frr",
    address: "10.0.0.1",
    port: 2222,
    site: "lyon",
    labels: { role: "core", env: "prod" },
    driftMode: "revert",
  } as const;
  test("comes out as it went in", () => expect(specOf(formOf(spec))).toEqual(spec));
  test("leaves out what is empty", () =>
    expect(Object.keys(specOf({ ...blankDevice, name: "a", address: "b" })).sort()).toEqual([
      "address",
      "driftMode",
      "labels",
      "name",
      "platform",
      "port",
    ]));
  test("labels are key=value with commas between; the first that is not is named", () => {
    expect(readLabels(" role = core, env=prod,, note=a=b ").labels).toEqual({ role: "core", env: "prod", note: "a=b" });
    expect(labelsProblem("role=core, oops")).toEqual({ labels: "“oops” is not key=value" });
  });
  test("what was emptied in an edit is cleared, and what was left alone is not sent", () => {
    const edited = specOf({ ...formOf(spec), site: " ", labels: "role=edge" });
    expect(mergePatchBetween(specOf(formOf(spec)), edited)).toEqual({ site: null, labels: { role: "edge", env: null } });
  });
});

test("two fingerprints are told apart where they differ", () =>
  expect(differenceOf("SHA256:abc", "SHA256:axc")).toEqual([
    { at: 0, text: "SHA256:a", differs: false },
    { at: 8, text: "x", differs: true },
    { at: 9, text: "c", differs: false },
  ]));

test("why a configuration was kept leads to its rollout", () => {
  expect(readReason("after rollout rol_1")).toEqual({ text: "after a rollout", rollout: "rol_1" });
  expect(readReason("by hand")).toEqual({ text: "by hand" });
});

test("a timeline is in one order, newest first, and a finding is in it twice once it is resolved", () => {
  const finding = { id: "f", firstSeenAt: "2026-03-01T10:00:00.000Z", resolvedAt: "2026-03-02T09:00:00.000Z" };
  const moments = momentsOf({
    versions: [{ id: "v", at: "2026-03-01T11:00:00.000Z" }],
    findings: [finding],
    entries: [{ seq: 1, at: "2026-03-01T09:00:00.000Z" }],
  } as unknown as Parameters<typeof momentsOf>[0]);
  expect(moments.map((moment) => moment.kind)).toEqual(["finding", "version", "finding", "audit"]);
  expect(byDay(moments).map(([day, list]) => `${day} ${list.length}`)).toEqual(["2026-03-02 1", "2026-03-01 3"]);
});
