import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock, type Clock } from "@holdfast/kit";
import { createDeviceWork, type DeviceWork } from "#domains/devices";
import { silentLog } from "#platform/log";
import { runningClock } from "#world/clock";
import { setScene, type Scene } from "./scene.ts";

const hourMs = 3_600_000;

describe("looking for drift", () => {
  let scene: Scene;
  let work: DeviceWork;
  let lateMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + lateMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
  beforeAll(async () => {
    scene = await setScene({ clock: runningClock(20), options: { clock } });
    const { database, devices, rollouts } = scene.holdfast;
    work = createDeviceWork({ db: database.db, clock, devices, rollouts, log: silentLog });
  });
  afterAll(() => scene.stop());

  const describeAs = (text: string): void => scene.device("r2").edit(["interface GigabitEthernet1", `description ${text}`]);
  /** When it was last read in full. */
  const readAt = async (name: string) => (await scene.client.devices.get({ id: name })).backedUpAt;
  /** Looks, and again when a change that comes later has another second, on our clock and on the devices'. */
  const settle = async (): Promise<void> => {
    await work.watchDrift();
    lateMs += 3000;
    const { clock: theirs } = scene.fleet;
    const before = theirs.now();
    await vi.waitUntil(() => theirs.now() - before > 2000, { timeout: 10_000, interval: 20 });
    await work.watchDrift();
  };

  test("a device that says itself that nothing changed is not read in full; one that cannot say is", async () => {
    describeAs("somebody was here");
    describeAs("uplink");
    await settle();
    const before = [await readAt("r1"), await readAt("r2")];
    await work.watchDrift();
    expect(await readAt("r2")).toBe(before[1]);
    expect(await readAt("r1")).not.toBe(before[0]);
    const seen = await scene.client.devices.get({ id: "r2" });
    expect(seen).toMatchObject({ reachable: true, drift: "as_intended" });
  });

  test("a foreign edit is found at the next look, and a second one in the same second as well", async () => {
    describeAs("by hand");
    await work.watchDrift();
    expect(await scene.openFindings("r2")).toMatchObject([{ kind: "drift" }]);
    describeAs("uplink");
    await work.watchDrift();
    expect(await scene.openFindings("r2")).toEqual([]);
    describeAs("at once again");
    await work.watchDrift();
    expect(await scene.openFindings("r2")).toMatchObject([{ kind: "drift" }]);
    describeAs("uplink");
    await settle();
  });

  test("a device that drifted is read in full until it is as intended", async () => {
    describeAs("still there");
    await settle();
    const before = await readAt("r2");
    await work.watchDrift();
    expect(await readAt("r2")).not.toBe(before);
    describeAs("uplink");
    await settle();
  });

  test("once an hour it is read in full whatever it says", async () => {
    const before = await readAt("r2");
    await work.watchDrift();
    expect(await readAt("r2")).toBe(before);
    lateMs += hourMs;
    await work.watchDrift();
    expect(await readAt("r2")).not.toBe(before);
  });

  test("somebody who asks has every device read in full", async () => {
    await settle();
    const before = await readAt("r2");
    expect(await scene.client.devices.checkDrift({})).toMatchObject({ checked: 2, drifted: 0, unreachable: 0 });
    expect(await readAt("r2")).not.toBe(before);
  });
});

describe("backups", () => {
  test("are made by themselves, as often as was asked for, and kept where something changed", async () => {
    const scene = await setScene({ options: { backUpEveryMs: 200 } });
    try {
      const versions = async () => (await scene.client.devices.versions({ id: "r1" })).items;
      const count = (await versions()).length;
      scene.device("r1").edit(["interface eth1", "description kept by itself"]);
      await expect.poll(async () => (await versions()).length, { timeout: 10_000 }).toBe(count + 1);
      const [newest] = await versions();
      expect(newest?.reason).toBe("scheduled");
      const { text } = await scene.client.devices.version({ id: "r1", version: newest?.id ?? "" });
      expect(text).toContain("description kept by itself");
      const { backedUpAt } = await scene.client.devices.get({ id: "r2" });
      await expect.poll(async () => (await scene.client.devices.get({ id: "r2" })).backedUpAt, { timeout: 10_000 }).not.toBe(backedUpAt);
    } finally {
      await scene.stop();
    }
  });
});
