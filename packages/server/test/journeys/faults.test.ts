import type { Plan } from "@holdfast/contract";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runningClock } from "#world/clock";
import { expectBack, photo, targetOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

/** A minute of the world is three seconds of ours: the switch of IOS counts in minutes. */
const worldClock = runningClock(20);
const switchMs = 60_000;

describe("devices that misbehave while they are changed", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2, clock: worldClock, options: { switchMs } });
  });
  afterEach(async () => {
    scene.atPoint.now = undefined;
    for (const device of scene.fleet.devices.values()) await device.clearFaults();
  });
  afterAll(() => scene.stop());

  /** A plan for this device alone: what other tests left in the repository is theirs. */
  const planFor = (name: string, more: string): Promise<Plan> => scene.plan(deviceData(scene.device(name), more), `device=${name}`);
  const both = ["r1", "r2"];

  test.each([
    ["r1", "ip adress 10.9.9.9/32", /Unknown command/],
    ["r2", "ip adress 10.9.9.9 255.255.255.255", /at position 6: % Invalid input/],
  ])("a command that %s refuses is told with its text, and nothing is left half done", async (name, line, told) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, `description: refused\nextra: ["${line}"]\n`);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toContain(`the device refused line`);
    expect(rollout.haltReason).toContain(line);
    expect(rollout.haltReason).toMatch(told);
    expectBack(rollout, device, before);
    expect(targetOf(rollout, name).outcome).toBe("reverted");
  });

  test.each(both)("2 MB of output from %s are read whole", async (name) => {
    const device = scene.device(name);
    await device.fault({ kind: "huge", at: "show running-config", bytes: 2_000_000 });
    const plan = await planFor(name, "description: through 2 MB\n");
    expect(plan.problems).toEqual([]);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.state).toBe("succeeded");
    expect(device.running()).toContain("description through 2 MB");
    const [version] = (await scene.client.devices.versions({ id: name })).items;
    const kept = await scene.client.devices.version({ id: name, version: version!.id });
    expect(kept.text.length).toBeLessThan(3_000_000);
    expect(kept.text).toContain("description through 2 MB");
  });

  test.each(both)("%s hangs in the middle of a command: it goes back, and the rollout says what it waited for", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: hanging\n");
    await device.fault({ kind: "hang", at: "description hanging" }, 1);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(new RegExp(`${name} said nothing for 2 s in the middle of a command`));
    expectBack(rollout, device, before);
  });

  test("a device that hangs in the middle of its configuration is not taken for one with half of it", async () => {
    const device = scene.device("r3");
    const { items: before } = await scene.client.devices.versions({ id: "r3" });
    await device.fault({ kind: "hang", at: "show running-config", afterBytes: 120 }, 1);
    const plan = await planFor("r3", "description: half\n");
    expect(plan.problems).toMatchObject([{ targetName: "r3", code: "devices_unread" }]);
    expect((await scene.client.devices.versions({ id: "r3" })).items).toEqual(before);
    await device.clearFaults();
  });

  test.each(both)("a full disk on %s: what cannot be saved is not kept, and it says so until it is mended", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: no room\n");
    await device.fault({ kind: "disk-full" });
    const stuck = await scene.end(await scene.roll(plan));
    expect(stuck.haltReason).toContain("did not save its configuration");
    expect(photo(device)).toEqual(before);
    expect(stuck.state).toBe("needs_attention");
    expect(targetOf(stuck, name)).toMatchObject({ state: "pending_revert", say: expect.stringContaining("did not save") as string });
    await device.clearFaults();
    await expect.poll(async () => (await scene.client.rollouts.get({ id: stuck.id })).state, { timeout: 10_000 }).toBe("reverted");
    expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
  });

  test.each([
    ["r1", ["interface eth1", "description by hand"]],
    ["r2", ["interface GigabitEthernet1", "description by hand"]],
  ])("%s that moved since the plan is refused, and the other hand's work stays", async (name, lines) => {
    const device = scene.device(name);
    const plan = await planFor(name, "description: planned before\n");
    device.edit(lines);
    const before = photo(device);
    const rollout = await scene.end(await scene.roll(plan));
    expect(targetOf(rollout, name)).toMatchObject({
      outcome: "refused",
      side: "old",
      say: expect.stringMatching(/it changed since this was planned .*plan again/) as string,
    });
    expectBack(rollout, device, before);
    expect(device.running()).toContain("by hand");
    expect(device.startup()).not.toContain("by hand");
  });

  test.each(both)("what somebody left unsaved on %s stays unsaved when a change is taken back", async (name) => {
    const device = scene.device(name);
    expect(device.running()).not.toBe(device.startup());
    const before = photo(device);
    const plan = await planFor(name, "description: never saved\n");
    await device.fault({ kind: "ignore", at: "description never saved" });
    expectBack(await scene.end(await scene.roll(plan)), device, before);
    device.router.save("console");
  });

  test.each(both)("%s that takes a line without a word and ignores it is caught and goes back", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: never there\n");
    await device.fault({ kind: "ignore", at: "description never there" });
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(/it took the change but does not have it/);
    expectBack(rollout, device, before);
  });

  test.each(both)("a change of somebody else that waits for its confirmation on %s is not touched", async (name) => {
    const device = scene.device(name);
    const plan = await planFor(name, "description: one too many\n");
    device.router.arm({ token: "somebody", user: "somebody", seconds: 600 });
    const before = photo(device);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(/another change waits for its confirmation on this device/);
    expect({ ...photo(device), armed: device.armed?.token }).toEqual({ ...before, armed: "somebody" });
    device.router.revert("somebody");
  });

  test.each(both)("a dead-man's switch of %s that fires before the confirmation is told as such", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: too slow\n");
    scene.atPoint.now = (point) => {
      if (point.startsWith("after confirm:begin")) device.router.revert("holdfast");
    };
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(/its dead-man's switch reverted the change before it was confirmed/);
    expectBack(rollout, device, before);
  });

  test.each(both)("a dead-man's switch of %s that fires at once leaves nothing of the change", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: gone at once\n");
    await device.fault({ kind: "switch-early", afterMs: 1 });
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.state).toBe("reverted");
    expectBack(rollout, device, before);
  });

  test.each(both)("%s is cut off right after the change: we take it back", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: the last word\n");
    await device.fault({ kind: "drop", at: "description the last word", when: "after" }, 1);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(/connection/);
    expectBack(rollout, device, before);
  });

  test.each(both)("%s cuts itself off by the change: it goes back by itself, and the rollout finds it so", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await planFor(name, "description: sawn off\n");
    await device.fault({ kind: "drop", at: "description sawn off", when: "after" }, 1);
    scene.atPoint.now = (point) => {
      if (point.startsWith("before apply:end")) device.router.faults.set({ kind: "unreachable", how: "refuse" });
    };
    const stuck = await scene.end(await scene.roll(plan));
    expect(stuck.state).toBe("needs_attention");
    expect(device.running()).toContain("sawn off");
    expect(device.armed).toBeDefined();
    await expect.poll(() => device.armed, { timeout: 10_000 }).toBeUndefined();
    expect(device.running()).toBe(before.running);
    scene.atPoint.now = undefined;
    await device.clearFaults();
    await expect.poll(async () => (await scene.client.rollouts.get({ id: stuck.id })).state, { timeout: 15_000 }).toBe("reverted");
    expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
  });
});
