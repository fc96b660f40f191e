import { expect, test } from "vitest";
import { ChangeMarks } from "./marks.ts";
import type { DeviceRow } from "./store.ts";

const device = { id: "dev_1", running_hash: "a", expected_hash: "a" } as DeviceRow;
const drifted = { ...device, running_hash: "b" };
const hourMs = 3_600_000;

test("a device is spared once it was read after every change that its mark could stand for, and for an hour", () => {
  const marks = new ChangeMarks();
  expect(marks.unmoved(device, "m1", 0)).toBe(false);
  marks.read(device.id, "m1", 0);
  expect(marks.unmoved(device, "m1", 500)).toBe(false);
  marks.read(device.id, "m1", 500);
  expect(marks.unmoved(device, "m1", 60_000)).toBe(false);
  marks.read(device.id, "m1", 60_000);
  expect(marks.unmoved(device, "m1", 120_000)).toBe(true);
  expect(marks.unmoved(device, "m1", 60_000 + hourMs)).toBe(false);
});

test("another mark, no mark, drift, and a device that was gone meanwhile have the whole read", () => {
  const marks = new ChangeMarks();
  for (const atMs of [0, 60_000]) marks.read(device.id, "m1", atMs);
  expect(marks.unmoved(device, "m1", 61_000)).toBe(true);
  expect(marks.unmoved(device, "m2", 61_000)).toBe(false);
  expect(marks.unmoved(device, undefined, 61_000)).toBe(false);
  expect(marks.unmoved(drifted, "m1", 61_000)).toBe(false);
  marks.keep([]);
  expect(marks.unmoved(device, "m1", 61_000)).toBe(false);
});
