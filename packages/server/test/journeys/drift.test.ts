import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Strategy } from "@holdfast/contract";
import { systemClock } from "@holdfast/kit";
import { createDeviceWork } from "#domains/devices";
import { silentLog } from "#platform/log";
import { expectBack, photo, targetOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

const canary = (bakeMs: number): Strategy => ({ kind: "canary", stages: [{ until: { percent: 50 }, bakeMs }] });
const byHand = { r1: ["interface eth1", "description by hand"], r2: ["interface GigabitEthernet1", "description by hand"] };

describe("drift, and changes that hurt later", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2, options: { driftEveryMs: 400 } });
  });
  afterAll(() => scene.stop());

  test("drift becomes a finding by itself, and is resolved when it is gone", async () => {
    const device = scene.device("r1");
    device.edit(byHand.r1);
    await expect.poll(() => scene.openFindings("r1"), { timeout: 10_000 }).toMatchObject([{ kind: "drift", severity: "medium" }]);
    expect(device.running()).toContain("by hand");
    expect((await scene.client.devices.get({ id: "r1" })).drift).toBe("drifted");
    device.edit(["interface eth1", "description uplink"]);
    await expect.poll(() => scene.openFindings("r1"), { timeout: 10_000 }).toEqual([]);
  });

  test("in drift mode `revert` it is mended without anybody's help, and the audit trail says by whom", async () => {
    const device = scene.device("r2");
    const before = device.running();
    const { etag } = await scene.client.devices.get({ id: "r2" });
    await scene.client.devices.update({ id: "r2", driftMode: "revert" }, { context: { ifMatch: etag } });
    device.edit(byHand.r2);
    expect(device.running()).not.toBe(before);
    await expect.poll(() => device.running(), { timeout: 15_000 }).toBe(before);
    const [rollout] = (await scene.client.rollouts.list({})).items;
    expect(rollout).toMatchObject({ createdBy: "system:drift" });
    expect((await scene.end(rollout!)).state).toBe("succeeded");
    const { items } = await scene.client.audit.list({ action: "rollout.rollout.create", actor: "system:drift" });
    expect(items).toMatchObject([{ subject: `rollout:${rollout!.id}`, reason: "drift is mended on this device" }]);
    await expect.poll(() => scene.openFindings("r2"), { timeout: 10_000 }).toEqual([]);
  });

  test("in drift mode `revert` a device that does not go back is tried once, stays drifted, and is not tried over and over", async () => {
    const device = scene.device("r2");
    const proposed = async () => (await scene.client.audit.list({ action: "rollout.rollout.create", actor: "system:drift" })).items.length;
    const count = await proposed();
    await device.fault({ kind: "refuse", at: "description uplink" });
    device.edit(byHand.r2);
    await expect.poll(proposed, { timeout: 10_000 }).toBe(count + 1);
    const [rollout] = (await scene.client.rollouts.list({})).items;
    expect((await scene.end(rollout!)).state).toBe("reverted");
    const { database, devices, rollouts } = scene.holdfast;
    const work = createDeviceWork({ db: database.db, clock: systemClock, devices, rollouts, log: silentLog });
    for (let looks = 0; looks < 3; looks++) await work.watchDrift();
    expect(await proposed()).toBe(count + 1);
    expect(await scene.openFindings("r2")).toMatchObject([{ kind: "drift", detail: expect.stringContaining("was begun at") as string }]);
    await device.clearFaults();
    device.edit(["interface GigabitEthernet1", "description uplink"]);
    await expect.poll(() => scene.openFindings("r2"), { timeout: 10_000 }).toEqual([]);
  });

  test("what a device shows while a rollout holds it is not told as drift", async () => {
    const [changed, waiting] = [scene.device("r3"), scene.device("r4")];
    const files = { ...deviceData(changed, "description: on its way\n"), ...deviceData(waiting, "description: on its way\n") };
    const rollout = await scene.roll(await scene.plan(files, "device in (r3,r4)"), canary(600_000));
    await expect.poll(() => changed.running(), { timeout: 10_000 }).toContain("on its way");
    waiting.edit(byHand.r2);
    const seen = await scene.client.devices.checkDrift({ selector: "device in (r3,r4)" });
    expect(seen).toMatchObject({ checked: 2, drifted: 0, unreachable: 0, items: [] });
    expect([...(await scene.openFindings("r3")), ...(await scene.openFindings("r4"))]).toEqual([]);
    await scene.client.rollouts.abort({ id: rollout.id });
    expect((await scene.end(rollout)).state).toBe("reverted");
    await expect.poll(() => scene.openFindings("r4"), { timeout: 10_000 }).toMatchObject([{ kind: "drift" }]);
    expect(await scene.openFindings("r3")).toEqual([]);
    waiting.edit(["interface GigabitEthernet1", "description uplink"]);
  });

  test("a neighbour that is lost only while the change bakes halts the rollout and takes it back", async () => {
    const [changed, neighbour] = [scene.device("r3"), scene.device("r4")];
    const before = photo(changed);
    const files = { ...deviceData(changed, "hello: 2\n"), ...deviceData(neighbour, "description: second\n") };
    const rollout = await scene.end(await scene.roll(await scene.plan(files, "device in (r3,r4)"), canary(6000)), 25_000);
    expect(rollout.haltReason).toMatch(/^r3: OSPF neighbours: 0 of 1 as before, lost/);
    expect(rollout.waves.map((wave) => wave.state)).toEqual(["failed", "skipped"]);
    expectBack(rollout, changed, before);
    expect(targetOf(rollout, "r4")).toMatchObject({ state: "waiting", side: "old" });
    expect(neighbour.running()).not.toContain("description second");
    await expect.poll(() => scene.fleet.network.ospfNeighbors("r3").length, { timeout: 10_000 }).toBe(1);
  });
});
