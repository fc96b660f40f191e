/** The main job, played through the API as an engineer would, every outcome checked against the devices themselves. */
import type { Client, Plan, Rollout, Strategy } from "@holdfast/contract";
import { Problem, systemClock } from "@holdfast/kit";
import type { DemoChange, DemoNetwork } from "./network.ts";
import type { DemoRepository } from "./repository.ts";

export interface Check {
  what: string;
  ok: boolean;
  saw: string;
}

export interface Stage {
  client: Client;
  network: DemoNetwork;
  repository: DemoRepository;
  /** A new act begins. */
  act(title: string): void;
  /** Something happened in it. */
  tell(line: string): void;
  /** The rollout as it is now; called whenever it moved. */
  show(rollout: Rollout): void;
}

const reason = "fingerprint read from the device itself";

/** Plays all acts. Throws only where going on makes no sense. */
export async function play(stage: Stage): Promise<Check[]> {
  const checks: Check[] = [];
  const repository = await connect(stage, checks);
  await goodChange(stage, repository, checks);
  await badChange(stage, repository, checks);
  await handEdit(stage, checks);
  checks.push(await auditHolds(stage));
  return checks;
}

/** Secrets, repository, inventory from Git, host keys, first backup. */
async function connect({ client, network, repository, act, tell }: Stage, checks: Check[]): Promise<string> {
  act(`Connect ${network.devices.length} devices and their repository`);
  await repository.commit("The network as it is", network.files);
  for (const [name, value] of Object.entries(network.secrets)) await client.secrets.create({ name, value });
  const connected = await client.repositories.create({ name: network.name, url: repository.url, branch: "main", pollMs: 5000 });
  if (connected.problem !== undefined)
    throw new Problem("demo_repository", { kind: "broken", say: `The repository cannot be read: ${connected.problem}` });
  tell(`repository ${connected.name} at ${connected.head?.slice(0, 12)}: ${connected.headSubject}`);
  for (const { name, fingerprint } of network.devices) await client.devices.trustHostKey({ id: name, fingerprint, reason });
  tell(`${network.devices.length} host keys compared and pinned`);
  const { items } = await client.devices.backup({});
  const read = items.filter((item) => item.version !== undefined).length;
  for (const item of items) if (item.problem !== undefined) tell(`${item.deviceName}: ${item.problem}`);
  checks.push({
    what: "every device is read and its configuration kept",
    ok: read === network.devices.length,
    saw: `${read} of ${network.devices.length}`,
  });
  const plan = await client.plans.create({ repository: connected.id });
  for (const change of plan.changes.slice(0, 3)) tell(`${change.targetName}: ${change.summary}`);
  for (const problem of plan.problems.slice(0, 3)) tell(`${problem.targetName}: ${problem.say}`);
  const asIntended = plan.changes.length === 0 && plan.problems.length === 0;
  checks.push({
    what: "the repository says what is there: the first plan is empty",
    ok: asIntended,
    saw: `${plan.changes.length} changes, ${plan.problems.length} problems`,
  });
  return connected.id;
}

async function goodChange(stage: Stage, repository: string, checks: Check[]): Promise<void> {
  const { network, act } = stage;
  act(`A good change: ${network.good.title}`);
  const plan = await commitAndPlan(stage, repository, network.good);
  const strategy: Strategy = {
    kind: "canary",
    stages: [
      { until: { percent: 5 }, bakeMs: network.goodBakeMs },
      { until: { percent: 25 }, bakeMs: network.goodBakeMs },
      { until: { percent: 100 }, bakeMs: 0 },
    ],
  };
  const rollout = await carryOut(stage, plan, strategy);
  const having = await count(network, network.good);
  const all = network.good.devices.length;
  checks.push({
    what: "the plan names exactly the devices that the change is for",
    ok: plan.changes.length === all,
    saw: `${plan.changes.length} of ${all}`,
  });
  checks.push({
    what: "5 % → 25 % → 100 %: every device has the change",
    ok: rollout.state === "succeeded" && having === all,
    saw: `${rollout.state}, ${having} of ${all} have it`,
  });
  const again = await stage.client.plans.create({ repository });
  checks.push({ what: "the next plan is empty", ok: again.changes.length === 0, saw: `${again.changes.length} changes` });
}

