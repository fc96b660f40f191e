/** Plans for devices: what a revision, a restore or the way back from drift would change. Reads devices, touches none. */
import type { Plan } from "@holdfast/contract";
import { labelsOf, matches, parseSelector, Problem } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import { reachOf, type Asker } from "#platform/reach";
import type { Change, Rollouts, Target } from "#core/rollout";
import { defaultPolicy, type HealthPolicy } from "./checks.ts";
import { accountsFor, type Sense } from "./config/index.ts";
import { healthPolicyOf, renderDevice, type Intent } from "./intent.ts";
import { rolloutPolicyOf } from "./intent-strategies.ts";
import type { Expectations } from "./expectations.ts";
import type { Inventory } from "./inventory.ts";
import type { Look, Observer } from "./observe.ts";
import { changeOf } from "./plan.ts";
import type { Repositories } from "./repositories.ts";
import { isConfigured, systemOf, type DeviceRow } from "./store.ts";
import { configHash, missingVersion, type Versions } from "./versions.ts";

export interface PlanningDeps {
  db: Db;
  inventory: Inventory;
  observer: Observer;
  repositories: Repositories;
  rollouts: Rollouts;
  versions: Versions;
  expectations: Expectations;
}

export interface Planning {
  /** What a revision would change on the devices that its inventory names. */
  revision(wanted: { repository: string; revision?: string | undefined; selector?: string | undefined }, asker: Asker): Promise<Plan>;
  /** Going back to a kept configuration. */
  restore(wanted: { device: string; version: string }, asker: Asker): Promise<Plan>;
  /** The way back from drift to what the last rollout left. */
  undrift(device: string, asker: Asker): Promise<Plan>;
}

type PlanProblem = Plan["problems"][number];

export function targetOf(device: DeviceRow): Target {
  return {
    id: device.id,
    name: device.name,
    labels: labelsOf(device),
    ...(device.site === null ? {} : { site: device.site }),
    ...(device.redundancy_group === null ? {} : { redundancyGroup: device.redundancy_group }),
  };
}

export function createPlanning(deps: PlanningDeps): Planning {
  return {
    revision: (wanted, asker) => planRevision(deps, wanted, asker),
    async restore({ device: id, version }, asker) {
      const device = await deps.inventory.row(id, asker, "plans:write");
      systemOf(device);
      const kept = await deps.versions.open(version);
      if (kept.version.device_id !== device.id) throw missingVersion(version);
      return planBack(
        deps,
        { device, text: kept.text, origin: `restore:${version}`, title: `Restore ${device.name} as of ${kept.version.at.toISOString()}` },
        asker,
      );
    },
    async undrift(id, asker) {
      const device = await deps.inventory.row(id, asker, "plans:write");
      systemOf(device);
      if (device.expected_version === null)
        throw new Problem("devices_not_observed", { kind: "not_ready", say: `${device.name} was never read; look at it first.` });
      const expected = await deps.versions.open(device.expected_version);
      return planBack(
        deps,
        { device, text: expected.text, origin: `drift:${device.id}`, title: `Mend the drift of ${device.name}` },
        asker,
      );
    },
  };
}

interface BackParts {
  device: DeviceRow;
  text: string;
  origin: string;
  title: string;
}

async function planBack(deps: PlanningDeps, { device, text, origin, title }: BackParts, asker: Asker): Promise<Plan> {
  const [look] = await deps.observer.look([device], "by hand");
  if (!look?.read)
    throw new Problem("devices_unread", {
      kind: "unavailable",
      say: `${device.name} cannot be planned: ${look?.say ?? "it was not read"}`,
    });
  const change = changeFor(look, { intended: text, sense: "whole", health: defaultPolicy });
  return inTransaction(deps.db, (tx) =>
    deps.rollouts.proposePlan(
      tx,
      {
        origin,
        title,
        createdBy: asker.actor,
        changes: change ? [change] : [],
        looked: [device.id],
        unchanged: change ? 0 : 1,
        problems: [],
      },
      asker,
    ),
  );
}

function changeFor(
  look: Extract<Look, { read: true }>,
  parts: {
    intended: string;
    sense?: Sense;
    health: HealthPolicy;
    sources?: { line: number; template: string; templateLine: number; data: string[] }[];
  },
): Change | undefined {
  const { device, text: running } = look;
  return changeOf({
    ...parts,
    target: targetOf(device),
    platform: systemOf(device),
    running,
    hash: (text) => configHash(text, systemOf(device)),
  });
}

