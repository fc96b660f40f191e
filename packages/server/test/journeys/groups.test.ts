import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client, Plan, Rollout } from "@holdfast/contract";
import { onceAt, photo, problemOf, targetOf } from "./expectations.ts";
import { deviceData, groupedInventory } from "./network.ts";
import { allAtOnce, oneByOne, setScene, type Scene } from "./scene.ts";

describe("two devices of one redundancy group, in two rollouts at the same time", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2 });
    await scene.plan(groupedInventory(scene.fleet, ["r1", "r2"], "edge"));
    expect((await scene.client.devices.get({ id: "r2" })).redundancyGroup).toBe("edge");
  });
  afterAll(() => scene.stop());

  const planFor = (text: string, ...names: string[]): Promise<Plan> =>
    scene.plan(
      Object.assign({}, ...names.map((name) => deviceData(scene.device(name), `description: ${text}\n`))) as Record<string, string>,
      `device in (${names.join(",")})`,
    );
  const has = (name: string, text: string): boolean => scene.device(name).running().includes(`description ${text}\n`);
  const now = (rollout: { id: string }): Promise<Rollout> => scene.client.rollouts.get({ id: rollout.id });
  const state = async (rollout: { id: string }, name: string): Promise<string> => targetOf(await now(rollout), name).state;
  const remove = async (id: string): Promise<unknown> => {
    const { etag } = await scene.client.devices.get({ id });
    return scene.client.devices.remove({ id }, { context: { ifMatch: etag } });
  };
  /** The way back of this device fails until its faults are cleared. */
  const stuck = async (name: string, text: string): Promise<Rollout> => {
    const plan = await planFor(text, name);
    await scene.device(name).fault({ kind: "ignore", at: `description ${text}` });
    onceAt(scene.atPoint, "after revert:begin", () => scene.device(name).router.faults.set({ kind: "unreachable", how: "refuse" }));
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.state).toBe("needs_attention");
    return rollout;
  };

  test("are changed one after the other, whichever comes first, and both arrive", async () => {
    const plans = [await planFor("both at once", "r1"), await planFor("both at once", "r2")];
    const rollouts = await Promise.all(plans.map((plan) => scene.roll(plan)));
    for (const rollout of rollouts) expect((await scene.end(rollout)).state).toBe("succeeded");
    expect([has("r1", "both at once"), has("r2", "both at once")]).toEqual([true, true]);
    // The journal's numbers rise over all rollouts: one was confirmed before the other was begun with.
    const spans = await Promise.all(
      rollouts.map(async (rollout) => {
        const steps = (await scene.journal(rollout)).filter((line) => line.target !== undefined).map((line) => line.seq);
        return { from: Math.min(...steps), to: Math.max(...steps) };
      }),
    );
    const [first, second] = spans.sort((a, b) => a.from - b.from);
    expect(first!.to).toBeLessThan(second!.from);
  });

  test("one waits while the other could not be brought back, its rollout says for whom, and goes on when that one is given up", async () => {
    const first = await stuck("r1", "taken and lost");
    const second = await scene.roll(await planFor("after the partner", "r2", "r3"), allAtOnce);
    await expect.poll(() => state(second, "r3"), { timeout: 10_000 }).toBe("done");
    const why = `waits for r1, of the same redundancy group (edge), which is being changed by rollout ${first.id}`;
    const waiting = await now(second);
    expect(targetOf(waiting, "r2")).toMatchObject({ state: "waiting", side: "old", say: why });
    expect(waiting.say).toContain(`r2 ${why}`);
    expect(has("r2", "after the partner")).toBe(false);

    expect(await problemOf(remove("r1"))).toMatchObject({ code: "devices_in_use", status: 409 });
    const operator = await scene.as("operator");
    const given = await operator.rollouts.giveUp({ id: first.id, target: "r1", reason: "struck by lightning" });
    await expect.poll(async () => (await now(first)).state, { timeout: 20_000 }).toBe("reverted");
    expect(given.id).toBe(first.id);
    const ended = await now(first);
    expect(targetOf(ended, "r1")).toMatchObject({
      state: "done",
      outcome: "unknown",
      side: "unknown",
      say: expect.stringContaining("given up by user:operator: struck by lightning; nobody knows which configuration it has") as string,
    });
    expect(ended.say).toContain("r1 was given up: nobody knows which configuration it has");
    expect((await scene.end(second)).state).toBe("succeeded");
    expect(has("r2", "after the partner")).toBe(true);
    const { items } = await scene.client.audit.list({ action: "rollout.rollout.give_up", subject: `rollout:${first.id}` });
    expect(items).toMatchObject([{ actor: "user:operator", reason: "struck by lightning", after: { target: "r1" } }]);
  });

  test("a device that was given up is free, but the switch that is armed on it is respected; and it can be removed", async () => {
    await scene.device("r1").clearFaults();
    const plan = await planFor("back from the dead", "r1");
    expect(plan.problems).toEqual([]);
    const early = await scene.end(await scene.roll(plan));
    expect(early.haltReason).toContain("another change waits for its confirmation on this device");
    expect(targetOf(early, "r1")).toMatchObject({ outcome: "refused", side: "old" });
    await remove("r1");
  });

  test("only what could not be brought back can be given up, by those who may operate rollouts, and with a reason", async () => {
    const rollout = await scene.end(await scene.roll(await planFor("well and good", "r3")));
    const giveUp = (client: Client, target: string, reason = "no reason") => client.rollouts.giveUp({ id: rollout.id, target, reason });
    expect(await problemOf(giveUp(scene.client, "r3"))).toMatchObject({ code: "rollouts_not_possible", status: 409 });
    expect(await problemOf(giveUp(scene.client, "r9"))).toMatchObject({ code: "rollouts_target_missing", status: 404 });
    expect(await problemOf(giveUp(scene.client, "r3", "  "))).toMatchObject({ status: 400, places: [{ at: "reason" }] });
    expect(await problemOf(giveUp(await scene.as("viewer"), "r3"))).toMatchObject({ status: 403 });
  });
});

