import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient, type Client, type DevicePatch, type Plan, type Rollout, type Strategy } from "@holdfast/contract";
import { Secret } from "@holdfast/kit";
import { sessionCookie } from "#core/identity";
import { opened } from "#test/identity";
import { onceAt, photo, problemOf, targetOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";

/** The first of two devices, then a bake that nobody waits for. */
const canary: Strategy = { kind: "canary", stages: [{ until: { percent: 50 }, bakeMs: 600_000 }] };

describe("what people do to a rollout, on real devices", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 1 });
  });
  afterAll(() => scene.stop());

  const planFor = (text: string, ...names: string[]): Promise<Plan> =>
    scene.plan(
      Object.assign({}, ...names.map((name) => deviceData(scene.device(name), `description: ${text}\n`))) as Record<string, string>,
      `device in (${names.join(",")})`,
    );
  const has = (name: string, text: string): boolean => scene.device(name).running().includes(`description ${text}\n`);
  /** The canary has it, and its wave bakes. */
  const baking = async (rollout: Rollout): Promise<void> => {
    const wave = async (): Promise<string | undefined> => (await scene.client.rollouts.get({ id: rollout.id })).waves[0]?.state;
    await expect.poll(wave, { timeout: 10_000, interval: 50 }).toBe("baking");
  };
  const abort = async (rollout: Rollout): Promise<Rollout> => {
    await scene.client.rollouts.abort({ id: rollout.id, reason: "not today" });
    return scene.end(rollout);
  };

  test("a second rollout on a device that one drives is refused, and the refusal names the first", async () => {
    const first = await scene.roll(await planFor("the first", "r1", "r2"), canary);
    await baking(first);
    const busy = await planFor("the second", "r1");
    expect(busy.problems).toMatchObject([{ targetName: "r1", code: "rollouts_target_busy", say: `rollout ${first.id} drives it` }]);
    const device = await scene.client.devices.get({ id: "r2" });
    const removed = await problemOf(scene.client.devices.remove({ id: "r2" }, { context: { ifMatch: device.etag } }));
    expect(removed).toMatchObject({ code: "devices_in_use", status: 409, message: expect.stringContaining(first.id) as string });
    await abort(first);
    const plan = await planFor("the second, again", "r1");
    const again = await scene.roll(await planFor("the third", "r1", "r2"), canary);
    await baking(again);
    const refused = await problemOf(scene.roll(plan));
    expect(refused).toMatchObject({
      code: "rollouts_target_busy",
      status: 409,
      places: [{ at: "r1", say: `is held by rollout ${again.id}` }],
    });
    expect(refused.message).toContain(again.id);
    expect(has("r1", "the second")).toBe(false);
    expect((await abort(again)).state).toBe("reverted");
  });

  test("an author cannot approve; somebody else can, and it starts", async () => {
    const plan = await planFor("approved", "r1");
    const approver = await scene.as("approver");
    const wanted = { planId: plan.id, planHash: plan.hash, strategy: oneByOne, requireApproval: true };
    const rollout = await scene.client.rollouts.create(wanted);
    expect(rollout.state).toBe("awaiting_approval");
    const own = await problemOf(scene.client.rollouts.approve({ id: rollout.id }));
    expect(own).toMatchObject({
      code: "rollouts_own_approval",
      status: 403,
      message: "You proposed this rollout; somebody else has to approve it.",
    });
    expect(await problemOf(approver.rollouts.start({ id: rollout.id }))).toMatchObject({ status: 403 });
    expect(has("r1", "approved")).toBe(false);
    expect(await approver.rollouts.approve({ id: rollout.id, reason: "looked at the diff" })).toMatchObject({
      approvedBy: "user:approver",
    });
    expect((await scene.end(rollout)).state).toBe("succeeded");
    expect(has("r1", "approved")).toBe(true);
  });

  test("nobody approves their own by another credential: neither by session, nor by token, nor by key; and no program approves", async () => {
    const { identity } = scene.holdfast;
    const base = `${scene.url}/api/v1`;
    const { token: link } = await identity.createSignInLink("ada", { actor: "system:test" });
    const cookie = `${sessionCookie}=${opened(await identity.redeemLink(link, { address: "127.0.0.1", userAgent: "hers" })).token}`;
    const asSession = { cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" };
    const post = async (path: string, headers: Record<string, string>, body: unknown) => {
      const answer = await fetch(`${base}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as { id: string; code?: string; accessToken: string } };
    };
    const plan = await planFor("by whom", "r1");
    const wanted = { planId: plan.id, planHash: plan.hash, strategy: oneByOne, requireApproval: true };
    const byKey = await scene.client.rollouts.create(wanted);
    expect((await post(`/rollouts/${byKey.id}/approve`, asSession, {})).body).toMatchObject({ code: "rollouts_own_approval" });
    await scene.client.rollouts.abort({ id: byKey.id, reason: "not today" });
    const bySession = await post("/rollouts", asSession, wanted);
    expect(bySession.status).toBe(201);
    const { id } = bySession.body;
    expect(await problemOf(scene.client.rollouts.approve({ id }))).toMatchObject({ code: "rollouts_own_approval" });

    // Made by the author, with a secret that the author has seen.
    const program = await scene.client.serviceAccounts.create({ name: "deployer", grants: [{ role: "approver" }] });
    const { key } = await scene.client.serviceAccounts.createKey({
      id: program.id,
      name: "hers",
      scopes: ["rollouts:approve", "devices:read"],
      expiresInDays: 1,
    });
    const refused = await problemOf(createClient({ url: scene.url, apiKey: new Secret(key) }).rollouts.approve({ id }));
    expect(refused).toMatchObject({ code: "rollouts_approval_by_program", status: 403 });
    const { accessToken } = (await post("/auth/token", asSession, {})).body;
    const asToken = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
    expect((await post(`/rollouts/${id}/approve`, asToken, {})).body).toMatchObject({ code: "rollouts_own_approval" });
    expect(await scene.client.rollouts.get({ id })).toMatchObject({ state: "awaiting_approval" });
    await scene.client.rollouts.abort({ id, reason: "not today" });
  });

  test("another plan than the reviewed one is refused", async () => {
    const plan = await planFor("reviewed", "r1");
    const refused = await problemOf(scene.roll({ ...plan, hash: "0".repeat(64) }));
    expect(refused).toMatchObject({ code: "rollouts_plan_moved", status: 409 });
    expect(has("r1", "reviewed")).toBe(false);
  });

  test("of two who edit a device, the second is told and nothing of the first is lost", async () => {
    const seen = await scene.client.devices.get({ id: "r1" });
    await scene.client.devices.update({ id: "r1", site: "paris" }, { context: { ifMatch: seen.etag } });
    const late = await problemOf(scene.client.devices.update({ id: "r1", site: "nice" }, { context: { ifMatch: seen.etag } }));
    expect(late.status).toBe(412);
    expect((await problemOf(scene.client.devices.update({ id: "r1", site: "nice" }))).status).toBe(428);
    for (const ifMatch of ["no-version", "99999999999999999999", "1.0", "0x1"]) {
      expect((await problemOf(scene.client.devices.update({ id: "r1", site: "nice" }, { context: { ifMatch } }))).status).toBe(412);
      expect((await problemOf(scene.client.repositories.remove({ id: "net" }, { context: { ifMatch } }))).status).toBe(412);
    }
    const now = await scene.client.devices.get({ id: "r1" });
    expect(now.site).toBe("paris");
    await scene.client.devices.update({ id: "r1", site: "lyon" }, { context: { ifMatch: now.etag } });
  });

  test("a change of a device or repository holds only what changes; null clears, and what cannot be cleared is refused", async () => {
    const device = async () => scene.client.devices.get({ id: "r1" });
    const change = async (patch: DevicePatch) => {
      const { id, etag } = await device();
      return scene.client.devices.update({ id, ...patch }, { context: { ifMatch: etag } });
    };
    const before = await device();
    await change({ redundancyGroup: "edge", bastion: "r2", labels: { role: "core" } });
    const after = await change({ site: null, redundancyGroup: null, bastion: null, labels: { role: null, env: "prod" } });
    expect(after).not.toHaveProperty("site");
    expect(after).not.toHaveProperty("bastion");
    expect(after).toMatchObject({ address: before.address, credential: before.credential, labels: { ...before.labels, env: "prod" } });
    expect(after.labels).not.toHaveProperty("role");
    const refused = await problemOf(change({ address: null } as unknown as DevicePatch));
    expect(refused).toMatchObject({ status: 400, places: [{ at: "address" }] });
    expect((await change({ site: before.site, labels: { env: null } })).labels).toEqual(before.labels);
    const { etag } = await device();
    expect((await change({ site: before.site })).etag).toBe(etag);

    const net = await scene.client.repositories.get({ id: "net" });
    const at = { context: { ifMatch: net.etag } };
    await scene.client.secrets.create({ name: "lab/git", value: { kind: "git_https", username: "x", token: "y" } });
    const opened = await scene.client.repositories.update({ id: "net", secret: "lab/git" }, at);
    expect(opened.secret).toBe("lab/git");
    const cleared = await scene.client.repositories.update({ id: "net", secret: null }, { context: { ifMatch: opened.etag } });
    expect(cleared).not.toHaveProperty("secret");
    expect(cleared).toMatchObject({ url: net.url, branch: net.branch });
  });

  test("paused, the next wave waits; resumed, it goes on", async () => {
    const plan = await planFor("paused", "r1", "r2");
    // Paused while the first device is under way, whatever the machine's pace.
    let pausing: Promise<unknown> | undefined;
    onceAt(scene.atPoint, "after apply:begin", () => {
      pausing = pauseAny(scene.client);
    });
    const rollout = await scene.roll(plan, oneByOne);
    await expect.poll(async () => (await scene.client.rollouts.get({ id: rollout.id })).state, { timeout: 10_000 }).toBe("paused");
    await pausing;
    const settled = async (): Promise<string> => targetOf(await scene.client.rollouts.get({ id: rollout.id }), "r1").state;
    await expect.poll(settled, { timeout: 10_000 }).toBe("done");
    expect([has("r1", "paused"), has("r2", "paused")]).toEqual([true, false]);
    expect(targetOf(await scene.client.rollouts.get({ id: rollout.id }), "r2").state).toBe("waiting");
    await scene.client.rollouts.resume({ id: rollout.id });
    expect((await scene.end(rollout)).state).toBe("succeeded");
    expect([has("r1", "paused"), has("r2", "paused")]).toEqual([true, true]);
  });

  test("aborted, what was touched goes back; retried, it arrives; rolled back, it is gone again", async () => {
    const before = [photo(scene.device("r1")), photo(scene.device("r2"))];
    const rollout = await scene.roll(await planFor("to and fro", "r1", "r2"), canary);
    await baking(rollout);
    expect(has("r1", "to and fro")).toBe(true);
    const aborted = await abort(rollout);
    expect(aborted).toMatchObject({ state: "reverted", haltReason: "aborted by user:ada: not today" });
    expect([photo(scene.device("r1")), photo(scene.device("r2"))]).toEqual(before);

    const retry = await scene.client.rollouts.retry({ id: rollout.id });
    expect(retry.targets.map((target) => target.targetName).sort()).toEqual(["r1", "r2"]);
    await baking(retry);
    expect([has("r1", "to and fro"), has("r2", "to and fro")]).toEqual([true, false]);
    await abort(retry);
    const whole = await scene.end(await scene.roll(await scene.client.plans.get({ id: rollout.planId }), oneByOne));
    expect(whole.state).toBe("succeeded");
    expect([has("r1", "to and fro"), has("r2", "to and fro")]).toEqual([true, true]);

    const back = await scene.client.rollouts.rollback({ id: whole.id });
    expect(back.revertOf).toBe(whole.id);
    expect((await scene.end(back)).state).toBe("succeeded");
    expect([photo(scene.device("r1")), photo(scene.device("r2"))]).toEqual(before);
  });

  test("rolled back to before an earlier rollout, a device has what it had then, whatever came after", async () => {
    const before = photo(scene.device("r1"));
    const earlier = await scene.end(await scene.roll(await planFor("the earlier one", "r1")));
    expect((await scene.end(await scene.roll(await planFor("the later one", "r1")))).state).toBe("succeeded");
    expect(has("r1", "the later one")).toBe(true);
    const back = await scene.end(await scene.client.rollouts.rollback({ id: earlier.id }));
    expect(back).toMatchObject({ state: "succeeded", revertOf: earlier.id });
    expect(photo(scene.device("r1"))).toEqual(before);
    const again = await problemOf(scene.client.rollouts.rollback({ id: earlier.id }));
    expect(again).toMatchObject({ code: "rollouts_plan_empty", status: 409 });
  });

  test("a change after which a named target answers no ping is taken back", async () => {
    const device = scene.device("r1");
    const before = photo(device);
    const policy = [
      "apiVersion: holdfast/v1",
      "kind: HealthCheck",
      "metadata: { name: reach }",
      "spec:",
      "  selector: device=r1",
      "  settle: 100ms",
      "  patience: 500ms",
      "  checks: [{ kind: ping, targets: [10.0.1.2] }]",
      "",
    ].join("\n");
    const files = { ...deviceData(device, 'extra: ["shutdown"]\n'), "policies/reach.yaml": policy };
    const plan = await scene.plan(files, "device=r1");
    expect(plan.problems).toEqual([]);
    const rollout = await scene.end(await scene.roll(plan));
    expect(rollout.haltReason).toBe("r1: ping 10.0.1.2: 0 of 3 answered");
    expect(rollout.state).toBe("reverted");
    expect(photo(device)).toEqual(before);
  });

  test("an earlier version of a device comes back through a rollout", async () => {
    const device = scene.device("r2");
    const before = device.running();
    await scene.client.devices.backup({ devices: ["r2"] });
    const [earlier] = (await scene.client.devices.versions({ id: "r2" })).items;
    expect((await scene.end(await scene.roll(await planFor("newer", "r2")))).state).toBe("succeeded");
    expect(device.running()).not.toBe(before);
    const plan = await scene.client.devices.restore({ id: "r2", version: earlier!.id });
    expect(plan.origin).toBe(`restore:${earlier!.id}`);
    expect((await scene.end(await scene.roll(plan))).state).toBe("succeeded");
    expect(device.running()).toBe(before);
    expect(device.startup()).toBe(before);
  });
});

async function pauseAny(client: Client): Promise<void> {
  const { items } = await client.rollouts.list({ state: "running" });
  for (const { id } of items) await client.rollouts.pause({ id });
}
