/**
 * What each device ought to have, against what it has: what was read is kept, drift is told from it, and all that follows — the
 * device's row, its findings, an event — is written in one transaction.
 */
import type { DiffLine } from "@holdfast/contract";
import { labelsOf, Problem, type Clock } from "@holdfast/kit";
import type { Db, Tx } from "#platform/db";
import { publish } from "#platform/events";
import type { FindingInput, Findings } from "#core/findings";
import { diffConfigs } from "./config/index.ts";
import { findDevice, recordSeen, systemOf, type DeviceRow } from "./store.ts";
import { configHash, formerHash, type Kept, type Versions } from "./versions.ts";

export interface Drift {
  summary: string;
  added: number;
  removed: number;
  /** From what ought to be there to what is; secrets masked. */
  diff: DiffLine[];
  since: Date;
  /** Id of the finding that is open for it. */
  finding?: string;
}

/** A running configuration as it was read. */
export interface Reading {
  text: string;
  /** Why it was read; kept with the version. */
  reason: string;
}

export interface Seen {
  device: DeviceRow;
  kept: Kept;
  drift: Drift | undefined;
}

/** Why a device ought to have what it has now. */
export interface Because {
  /** Whose work it was, e.g. `system:rollout`. */
  actor: string;
  /** A sentence; the resolved finding shows it. */
  say: string;
  /** What did it, e.g. `{ rollout: "rol_1" }`; goes to the finding's evidence. */
  evidence: Record<string, unknown>;
}

/** What a device ought to have: a kept version with its hash. */
export type Expected = Pick<DeviceRow, "expected_hash" | "expected_version">;

export interface Expectations {
  /** A device was read. What is there first is what ought to be there, until a rollout says otherwise. @throws Problem `devices_missing` */
  saw(tx: Tx, device: string, reading: Reading): Promise<Seen>;
  /** From now on this is what the device ought to have; its drift is over. @throws Problem `devices_missing` */
  expect(tx: Tx, device: string, reading: Reading, because: Because): Promise<Seen>;
  /** It is back as it was before a rollout: what it ought to have, and so its drift, is again what it was then. @throws Problem `devices_missing` */
  restore(tx: Tx, device: string, reading: Reading, was: Expected): Promise<Seen>;
  /** Drift as last seen; undefined when the device is as expected. */
  driftOf(device: DeviceRow): Promise<Drift | undefined>;
}

interface ExpectationDeps {
  db: Db;
  clock: Clock;
  versions: Versions;
  findings: Findings;
}

/** Source of findings about drift. */
export const driftSource = "devices.drift";
const subjectOf = (device: Pick<DeviceRow, "id">): string => `device:${device.id}`;

export function createExpectations(deps: ExpectationDeps): Expectations {
  const { clock, versions, findings } = deps;

  /** Writes what was seen; `expected` is what the device ought to have from now on. */
  const write = async (tx: Tx, was: DeviceRow, { kept, expected, reason }: Written): Promise<Seen> => {
    const at = new Date(clock.now());
    const drifted = expected.expected_hash !== kept.version.hash;
    const set = {
      ...expected,
      running_hash: kept.version.hash,
      running_version: kept.version.id,
      backed_up_at: at,
      drifted_since: drifted ? (was.drifted_since ?? at) : null,
      ...(drifted ? {} : { mend_hash: null, mend_at: null }),
    };
    await recordSeen(tx, was.id, set);
    const device = { ...was, ...set };
    const turned = (was.drifted_since !== null) !== drifted;
    if (kept.changed || turned || reason === "by hand" || reason === "scheduled") await tellSeen(tx, device, kept);
    return { device, kept, drift: drifted ? await driftBetween(deps, tx, device) : undefined };
  };

  const tell = async (tx: Tx, seen: Seen): Promise<Seen> => {
    const holds = seen.drift ? [driftFinding(seen.device, seen.drift)] : [];
    const [opened] = (await findings.reconcile(tx, driftSource, subjectOf(seen.device), holds)).opened;
    return seen.drift && opened ? { ...seen, drift: { ...seen.drift, finding: opened.id } } : seen;
  };

  return {
    async saw(tx, id, reading) {
      const was = await locked(tx, id);
      const kept = await versions.keep(tx, was, reading);
      return tell(tx, await write(tx, was, { kept, expected: await expectedOf(deps, tx, { was, kept, text: reading.text }), ...reading }));
    },
    async expect(tx, id, reading, because) {
      const was = await locked(tx, id);
      const kept = await versions.keep(tx, was, reading);
      await findings.settle(
        tx,
        { source: driftSource, kind: "drift", subject: subjectOf(was) },
        { actor: because.actor, reason: because.say, evidence: because.evidence },
      );
      return write(tx, was, { kept, expected: { expected_hash: kept.version.hash, expected_version: kept.version.id }, ...reading });
    },
    async restore(tx, id, reading, before) {
      const was = { ...(await locked(tx, id)), ...before };
      const kept = await versions.keep(tx, was, reading);
      return tell(tx, await write(tx, was, { kept, expected: await expectedOf(deps, tx, { was, kept, text: reading.text }), ...reading }));
    },
    driftOf: (device) => driftBetween(deps, deps.db, device),
  };
}

