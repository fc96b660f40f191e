import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cutOff, expectBack, onceAt, photo, targetOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

describe("devices that cannot be reached, or should not be trusted", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2 });
  });
  afterEach(async () => {
    for (const device of scene.fleet.devices.values()) await device.clearFaults();
  });
  afterAll(() => scene.stop());

  /** A new description for each of these devices. */
  const describing = (text: string, ...names: string[]): Record<string, string> =>
    Object.assign({}, ...names.map((name) => deviceData(scene.device(name), `description: ${text}\n`))) as Record<string, string>;

  test("one that refuses connections and one that is silent are problems of the plan, and the others are planned", async () => {
    const [refusing, silent] = [scene.device("r1"), scene.device("r2")];
    const before = [photo(refusing), photo(silent)];
    for (const device of [refusing, silent]) await cutOff(device);
    await refusing.fault({ kind: "unreachable", how: "refuse" });
    await silent.fault({ kind: "unreachable", how: "blackhole" });
    const plan = await scene.plan(describing("planned", "r1", "r2", "r3"));
    expect(plan.changes.map((change) => change.targetName)).toEqual(["r3"]);
    expect(plan.problems.map(({ targetName, code, say }) => ({ targetName, code, say }))).toEqual([
      { targetName: "r1", code: "devices_unread", say: expect.stringMatching(/r1 .*(refus|reach)/) },
      { targetName: "r2", code: "devices_unread", say: expect.stringMatching(/r2 stopped answering during the key exchange/) },
    ]);
    expect(await scene.openFindings("r1")).toMatchObject([{ kind: "unreachable", severity: "high" }]);
    for (const device of [refusing, silent]) await device.clearFaults();
    expect([photo(refusing), photo(silent)]).toEqual(before);
    await scene.client.devices.checkDrift({});
    expect([...(await scene.openFindings("r1")), ...(await scene.openFindings("r2"))]).toEqual([]);
  });

  test("one that is gone when its turn comes was not touched, and the rollout goes back", async () => {
    const [first, gone] = [scene.device("r1"), scene.device("r2")];
    const before = [photo(first), photo(gone)];
    const plan = await scene.plan(describing("gone at apply", "r1", "r2"));
    await cutOff(gone);
    await gone.fault({ kind: "unreachable", how: "refuse" });
    const rollout = await scene.end(await scene.roll(plan, { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 }));
    expect(targetOf(rollout, "r2")).toMatchObject({ outcome: "unreachable", side: "old" });
    expectBack(rollout, first, before[0]!);
    expectBack(rollout, gone, before[1]!);
  });

  test.each(["r1", "r2"])("%s that is cut off in the middle of the change goes back", async (name) => {
    const device = scene.device(name);
    const before = photo(device);
    const plan = await scene.plan(describing("cut off", name));
    await device.fault({ kind: "drop", at: "description cut off", when: "before" }, 1);
    const rollout = await scene.end(await scene.roll(plan));
    expect(targetOf(rollout, name).outcome).toBe("reverted");
    expect(rollout.haltReason).toMatch(/connection/);
    expectBack(rollout, device, before);
  });

  test("one that is gone when it should go back is said to be pending, and goes back as soon as it answers", async () => {
    const device = scene.device("r3");
    const before = photo(device);
    const plan = await scene.plan(describing("taken and lost", "r3"));
    await device.fault({ kind: "ignore", at: "description taken and lost" });
    onceAt(scene.atPoint, "after revert:begin", () => device.router.faults.set({ kind: "unreachable", how: "refuse" }));
    const stuck = await scene.end(await scene.roll(plan));
    expect(stuck.state).toBe("needs_attention");
    expect(targetOf(stuck, "r3")).toMatchObject({ state: "pending_revert", outcome: "unreachable", side: "unknown" });
    expect(stuck.say).toMatch(/r3|1 /);
    const again = await scene.plan(describing("a second try", "r3"));
    expect(again.problems).toMatchObject([{ targetName: "r3", code: "rollouts_target_busy", say: `rollout ${stuck.id} drives it` }]);
    await device.clearFaults();
    await expect.poll(async () => (await scene.client.rollouts.get({ id: stuck.id })).state, { timeout: 10_000 }).toBe("reverted");
    expectBack(await scene.client.rollouts.get({ id: stuck.id }), device, before);
  });

  test("a wrong password is a finding and a problem of the plan; nothing is typed on the device", async () => {
    const device = scene.device("r3");
    await cutOff(device);
    await device.fault({ kind: "wrong-password" });
    const typed = device.history.length;
    const plan = await scene.plan(describing("wrong password", "r3"));
    expect(plan.changes.map((change) => change.targetName)).not.toContain("r3");
    const say = "r3 refused the sign-in of holdfast. Check the credential.";
    expect(plan.problems).toMatchObject([{ targetName: "r3", code: "devices_unread", say }]);
    expect(await scene.openFindings("r3")).toMatchObject([{ kind: "sign_in_refused", severity: "high", detail: say }]);
    expect(device.history.length).toBe(typed);
    expect(JSON.stringify(plan)).not.toContain("s3cret-pass");
  });

  test("a changed host key is a hard stop until somebody trusts the new one", async () => {
    const device = scene.device("r4");
    const pinned = device.fingerprint;
    const plan = await scene.plan(describing("before the key changed", "r4"));
    await cutOff(device);
    await device.fault({ kind: "changed-host-key" });
    const before = photo(device);
    const rollout = await scene.end(await scene.roll(plan));
    expect(targetOf(rollout, "r4")).toMatchObject({
      outcome: "refused",
      side: "old",
      say: expect.stringContaining(device.fingerprint) as string,
    });
    expectBack(rollout, device, before);
    await scene.client.devices.checkDrift({});
    expect(await scene.openFindings("r4")).toMatchObject([{ kind: "host_key_changed", severity: "critical" }]);

    const shown = await scene.client.devices.hostKey({ id: "r4" });
    expect(shown).toEqual({ fingerprint: device.fingerprint, pinned, matches: false });
    await scene.client.devices.trustHostKey({ id: "r4", fingerprint: shown.fingerprint, reason: "the router was replaced" });
    await scene.client.devices.checkDrift({});
    expect(await scene.openFindings("r4")).toEqual([]);
    const { items } = await scene.client.audit.list({ action: "devices.host_key.replace", subject: `device:${await scene.idOf("r4")}` });
    expect(items).toMatchObject([{ severity: "critical", actor: "user:ada", reason: "the router was replaced" }]);
  });
});