async function badChange(stage: Stage, repository: string, checks: Check[]): Promise<void> {
  const { network, act } = stage;
  act(`A bad change: ${network.bad.title}`);
  const before = await snapshot(network);
  const plan = await commitAndPlan(stage, repository, network.bad);
  const strategy: Strategy = {
    kind: "canary",
    stages: [
      { until: { percent: 5 }, bakeMs: network.badBakeMs },
      { until: { percent: 25 }, bakeMs: network.badBakeMs },
    ],
  };
  const rollout = await carryOut(stage, plan, strategy);
  const touched = rollout.targets.filter((target) => target.outcome !== undefined).length;
  const canary = rollout.waves[0]?.targets.length ?? 0;
  checks.push({
    what: "it is halted in its canary",
    ok: rollout.state === "reverted" && touched <= canary,
    saw: `${rollout.state}, ${touched} of ${rollout.targets.length} touched`,
  });
  const after = await snapshot(network);
  const changed = network.devices.filter(({ name }) => before.get(name) !== after.get(name)).map(({ name }) => name);
  checks.push({
    what: "every device has again what it had before",
    ok: changed.length === 0,
    saw: changed.length === 0 ? "all as before" : `changed: ${changed.join(", ")}`,
  });
  await stage.repository.commit(
    `Revert "${network.bad.title}"`,
    Object.fromEntries(Object.keys(network.bad.files).map((path) => [path, fileBefore(network, path)])),
  );
  await stage.client.repositories.sync({ id: repository });
}

/** A file as it was before the bad change. */
function fileBefore(network: DemoNetwork, path: string): string {
  return network.good.files[path] ?? network.files[path] ?? "";
}

async function handEdit({ client, network, act, tell }: Stage, checks: Check[]): Promise<void> {
  const { device, lines, has } = network.hand;
  act(`Somebody edits ${device} by hand`);
  await network.edit(device, lines);
  tell(`on the console of ${device}: ${lines.join(" / ")}`);
  const seen = await client.devices.checkDrift({});
  const found = seen.items.find((item) => item.deviceName === device);
  if (found) tell(`drift on ${device}: ${found.summary}`);
  checks.push({
    what: "the drift is found, on that device alone",
    ok: seen.drifted === 1 && found !== undefined,
    saw: seen.items.map((item) => item.deviceName).join(", ") || "none",
  });
  const { items } = await client.findings.list({ kind: "drift", state: "open" });
  checks.push({
    what: "it is an open finding",
    ok: items.some((item) => item.subjectName === device),
    saw: items.map((item) => item.title).join("; ") || "none",
  });
  checks.push({
    what: "nothing was taken away from the person who did it",
    ok: has(await network.running(device)),
    saw: "the edit is still there",
  });
}

async function auditHolds({ client, act }: Stage): Promise<Check> {
  act("Who did what");
  const seen = await client.audit.verify();
  return { what: "the audit trail holds together", ok: seen.ok, saw: `${seen.entries} entries, ${seen.say}` };
}

async function commitAndPlan({ client, repository, tell }: Stage, id: string, change: DemoChange): Promise<Plan> {
  const commit = await repository.commit(change.title, change.files);
  await client.repositories.sync({ id });
  const plan = await client.plans.create({ repository: id, revision: commit });
  tell(
    `plan of ${commit.slice(0, 12)}: ${plan.changes.length} devices change, ${plan.unchanged} are as intended, ${plan.problems.length} problems`,
  );
  const [first] = plan.changes;
  if (first) tell(`${first.targetName}: ${first.summary}`);
  return plan;
}

/** Proposes a rollout and follows it to its rest. */
async function carryOut({ client, show }: Stage, plan: Plan, strategy: Strategy): Promise<Rollout> {
  let rollout = await client.rollouts.create({
    planId: plan.id,
    planHash: plan.hash,
    strategy,
    limits: {},
    requireApproval: false,
    start: true,
  });
  for (;;) {
    show(rollout);
    if (rollout.state === "succeeded" || rollout.state === "reverted" || rollout.state === "needs_attention") return rollout;
    await systemClock.sleep(150);
    rollout = await client.rollouts.get({ id: rollout.id });
  }
}

async function count(network: DemoNetwork, change: DemoChange): Promise<number> {
  const having = await Promise.all(change.devices.map(async (name) => change.has(await network.running(name), name)));
  return having.filter(Boolean).length;
}

async function snapshot(network: DemoNetwork): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(network.devices.map(async ({ name }): Promise<[string, string]> => [name, await network.running(name)])),
  );
}
