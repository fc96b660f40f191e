/** Reads devices: keeps what is running, tells drift from what ought to be there, and raises or resolves findings for it. */
import type { DiffLine } from "@holdfast/contract";
import { isProblem, sayError, type Clock } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import { publish } from "#platform/events";
import type { Log } from "#platform/log";
import type { FindingInput, Findings } from "#core/findings";
import type { Rollouts } from "#core/rollout";
import { diffConfigs } from "./config/index.ts";
import { DeviceError } from "./drivers/error.ts";
import type { Sessions } from "./sessions.ts";
import { findDevice, recordSeen, type DeviceRow } from "./store.ts";
import type { Kept, Versions } from "./versions.ts";

export interface ObserveDeps {
  db: Db;
  log: Log;
  clock: Clock;
  sessions: Sessions;
  versions: Versions;
  findings: Findings;
  /** Which devices a rollout drives at present: what they show now is explained by it. */
  held: Rollouts["held"];
}

/** What one look at one device gave. */
export type Look =
  | { device: DeviceRow; read: true; text: string; kept: Kept; drift: Drift | undefined }
  | { device: DeviceRow; read: false; say: string }
  /** A rollout drives it; nothing was read. */
  | { device: DeviceRow; read: false; held: string; say: string };

export interface Drift {
  summary: string;
  added: number;
  removed: number;
  /** From what ought to be there to what is; secrets masked. */
  diff: DiffLine[];
  since: Date;
}

/** How many devices are looked at in one go; the pool has its own limits besides. */
const atOnce = 50;

export interface Observer {
  look(devices: DeviceRow[], reason: string, signal?: AbortSignal): Promise<Look[]>;
  /** Drift of a device as last seen; undefined when it is as intended. */
  driftOf(device: DeviceRow): Promise<Drift | undefined>;
}

export function createObserver(deps: ObserveDeps): Observer {
  return {
    async look(devices, reason, signal) {
      const looks: Look[] = [];
      for (let i = 0; i < devices.length; i += atOnce) {
        const some = devices.slice(i, i + atOnce);
        const held = await deps.held(some.map((device) => device.id));
        looks.push(...(await Promise.all(some.map((device) => lookAt(deps, { device, reason, held: held.get(device.id), signal })))));
      }
      return looks;
    },
    driftOf: (device) => driftOf(deps, device),
  };
}

interface LookParts {
  device: DeviceRow;
  reason: string;
  held: string | undefined;
  signal: AbortSignal | undefined;
}

async function lookAt(deps: ObserveDeps, { device, reason, held, signal }: LookParts): Promise<Look> {
  if (held !== undefined) return { device, read: false, held, say: `rollout ${held} drives it` };
  try {
    const text = await deps.sessions.use(device, signal ? { signal } : {}, (session) => session.running());
    const began = await deps.held([device.id]);
    if (began.size > 0) return { device, read: false, held: began.get(device.id) ?? "", say: `rollout ${began.get(device.id)} drives it` };
    const kept = await deps.versions.keep(device, text, reason);
    await settleExpectation(deps, device, kept);
    const seen = (await findDevice(deps.db, device.id)) ?? device;
    const drift = await driftOf(deps, seen);
    await tellFindings(deps, seen, { drift });
    return { device: seen, read: true, text, kept, drift };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    if (thrown instanceof DeviceError) await tellFindings(deps, device, { error: thrown });
    return { device, read: false, say: sayError(thrown) };
  }
}

/** What is there first is what ought to be there, until a rollout says otherwise. */
async function settleExpectation(deps: ObserveDeps, device: DeviceRow, kept: Kept): Promise<void> {
  const { hash, id } = kept.version;
  const expected = device.expected_hash;
  if (expected === null) return recordSeen(deps.db, device.id, { expected_hash: hash, expected_version: id });
  if (expected === hash) {
    if (device.drifted_since !== null) await changed(deps, device, { drifted_since: null });
    return undefined;
  }
  if (device.drifted_since === null) await changed(deps, device, { drifted_since: new Date(deps.clock.now()) });
  return undefined;
}

async function changed(deps: ObserveDeps, device: DeviceRow, set: { drifted_since: Date | null }): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    await recordSeen(tx, device.id, set);
    await publish(tx, {
      type: "devices.device.observed",
      subject: `device:${device.id}`,
      payload: { name: device.name, drifted: set.drifted_since !== null },
    });
  });
}

async function driftOf(deps: ObserveDeps, device: DeviceRow): Promise<Drift | undefined> {
  const { expected_version: expected, running_version: running } = device;
  if (expected === null || running === null || device.expected_hash === device.running_hash) return undefined;
  const [before, now] = [await deps.versions.open(expected), await deps.versions.open(running)];
  const diff = diffConfigs(before.text, now.text, device.platform);
  return {
    summary: diff.summary,
    added: diff.added,
    removed: diff.removed,
    diff: diff.lines,
    since: device.drifted_since ?? now.version.at,
  };
}

/** What is so is open, what is no more is resolved: one source for each question about a device. */
async function tellFindings(deps: ObserveDeps, device: DeviceRow, seen: { drift?: Drift | undefined; error?: DeviceError }): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    const scope = `device:${device.id}`;
    await deps.findings.reconcile(tx, "devices.reach", scope, seen.error ? reachFinding(device, seen.error) : []);
    if (!seen.error) await deps.findings.reconcile(tx, "devices.drift", scope, seen.drift ? [driftFinding(device, seen.drift)] : []);
  });
}

function about(device: DeviceRow) {
  const labels = { ...device.labels, platform: device.platform, ...(device.site === null ? {} : { site: device.site }) };
  return { subject: `device:${device.id}`, subjectName: device.name, labels };
}

function driftFinding(device: DeviceRow, drift: Drift): FindingInput {
  return {
    ...about(device),
    source: "devices.drift",
    kind: "drift",
    severity: "medium",
    title: `${device.name} is not as intended`,
    detail: `Its running configuration differs from what the last rollout left (${drift.summary}), and no rollout explains it.`,
    evidence: { diff: drift.diff, since: drift.since.toISOString() },
  };
}

function reachFinding(device: DeviceRow, error: DeviceError): FindingInput[] {
  const base = { ...about(device), source: "devices.reach", evidence: { code: error.reason } };
  switch (error.reason) {
    case "host_key_changed":
      return [
        { ...base, kind: "host_key_changed", severity: "critical", title: `${device.name} shows another host key`, detail: error.message },
      ];
    case "host_key_unknown":
      return [
        { ...base, kind: "host_key_unknown", severity: "low", title: `${device.name} has no pinned host key`, detail: error.message },
      ];
    case "auth_failed":
      return [
        { ...base, kind: "sign_in_refused", severity: "high", title: `${device.name} refuses our credential`, detail: error.message },
      ];
    default:
      return [{ ...base, kind: "unreachable", severity: "high", title: `${device.name} cannot be read`, detail: error.message }];
  }
}