async function planRevision(
  deps: PlanningDeps,
  wanted: { repository: string; revision?: string | undefined; selector?: string | undefined },
  asker: Asker,
): Promise<Plan> {
  const { repository, commit, subject, intent } = await deps.repositories.intent(wanted, asker);
  const { devices, problems } = await chosen(deps, intent, { selector: wanted.selector, asker });
  const looks = await deps.observer.look(devices, "plan");
  const changes: Change[] = [];
  let unchanged = 0;
  for (const look of looks) {
    const planned = planOne(intent, look);
    if ("problem" in planned) problems.push(planned.problem);
    else if (planned.change) changes.push(planned.change);
    else {
      unchanged += 1;
      if (look.read && look.drift) await accept(deps, look, { intended: planned.intended, commit });
    }
  }
  const plan = {
    origin: `repository:${repository.id}@${commit}`,
    title: `${repository.name}: ${subject}`,
    repository: repository.id,
    revision: commit,
    looked: devices.map((device) => device.id),
  };
  const policy = rolloutPolicyOf(
    intent.policies,
    changes.map(({ target }) => target.labels),
    commit,
  );
  return inTransaction(deps.db, (tx) =>
    deps.rollouts.proposePlan(tx, { ...plan, ...policy, createdBy: asker.actor, changes, unchanged, problems }, asker),
  );
}

/** A device that drifted to what the revision says has not drifted, as far as the revision speaks of what differs. */
async function accept(
  deps: PlanningDeps,
  { device, text }: Extract<Look, { read: true }>,
  { intended, commit }: { intended: string; commit: string },
): Promise<void> {
  if (device.expected_version === null) return;
  const before = (await deps.versions.open(device.expected_version)).text;
  if (!accountsFor(intended, [before, text], systemOf(device))) return;
  const revision = commit.slice(0, 12);
  const because = { actor: "system:devices", say: `It is as revision ${revision} says.`, evidence: { revision: commit } };
  await inTransaction(deps.db, (tx) => deps.expectations.expect(tx, device.id, { text, reason: `as revision ${revision}` }, because));
}

function planOne(intent: Intent, look: Look): { change: Change | undefined; intended: string } | { problem: PlanProblem } {
  const { id: target, name: targetName } = look.device;
  if (!look.read)
    return { problem: { target, targetName, code: "held" in look ? "rollouts_target_busy" : "devices_unread", say: look.say } };
  const rendered = renderDevice(intent, targetName);
  if ("problem" in rendered)
    return { problem: { target, targetName, code: rendered.problem.code, say: rendered.problem.say, at: rendered.problem.at } };
  return {
    change: changeFor(look, {
      intended: rendered.text,
      health: healthPolicyOf(intent, targetName) ?? defaultPolicy,
      sources: rendered.sources,
    }),
    intended: rendered.text,
  };
}

/**
 * The devices of the intent that the selector picks, as the inventory knows them; of those, what the asker may plan. Who may not plan everywhere
 * is told nothing of what is wrong elsewhere.
 */
async function chosen(
  deps: PlanningDeps,
  intent: Intent,
  { selector, asker }: { selector: string | undefined; asker: Asker },
): Promise<{ devices: DeviceRow[]; problems: PlanProblem[] }> {
  const terms = parseSelector(selector ?? "");
  const reach = reachOf(asker, "plans:write");
  const nowhere = { target: "", targetName: "" };
  const problems: PlanProblem[] = intent.problems.map(({ code, say, at }) => ({ ...nowhere, code, say, at }));
  const known = new Map((await deps.inventory.rows({ reach })).map((device) => [device.name, device]));
  const devices: DeviceRow[] = [];
  for (const { spec, where } of intent.devices) {
    const device = known.get(spec.name);
    if (!device) {
      problems.push({
        target: "",
        targetName: spec.name,
        code: "devices_missing",
        say: `${spec.name} is not in the inventory yet; synchronise the repository.`,
        at: `${where.file}:${where.line}`,
      });
    } else if (isConfigured(device) && matches(terms, targetOf(device).labels)) devices.push(device);
  }
  return { devices, problems: reach === "everywhere" ? problems : [] };
}