describe("a rollout that has to be approved", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 1 });
  });
  afterAll(() => scene.stop());

  test("is not begun by aborting and retrying it, nor rolled back, without the approval of somebody else", async () => {
    const device = scene.device("r1");
    const before = photo(device);
    const [approver, operator] = [await scene.as("approver"), await scene.as("operator")];
    const plan = await scene.plan(deviceData(device, "description: approved\n"), "device=r1");
    const wanted = { planId: plan.id, planHash: plan.hash, strategy: oneByOne, requireApproval: true };
    const first = await operator.rollouts.create(wanted);
    expect(first).toMatchObject({ state: "awaiting_approval", requireApproval: true });
    expect((await operator.rollouts.abort({ id: first.id })).state).toBe("reverted");

    const retry = await operator.rollouts.retry({ id: first.id });
    expect(retry).toMatchObject({ state: "awaiting_approval", requireApproval: true, createdBy: "user:operator" });
    expect(await problemOf(operator.rollouts.start({ id: retry.id }))).toMatchObject({ code: "rollouts_not_possible", status: 409 });
    expect(await problemOf(operator.rollouts.approve({ id: retry.id }))).toMatchObject({ status: 403 });
    expect(photo(device)).toEqual(before);
    await approver.rollouts.approve({ id: retry.id });
    expect(await scene.end(retry)).toMatchObject({ state: "succeeded", approvedBy: "user:approver" });
    expect(photo(device)).not.toEqual(before);

    // The administrator may approve, but not what she proposed herself.
    const back = await scene.client.rollouts.rollback({ id: retry.id });
    expect(back).toMatchObject({ state: "awaiting_approval", createdBy: "user:ada" });
    expect(await problemOf(scene.client.rollouts.approve({ id: back.id }))).toMatchObject({ code: "rollouts_own_approval", status: 403 });
    await approver.rollouts.approve({ id: back.id });
    expect((await scene.end(back)).state).toBe("succeeded");
    expect(photo(device)).toEqual(before);
  });
});
