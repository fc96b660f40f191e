import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "@holdfast/contract";
import { problemOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { allAtOnce, oneByOne, setScene, type Scene } from "./scene.ts";

const path = "policies/rollout.yaml";
const policies = `apiVersion: holdfast/v1
kind: RolloutStrategy
metadata: { name: careful }
spec:
  default: true
  strategy: { kind: canary, stages: [{ until: 1, bake: 0s }] }
  limits: { perSite: 1 }
---
apiVersion: holdfast/v1
kind: RolloutStrategy
metadata: { name: brisk }
spec:
  strategy: { kind: rolling, batch: "100%" }
  limits: { maxUnavailable: 2 }
---
apiVersion: holdfast/v1
kind: RolloutStrategy
metadata: { name: only-r1 }
spec:
  selector: device=r1
  strategy: { kind: rolling, batch: 1 }
`;

describe("rollout strategies of a repository", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2 });
  });
  afterAll(() => scene.stop());

  const names = ["r1", "r2", "r3", "r4"];
  const planFor = (text: string, more: Record<string, string> = {}): Promise<Plan> =>
    scene.plan(
      Object.assign({}, more, ...names.map((name) => deviceData(scene.device(name), `description: ${text}\n`))) as Record<string, string>,
    );
  const have = (text: string): string[] => names.filter((name) => scene.device(name).running().includes(`description ${text}\n`));
  const propose = (plan: Plan, more: Omit<Parameters<Scene["client"]["rollouts"]["create"]>[0], "planId" | "planHash"> = {}) =>
    scene.client.rollouts.create({ planId: plan.id, planHash: plan.hash, ...more });
  const auditOf = async (rollout: { id: string }) =>
    (await scene.client.audit.list({ action: "rollout.rollout.create", limit: 50 })).items.find(
      (one) => one.subject === `rollout:${rollout.id}`,
    );

  test("without policies a rollout is the usual canary", async () => {
    const plan = await planFor("without policies");
    expect(plan).toMatchObject({ strategies: [], limits: {} });
    const rollout = await propose(plan, { start: false });
    expect(rollout).toMatchObject({
      state: "ready",
      strategy: { kind: "canary", stages: [{ until: { percent: 5 } }, { until: { percent: 25 } }] },
    });
    expect(rollout.strategyFrom).toBeUndefined();
  });

  test("are told by the plan: those that are for all its devices, and which one is the default", async () => {
    const plan = await planFor("told", { [path]: policies });
    expect(plan.problems).toEqual([]);
    expect(plan.strategies.map(({ name, at, default: first, revision }) => ({ name, at, first, revision }))).toEqual([
      { name: "careful", at: `${path}:3`, first: true, revision: plan.revision },
      { name: "brisk", at: `${path}:11`, first: false, revision: plan.revision },
    ]);
    expect(plan.limits).toEqual({ perSite: 1 });
  });

  test("a rollout takes the default with its limits, keeps where it came from, and changes the devices so", async () => {
    const plan = await planFor("by default");
    const rollout = await propose(plan);
    const from = { name: "careful", at: `${path}:3`, revision: plan.revision };
    expect(rollout).toMatchObject({ strategyFrom: from, strategy: { kind: "canary", stages: [{ until: { count: 1 }, bakeMs: 0 }] } });
    const ended = await scene.end(rollout);
    expect(ended).toMatchObject({ state: "succeeded", strategyFrom: from, limits: { perSite: 1 } });
    const siteOf = new Map(ended.targets.map((target) => [target.target, target.site]));
    for (const wave of ended.waves) {
      const sites = wave.targets.map((target) => siteOf.get(target));
      expect(new Set(sites).size).toBe(sites.length);
    }
    expect(have("by default")).toEqual(names);
    expect((await auditOf(rollout))?.after).toMatchObject({ strategyFrom: from, limits: { perSite: 1 }, strategy: { kind: "canary" } });
  });

  test("one by its name has its own limits; a later commit does not change what was planned", async () => {
    const plan = await planFor("by name");
    await scene.repository.commit("No more policies", { [path]: "" });
    await scene.client.repositories.sync({ id: "net" });
    const rollout = await propose(plan, { strategyName: "brisk", start: false });
    expect(rollout).toMatchObject({ strategyFrom: { name: "brisk", revision: plan.revision }, limits: { maxUnavailable: 2 } });
    expect((await scene.client.rollouts.list({ plan: plan.id })).items.map((one) => one.id)).toEqual([rollout.id]);
    const unknown = await problemOf(propose(plan, { strategyName: "only-r1" }));
    expect(unknown).toMatchObject({ code: "rollouts_strategy_unknown", message: expect.stringContaining("careful, brisk") as string });
    await scene.repository.commit("Policies again", { [path]: policies });
    await scene.client.repositories.sync({ id: "net" });
  });

  test("nobody loosens their limits but a direct rollout with a reason, and that is on record", async () => {
    const plan = await planFor("loosened");
    for (const wanted of [{ limits: { perSite: 2 } }, { strategy: oneByOne, limits: { perSite: 2 } }]) {
      expect(await problemOf(propose(plan, wanted))).toMatchObject({
        code: "rollouts_limits_loosened",
        status: 400,
        places: [{ at: "limits.perSite", say: "may be 1 at most, not 2" }],
      });
    }
    const own = await propose(plan, { strategy: oneByOne, limits: { maxUnavailable: 3 }, start: false });
    expect(own.limits).toEqual({ perSite: 1, maxUnavailable: 3 });
    const direct = await propose(plan, { strategy: allAtOnce });
    expect(await scene.end(direct)).toMatchObject({ state: "succeeded", limits: {} });
    expect(await auditOf(direct)).toMatchObject({ reason: "a journey", after: { limits: {}, limitsSetAside: { perSite: 1 } } });
    expect(have("loosened")).toEqual(names);
  });

  test("rolled back, it goes by the strategy it came with", async () => {
    const plan = await planFor("to and fro");
    const brisk = await scene.end(await propose(plan, { strategyName: "brisk", limits: { maxUnavailable: 1 } }));
    expect(brisk.state).toBe("succeeded");
    const back = await scene.client.rollouts.rollback({ id: brisk.id });
    expect(back).toMatchObject({ strategyFrom: brisk.strategyFrom, limits: { maxUnavailable: 1 }, strategy: brisk.strategy });
    expect((await scene.end(back)).state).toBe("succeeded");
    expect(have("loosened")).toEqual(names);
  });
});
