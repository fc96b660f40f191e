import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Plan, Rollout } from "@holdfast/contract";
import { runningClock } from "#world/clock";
import type { PlatformName, SimulatedDevice } from "#world/device";
import type { Fault } from "#world/faults";
import { expectBack, onceAt, photo, targetOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

/** A minute of the world is three seconds of ours: the switch of IOS counts in minutes. */
const clock = runningClock(20);
const switchMs = 60_000;
const platforms: PlatformName[] = ["frr", "ios"];
const byHand = {
  frr: ["interface eth1", "description by hand"],
  ios: ["interface GigabitEthernet1", "description by hand"],
};

/** Each test has a device of its own, so that none finds what another left, and they can wait at one time. */
describe("devices that misbehave while they are changed", () => {
  let scene: Scene;
  let free: SimulatedDevice[];
  beforeAll(async () => {
    scene = await setScene({ pairs: 16, clock, options: { switchMs } });
    free = [...scene.fleet.devices.values()];
  });
  afterAll(() => scene.stop());

  const take = (platform: PlatformName): SimulatedDevice => {
    const [device] = free.splice(
      free.findIndex((one) => one.platform === platform),
      1,
    );
    onTestFinished(() => device?.clearFaults());
    return device!;
  };
  const planFor = (device: SimulatedDevice, more: string): Promise<Plan> => scene.plan(deviceData(device, more), `device=${device.name}`);
  /** A planned change of the description; then the fault, for so many times; then the rollout to its rest. */
  const change = async (device: SimulatedDevice, text: string, fault?: Fault, times?: number): Promise<Rollout> => {
    const plan = await planFor(device, `description: ${text}\n`);
    expect(plan.problems).toEqual([]);
    if (fault) await device.fault(fault, times);
    return scene.end(await scene.roll(plan), 30_000);
  };
  const atPoint = async (device: SimulatedDevice, point: string, act: () => void): Promise<void> =>
    onceAt(scene.atPoint, `${point}:${await scene.idOf(device.name)}`, act);
  const isBack = async ({ id }: Rollout): Promise<boolean> => (await scene.client.rollouts.get({ id })).state === "reverted";

  test.concurrent.each([
    ["frr" as const, "ip adress 10.9.9.9/32", /: % Unknown command: ip adress 10.9.9.9\/32/],
    ["ios" as const, "ip adress 10.9.9.9 255.255.255.255", / at position 6: % Invalid input detected at '\^' marker/],
  ])("a command that %s refuses is told with its text, and nothing is left half done", async (platform, line, told) => {
    const device = take(platform);
    const before = photo(device);
    const plan = await planFor(device, `description: refused\nextra: ["${line}"]\n`);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(new RegExp(`^${device.name}: the device refused line \\d of \\d, "${line}"`));
    expect(rollout.haltReason).toMatch(told);
    expectBack(rollout, device, before);
    expect(targetOf(rollout, device.name).outcome).toBe("reverted");
  });

  test.concurrent.each(platforms)("2 MB of output from %s are read whole", async (platform) => {
    const device = take(platform);
    await device.fault({ kind: "huge", at: "show running-config", bytes: 2_000_000 });
    expect((await change(device, "through 2 MB")).state).toBe("succeeded");
    expect(device.running()).toContain("description through 2 MB");
    const kept = await scene.client.devices.running({ id: device.name });
    expect(kept.text).toContain("description through 2 MB");
  });

  test.concurrent.each(platforms)("%s hangs in the middle of a command: it goes back, and the rollout says so", async (platform) => {
    const device = take(platform);
    const before = photo(device);
    const rollout = await change(device, "hanging", { kind: "hang", at: "description hanging" }, 1);
    expect(rollout.haltReason).toMatch(/said nothing for \d s in the middle of a command/);
    expectBack(rollout, device, before);
  });

  test.concurrent("a device that hangs in the middle of its configuration is not taken for one with half of it", async () => {
    const device = take("frr");
    const before = await scene.client.devices.versions({ id: device.name });
    await device.fault({ kind: "hang", at: "show running-config", afterBytes: 120 }, 1);
    const plan = await planFor(device, "description: half\n");
    expect(plan.problems).toMatchObject([{ targetName: device.name, code: "devices_unread" }]);
    expect(await scene.client.devices.versions({ id: device.name })).toEqual(before);
  });

  test.concurrent.each(platforms)(
    "a full disk on %s: what cannot be saved is not kept, and it says so until it is mended",
    async (platform) => {
      const device = take(platform);
      const before = photo(device);
      const stuck = await change(device, "no room", { kind: "disk-full" });
      expect(stuck.haltReason).toContain("did not save its configuration");
      expect(photo(device)).toEqual(before);
      expect(stuck.state).toBe("needs_attention");
      expect(targetOf(stuck, device.name)).toMatchObject({
        state: "pending_revert",
        say: expect.stringContaining("did not save") as string,
      });
      // Which device, in its own words, and what is to be done.
      const told = { frr: /Can't open|space|rror/, ios: /Not enough space/ }[platform];
      expect(stuck.say).toMatch(told);
      expect(stuck.say).toMatch(
        new RegExp(
          `^${device.name} could not be brought back yet .*${device.name} did not save .*see that there is room on its disk\\. It is tried`,
        ),
      );
      await device.clearFaults();
      await vi.waitUntil(() => isBack(stuck), { timeout: 30_000 });
      expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
    },
  );

  test.concurrent.each(platforms)(
    "once there is room on the disk of %s, retry brings it back without waiting for the next turn",
    async (platform) => {
      const device = take(platform);
      const before = photo(device);
      const stuck = await change(device, "no room at all", { kind: "disk-full" });
      expect((await scene.client.rollouts.retry({ id: stuck.id })).id).toBe(stuck.id);
      await device.clearFaults();
      await scene.client.rollouts.retry({ id: stuck.id });
      await vi.waitUntil(() => isBack(stuck), { timeout: 10_000 });
      expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
    },
  );

  test.concurrent.each(platforms)("%s that moved since the plan is refused, and the other hand's work stays", async (platform) => {
    const device = take(platform);
    const plan = await planFor(device, "description: planned before\n");
    device.edit(byHand[platform]);
    const before = photo(device);
    const rollout = await scene.end(await scene.roll(plan));
    const say = expect.stringMatching(/it changed since this was planned .*plan again/) as string;
    expect(targetOf(rollout, device.name)).toMatchObject({ outcome: "refused", side: "old", say });
    expectBack(rollout, device, before);
    expect(device.running()).toContain("by hand");
  });

  test.concurrent.each(platforms)("what somebody left unsaved on %s stays unsaved when a change is taken back", async (platform) => {
    const device = take(platform);
    device.edit(byHand[platform]);
    const before = photo(device);
    expect(before.startup).not.toBe(before.running);
    expectBack(await change(device, "never saved", { kind: "ignore", at: "description never saved" }), device, before);
  });

  test.concurrent.each(platforms)(
    "what somebody left unsaved on %s stays unsaved when we are cut off in the middle of taking back",
    async (platform) => {
      const device = take(platform);
      device.edit(byHand[platform]);
      const before = photo(device);
      // By then its dead-man's switch is taken back: the second try finds none, and the change was never confirmed all the same.
      await atPoint(device, "after revert:begin", () => device.router.faults.set({ kind: "drop", at: "show running-config" }, 1));
      const stuck = await change(device, "cut off", { kind: "ignore", at: "description cut off" });
      expect(targetOf(stuck, device.name)).toMatchObject({ state: "pending_revert", outcome: "unreachable" });
      expect(device.history.filter(({ via }) => via === "switch").map(({ event }) => event)).toEqual(["arm", "revert"]);
      await vi.waitUntil(() => isBack(stuck), { timeout: 30_000 });
      expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
    },
  );

  test.concurrent.each(platforms)(
    "what somebody left unsaved on %s stays unsaved when its own switch takes the change back",
    async (platform) => {
      const device = take(platform);
      device.edit(byHand[platform]);
      const before = photo(device);
      await atPoint(device, "after confirm:begin", () => device.router.revert("holdfast"));
      expectBack(await change(device, "too slow to be saved"), device, before);
    },
  );

  test.concurrent.each(platforms)("%s that takes a line without a word and ignores it is caught", async (platform) => {
    const device = take(platform);
    const before = photo(device);
    const rollout = await change(device, "never there", { kind: "ignore", at: "description never there" });
    expect(rollout.haltReason).toMatch(/it took the change but does not have it/);
    expectBack(rollout, device, before);
  });

  test.concurrent.each(platforms)("a change of somebody else that waits for its confirmation on %s is not touched", async (platform) => {
    const device = take(platform);
    const plan = await planFor(device, "description: one too many\n");
    device.router.arm({ token: "somebody", user: "somebody", seconds: 60_000 });
    const before = photo(device);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toMatch(/another change waits for its confirmation on this device/);
    expect(photo(device)).toMatchObject({ running: before.running, startup: before.startup, armed: { token: "somebody" } });
  });

  test.concurrent.each(platforms)("a dead-man's switch of %s that fires before the confirmation is told as such", async (platform) => {
    const device = take(platform);
    const before = photo(device);
    await atPoint(device, "after confirm:begin", () => device.router.revert("holdfast"));
    const rollout = await change(device, "too slow");
    expect(rollout.haltReason).toMatch(/its dead-man's switch reverted the change before it was confirmed/);
    expectBack(rollout, device, before);
  });

  test.concurrent.each(platforms)("a dead-man's switch of %s that fires at once leaves nothing of the change", async (platform) => {
    const device = take(platform);
    const before = photo(device);
    expectBack(await change(device, "gone at once", { kind: "switch-early", afterMs: 1 }), device, before);
  });

  test.concurrent.each(platforms)("%s is cut off right after the change: we take it back", async (platform) => {
    const device = take(platform);
    const before = photo(device);
    const rollout = await change(device, "the last word", { kind: "drop", at: "description the last word", when: "after" }, 1);
    expect(rollout.haltReason).toMatch(/connection/);
    expectBack(rollout, device, before);
  });

  test.concurrent.each(platforms)(
    "%s cuts itself off by the change: it goes back by itself, and the rollout finds it so",
    async (platform) => {
      const device = take(platform);
      const before = photo(device);
      await atPoint(device, "before apply:end", () => device.router.faults.set({ kind: "unreachable", how: "refuse" }));
      const stuck = await change(device, "sawn off", { kind: "drop", at: "description sawn off", when: "after" }, 1);
      expect(stuck.state).toBe("needs_attention");
      expect(targetOf(stuck, device.name)).toMatchObject({ state: "pending_revert", outcome: "unreachable", side: "unknown" });
      await vi.waitUntil(() => device.armed === undefined, { timeout: 15_000 });
      expect(device.history.filter(({ via }) => via === "switch").map(({ event }) => event)).toEqual(["arm", "revert"]);
      expect(device.running()).toBe(before.running);
      await device.clearFaults();
      await vi.waitUntil(() => isBack(stuck), { timeout: 30_000 });
      expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
    },
  );
});