interface Written extends Pick<Reading, "reason"> {
  kept: Kept;
  expected: Expected;
}

async function locked(tx: Tx, id: string): Promise<DeviceRow> {
  const row = await findDevice(tx, id, true);
  if (row) return row;
  throw new Problem("devices_missing", { kind: "missing", say: `There is no device ${id} any more.` });
}

/**
 * What the device ought to have, its hash by the rule of today. A hash by an older rule is judged by that rule once more, so that a
 * new rule makes no drift of what it alone can see: it happened before anybody could tell.
 */
async function expectedOf(
  { versions }: ExpectationDeps,
  tx: Tx,
  { was, kept, text }: { was: DeviceRow; kept: Kept; text: string },
): Promise<Expected> {
  const now: Expected = { expected_hash: kept.version.hash, expected_version: kept.version.id };
  const { expected_hash: hash, expected_version: version } = was;
  const platform = systemOf(was);
  if (hash === null || version === null) return now;
  if (hash === kept.version.hash) return { expected_hash: hash, expected_version: version };
  const today = configHash((await versions.open(version, tx)).text, platform);
  if (today !== hash && formerHash(text, platform) === hash) return now;
  return { expected_hash: today, expected_version: version };
}

async function driftBetween({ versions, findings }: ExpectationDeps, db: Db, device: DeviceRow): Promise<Drift | undefined> {
  const { expected_version: expected, running_version: running } = device;
  if (expected === null || running === null || device.expected_hash === device.running_hash) return undefined;
  const [before, now] = [await versions.open(expected, db), await versions.open(running, db)];
  const diff = diffConfigs(before.text, now.text, systemOf(device), "whole");
  if (diff.empty) return undefined;
  const finding = await findings.find(db, { source: driftSource, kind: "drift", subject: subjectOf(device) });
  return {
    summary: diff.summary,
    added: diff.added,
    removed: diff.removed,
    diff: diff.lines,
    since: device.drifted_since ?? now.version.at,
    ...(finding === undefined ? {} : { finding }),
  };
}

async function tellSeen(tx: Tx, device: DeviceRow, kept: Kept): Promise<void> {
  const payload = { name: device.name, drifted: device.drifted_since !== null, version: kept.version.id, changed: kept.changed };
  await publish(tx, { type: "devices.device.observed", subject: subjectOf(device), payload });
}

/** What a finding says of the device it is about. */
export function aboutDevice(device: DeviceRow) {
  return { subject: subjectOf(device), subjectName: device.name, labels: labelsOf(device) };
}

/** A person should know why nothing happens in drift mode `revert`. */
function triedOf({ mend_hash: tried, mend_at: at, running_hash: running }: DeviceRow): string {
  return tried === null || tried !== running ? "" : ` A rollout to take it back was begun at ${at?.toISOString()}.`;
}

function driftFinding(device: DeviceRow, drift: Drift): FindingInput {
  return {
    ...aboutDevice(device),
    source: driftSource,
    kind: "drift",
    severity: "medium",
    title: `${device.name} is not as intended`,
    detail: `Its running configuration differs from what the last rollout left (${drift.summary}), and no rollout explains it.${triedOf(device)}`,
    evidence: { diff: drift.diff, since: drift.since.toISOString() },
  };
}
