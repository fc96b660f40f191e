import type { Plan } from "@holdfast/contract";
import { expect, test } from "vitest";
import { newMachine, type Machine } from "./machine.ts";
import { discreetMachine, narrowedMachine, narrowedPlan } from "./reach.ts";
import { sayRollout } from "./view.ts";

const target = (name: string) => ({ id: `dev_${name}`, name, labels: {}, redundancyGroup: "pair" });
const targets = ["lyon", "turin", "turin-2"].map(target);
const machine: Machine = {
  ...newMachine({
    targets,
    waves: [{ targets: targets.map(({ id }) => id), bakeMs: 0, healthyPercent: 100 }],
    parallel: 3,
    requireApproval: false,
    autoStart: true,
  }),
  state: "reverting",
  haltReason: "turin did not answer",
};
const lyon = new Set(["dev_lyon"]);

test("of a rollout that is seen in part, no name, number or reason tells of the rest", () => {
  const gated = {
    ...machine,
    waves: machine.waves.map((wave) => ({ ...wave, gate: [{ check: "answers", ok: false, say: "turin is silent" }] })),
  };
  const seen = narrowedMachine(gated, lyon);
  expect(JSON.stringify(seen)).not.toContain("turin");
  expect(sayRollout({ ...seen, state: "running" })).toBe("Wave 1 of 1: 0 of 1 target changed.");
});

test("a partner in another rollout is named to those alone who see everything", () => {
  const waiting: Machine = {
    ...machine,
    state: "running",
    waves: machine.waves.map((wave) => ({ ...wave, state: "running" })),
    takenElsewhere: { pair: { name: "genoa", rollout: "rol_9" } },
  };
  expect(sayRollout(waiting)).toContain("waits for genoa");
  const say = sayRollout(discreetMachine(waiting));
  expect([say.includes("waits for another target"), say.includes("genoa"), say.includes("rol_9")]).toEqual([true, false, false]);
});

test("of a plan, what was looked at and needs no change is counted as far as it is seen", () => {
  const change = (id: string) => ({
    target: id,
    targetName: id,
    labels: {},
    kind: "test",
    summary: "",
    added: 1,
    removed: 0,
    baseHash: "",
  });
  const problem = (id: string) => ({ target: id, targetName: id, code: "devices_unread", say: "silent" });
  const plan: Plan = {
    id: "plan_1",
    hash: "",
    origin: "",
    title: "",
    createdAt: "",
    createdBy: "",
    unchanged: 4,
    limits: { perSite: 1 },
    changes: [change("a"), change("b")],
    problems: [problem("c"), problem("x"), problem("")],
    strategies: [],
  };
  const looked = ["a", "b", "c", "d", "x", "y", "z"];
  const narrowed = narrowedPlan(plan, looked, new Set(["a", "c", "d"]));
  expect(narrowed).toMatchObject({ partial: true, unchanged: 1, limits: {}, changes: [{ target: "a" }], problems: [{ target: "c" }] });
  const changed = narrowedPlan(plan, looked, new Set(["a", "b", "c", "d"]));
  expect(changed).toMatchObject({ unchanged: 1, limits: { perSite: 1 } });
  expect(changed).not.toHaveProperty("partial");
  expect(narrowedPlan(plan, looked, new Set(looked))).toMatchObject({ unchanged: 3 });
});
