/** The inventory: devices are added, changed, removed, imported and exported; host keys are pinned by an explicit act. */
import { isDeepStrictEqual } from "node:util";
import { deviceSpec, type Device, type DevicePatch, type DeviceSpec, type Permission } from "@holdfast/contract";
import { labelsOf, mergePatch, newId, parseSelector, Problem, type Clock } from "@holdfast/kit";
import { inTransaction, isUniqueViolation, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import { can, entryBy, outOfReach, reachOf, reachOfAny, type Asker, type Permitted, type Reach } from "#platform/reach";
import { putAsset, removeAsset } from "#core/assets";
import type { Audit } from "#core/audit";
import type { Findings } from "#core/findings";
import type { Rollouts } from "#core/rollout";
import type { Secrets } from "#core/secrets";
import { preconditionFailed, versionOf } from "#platform/http";
import { driftSource } from "./expectations.ts";
import { reachSource } from "./observe.ts";
import {
  deleteDevice,
  devicesUsing,
  findDevice,
  findReached,
  insertDevice,
  isConfigured,
  listDevices,
  recordSeen,
  specColumns,
  updateDevice,
  type DeviceQuery,
  type DeviceRow,
} from "./store.ts";

export interface InventoryDeps {
  db: Db;
  audit: Audit;
  secrets: Secrets;
  findings: Findings;
  clock: Clock;
  /** Which devices a rollout drives at present. */
  held: Rollouts["held"];
}

export interface Inventory {
  /** To look at it, or for an act that needs `permission`. @throws Problem `devices_missing`, also for what the asker may not see; `forbidden_here` */
  row(idOrName: string, asker: Permitted, permission?: Permission): Promise<DeviceRow>;
  rows(query: Omit<DeviceQuery, "terms"> & { selector?: string | undefined }): Promise<DeviceRow[]>;
  /** Neither here nor in an edit may a device come from or go to where the asker may not write. @throws Problem `forbidden_here`, `devices_name_taken`, `devices_bastion_missing`, `secrets_secret_missing` */
  create(spec: DeviceSpec, asker: Asker): Promise<Device>;
  /** A merge patch: only the members given; null clears. @throws as create, and 412 when the ETag moved */
  update(change: { id: string; etag: string; spec: DevicePatch }, asker: Asker): Promise<Device>;
  remove(which: { id: string; etag: string }, asker: Asker): Promise<void>;
  /** Creates or updates by name, in the caller's transaction. */
  put(tx: Tx, spec: DeviceSpec, by: Asker & { repositoryId?: string }): Promise<"created" | "updated" | "unchanged">;
  /** Pins a host key where none is, in the caller's transaction; false when this one is pinned already. @throws Problem `devices_host_key_pinned` when another is */
  pin(tx: Tx, which: { name: string; fingerprint: string; reason: string }, by: Asker): Promise<boolean>;
  /** Pins the host key that somebody compared. */
  trust(which: { id: string; etag?: string | undefined; fingerprint: string; reason: string }, asker: Asker): Promise<Device>;
}

export function createInventory(deps: InventoryDeps): Inventory {
  const { db } = deps;
  deps.secrets.addUse(async (tx, name) => (await devicesUsing(tx, { credential: name })).map((device) => `device ${device}`));
  const row: Inventory["row"] = async (idOrName, asker, permission = "devices:read") => {
    const found = (await findReached(db, idOrName, reachOfAny(asker, "devices:read", permission))) ?? missing(idOrName);
    mustReach(asker, permission, found);
    return found;
  };
  /** After an act, for whoever did it. */
  const now = async (id: string): Promise<Device> => deviceView((await findDevice(db, id)) ?? missing(id));

  return {
    row,
    rows: ({ selector, ...query }) => listDevices(db, { ...query, ...(selector === undefined ? {} : { terms: parseSelector(selector) }) }),
    async create(spec, asker) {
      const id = await taken(spec.name, () => inTransaction(db, (tx) => add(deps, tx, spec, asker)));
      return now(id);
    },
    async update({ id, etag, spec }, asker) {
      const was = await row(id, asker, "devices:write");
      const next = normalSpec(mergePatch(specOf(was), spec));
      if (was.version === versionOf(etag) && JSON.stringify(next) === JSON.stringify(specOf(was))) return deviceView(was);
      await taken(next.name, () => inTransaction(db, (tx) => change(deps, tx, { row: was, next, version: versionOf(etag) }, asker)));
      return now(was.id);
    },
    remove: async (which, asker) => remove(deps, await row(which.id, asker, "devices:write"), { etag: which.etag, asker }),
    async put(tx, spec, by) {
      const now = await findDevice(tx, spec.name, true);
      if (!now) {
        await add(deps, tx, spec, by);
        return "created";
      }
      if (!maySee(by, now)) throw nameTaken(spec.name);
      mustReach(by, "devices:write", now);
      if (JSON.stringify(specOf(now)) === JSON.stringify(normalSpec(spec))) return "unchanged";
      await change(deps, tx, { row: now, next: spec, version: now.version }, by);
      return "updated";
    },
    async trust({ id, etag, fingerprint, reason }, asker) {
      const was = await row(id, asker, "devices:write");
      await inTransaction(db, async (tx) => {
        const locked = await findDevice(tx, was.id, true);
        if (etag !== undefined && locked?.version !== versionOf(etag)) throw preconditionFailed(`device ${was.name}`);
        await pinKey(deps, tx, locked ?? was, { fingerprint, reason, asker });
      });
      return now(was.id);
    },
    pin: (tx, which, asker) => pinFirst(deps, tx, which, asker),
  };
}

function maySee(by: Permitted, device: DeviceRow): boolean {
  return can(by, "devices:read", labelsOf(device)) || can(by, "devices:write", labelsOf(device));
}

/** @throws Problem `forbidden_here` */
function mustReach(by: Permitted, permission: Permission, device: DeviceSpec | DeviceRow): void {
  if (!can(by, permission, labelsOf(device))) throw outOfReach(permission, device.name);
}

async function remove(deps: InventoryDeps, now: DeviceRow, { etag, asker }: { etag: string; asker: Asker }): Promise<void> {
  await inTransaction(deps.db, async (tx) => {
    // Locked against a rollout that is proposed now: it holds its devices first, or finds this one gone.
    await findDevice(tx, now.id, true);
    await refuseBastion(tx, now, reachOfAny(asker, "devices:read", "devices:write"));
    await refuseHeld(deps, tx, now);
    if (!(await deleteDevice(tx, now.id, versionOf(etag)))) throw preconditionFailed(`device ${now.name}`);
    await removeAsset(tx, now.id, new Date(deps.clock.now()));
    await deps.audit.record(tx, { ...entryBy(asker), action: "devices.device.delete", subject: `device:${now.id}`, before: specOf(now) });
    for (const source of [reachSource, driftSource]) await deps.findings.reconcile(tx, source, `device:${now.id}`, []);
    await publish(tx, { type: "devices.device.removed", subject: `device:${now.id}`, payload: { name: now.name } });
  });
}

/** What jumps through a device keeps it; who may not see all that does is told so much. */
async function refuseBastion(tx: Tx, { name }: DeviceRow, reach: Reach): Promise<void> {
  if ((await devicesUsing(tx, { bastion: name })).length === 0) return;
  const seen = await devicesUsing(tx, { bastion: name }, reach);
  const who = seen.length > 0 ? seen.join(", ") : "Devices that you may not see";
  throw new Problem("devices_in_use", { kind: "conflict", say: `${who} jump through ${name}; give them another bastion first.` });
}

async function pinFirst(
  deps: InventoryDeps,
  tx: Tx,
  { name, fingerprint, reason }: { name: string; fingerprint: string; reason: string },
  asker: Asker,
): Promise<boolean> {
  const now = (await findDevice(tx, name, true)) ?? missing(name);
  if (!maySee(asker, now)) missing(name);
  mustReach(asker, "devices:write", now);
  if (now.host_key === fingerprint) return false;
  if (now.host_key !== null)
    throw new Problem("devices_host_key_pinned", {
      kind: "conflict",
      say: `${name} has another host key pinned (${now.host_key}); to replace it, compare the new one and trust it by itself.`,
    });
  await pinKey(deps, tx, now, { fingerprint, reason, asker });
  return true;
}

interface Pinned {
  fingerprint: string;
  reason: string;
  asker: Asker;
}

async function pinKey(deps: InventoryDeps, tx: Tx, device: DeviceRow, { fingerprint, reason, asker }: Pinned): Promise<void> {
  const subject = `device:${device.id}`;
  await updateDevice(tx, device.id, { host_key: fingerprint, updated_at: new Date(deps.clock.now()) });
  const [before, after] = [{ hostKey: device.host_key }, { hostKey: fingerprint }];
  // The first key is part of taking a device in; another one in its place is what somebody in between would want.
  const first = device.host_key === null || device.host_key === fingerprint;
  const action = first ? "devices.host_key.trust" : "devices.host_key.replace";
  await deps.audit.record(tx, { ...entryBy(asker), action, subject, before, after, reason });
  await settleHostKey(deps, tx, device, { fingerprint, reason, asker });
  await publish(tx, { type: "devices.host_key.trusted", subject, payload: { name: device.name } });
}

/** The key that was told of as strange, or not pinned, is the pinned one now. */
async function settleHostKey(
  { findings }: InventoryDeps,
  tx: Tx,
  device: DeviceRow,
  { fingerprint, reason, asker }: Pinned,
): Promise<void> {
  const why = { ...entryBy(asker), reason: `The host key ${fingerprint} was pinned: ${reason}`, evidence: { pinned: fingerprint } };
  for (const kind of ["host_key_changed", "host_key_unknown"])
    await findings.settle(tx, { source: reachSource, kind, subject: `device:${device.id}` }, why);
}

/** A device that is gone from the inventory could not be taken back to what it was. */
async function refuseHeld({ held }: InventoryDeps, tx: Tx, { id, name }: DeviceRow): Promise<void> {
  const rollout = (await held([id], tx)).get(id);
  if (rollout === undefined) return;
  throw new Problem("devices_in_use", {
    kind: "conflict",
    say: `Rollout ${rollout} drives ${name}; wait until it is done, or abort it.`,
  });
}

function missing(idOrName: string): never {
  throw new Problem("devices_missing", { kind: "missing", say: `There is no device ${idOrName}.` });
}

async function taken<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!isUniqueViolation(thrown)) throw thrown;
    throw nameTaken(name, thrown);
  }
}

function nameTaken(name: string, because?: unknown): Problem {
  return new Problem("devices_name_taken", { kind: "conflict", say: `There is a device ${name} already.`, because });
}

async function add(deps: InventoryDeps, tx: Tx, spec: DeviceSpec, by: Asker & { repositoryId?: string }): Promise<string> {
  mustReach(by, "devices:write", spec);
  await checkReferences(deps, tx, spec, by);
  const at = new Date(deps.clock.now());
  const id = newId<"device">("dev", at.getTime());
  await insertDevice(tx, { id, created_at: at, repository_id: by.repositoryId ?? null }, spec);
  await putAsset(tx, { id, kind: "device", labels: labelsOf(spec) });
  await deps.audit.record(tx, {
    actor: by.actor,
    requestId: by.requestId,
    action: "devices.device.create",
    subject: `device:${id}`,
    after: spec,
  });
  await publish(tx, { type: "devices.device.added", subject: `device:${id}`, payload: { name: spec.name } });
  return id;
}

async function change(
  deps: InventoryDeps,
  tx: Tx,
  { row, next, version }: { row: DeviceRow; next: DeviceSpec; version: number },
  by: Asker,
): Promise<void> {
  mustReach(by, "devices:write", next);
  await checkReferences(deps, tx, next, by);
  await settleJumpHost(deps, tx, row, next);
  const changed = await updateDevice(tx, row.id, { ...specColumns(next), updated_at: new Date(deps.clock.now()) }, version);
  if (!changed) throw preconditionFailed(`device ${row.name}`);
  await putAsset(tx, { id: row.id, kind: "device", labels: labelsOf(next) });
  await deps.audit.record(tx, {
    actor: by.actor,
    requestId: by.requestId,
    action: "devices.device.update",
    subject: `device:${row.id}`,
    before: specOf(row),
    after: next,
  });
  const [was, is] = [labelsOf(row), labelsOf(next)];
  const payload = { name: next.name, ...(isDeepStrictEqual(was, is) ? {} : { was }) };
  await publish(tx, { type: "devices.device.changed", subject: `device:${row.id}`, payload });
}

/** What was kept of a device tells of its operating system for good; one that was never read may turn out to be a jump host. */
async function settleJumpHost({ findings }: InventoryDeps, tx: Tx, row: DeviceRow, next: DeviceSpec): Promise<void> {
  if (isConfigured(row) === isConfigured(next)) return;
  if (row.running_version !== null)
    throw new Problem("devices_jump_host", {
      kind: "conflict",
      say: `Configurations of ${row.name} are kept; to make it a jump host, remove it and add it again.`,
    });
  await recordSeen(tx, row.id, { reachable: null, last_problem: null, last_seen_at: null });
  await findings.reconcile(tx, reachSource, `device:${row.id}`, []);
}

async function checkReferences(deps: InventoryDeps, tx: Tx, spec: DeviceSpec, by: Permitted): Promise<void> {
  const reach = reachOf(by, "devices:write");
  if (spec.credential !== undefined) {
    await mustKnow(tx, spec.credential, reach);
    await deps.secrets.mustExist(tx, spec.credential);
  }
  if (spec.bastion === undefined) return;
  if (spec.bastion === spec.name)
    throw new Problem("devices_bastion_loop", { kind: "invalid", say: `${spec.name} cannot be its own bastion.` });
  const bastion = await findDevice(tx, spec.bastion);
  if (bastion && (await mayJump(tx, bastion, by))) return refuseCircle(tx, spec.name, bastion, reach === "everywhere");
  throw new Problem("devices_bastion_missing", {
    kind: "invalid",
    say: `${spec.name} jumps through ${spec.bastion}, which is not in the inventory; add that device first.`,
  });
}

/**
 * A credential is sent to whatever address a device has. So who may not write devices everywhere names only what devices within their reach
 * use already; told alike whether there is such a secret or not.
 */
async function mustKnow(tx: Tx, credential: string, reach: Reach): Promise<void> {
  if (reach === "everywhere" || (await devicesUsing(tx, { credential }, reach)).length > 0) return;
  throw new Problem("forbidden_here", {
    kind: "forbidden",
    say: `No device that you may write uses the credential ${credential}; who may write devices everywhere has to give it to one first.`,
  });
}

/** Through what they may write, or what devices within their reach jump through already. @throws Problem `forbidden_here` for what they only see */
async function mayJump(tx: Tx, bastion: DeviceRow, by: Permitted): Promise<boolean> {
  if (can(by, "devices:write", labelsOf(bastion))) return true;
  if ((await devicesUsing(tx, { bastion: bastion.name }, reachOf(by, "devices:write"))).length > 0) return true;
  if (maySee(by, bastion)) throw outOfReach("devices:write", bastion.name);
  return false;
}

/** @param seesAll whether the asker may be told of every device on the way */
async function refuseCircle(tx: Tx, name: string, first: DeviceRow, seesAll: boolean): Promise<void> {
  const way = [name];
  for (let next: DeviceRow | undefined = first; next !== undefined && !way.slice(1).includes(next.name);) {
    way.push(next.name);
    if (next.name === name)
      throw new Problem("devices_bastion_loop", {
        kind: "invalid",
        say: `The bastions of ${name} go round in a circle${seesAll ? `: ${way.join(" → ")}` : ""}.`,
      });
    next = next.bastion === null ? undefined : await findDevice(tx, next.bastion);
  }
}

/** A device's document as it was written, members always in the same order. */
export function specOf(row: DeviceRow): DeviceSpec {
  return normalSpec({
    name: row.name,
    platform: row.platform,
    address: row.address,
    port: row.port,
    site: row.site ?? undefined,
    labels: row.labels,
    redundancyGroup: row.redundancy_group ?? undefined,
    credential: row.credential ?? undefined,
    bastion: row.bastion ?? undefined,
    driftMode: row.drift_mode,
  });
}

/** Not judged again: what is kept was right by the rules of its day. */
function normalSpec(spec: { [K in keyof DeviceSpec]: DeviceSpec[K] | undefined }): DeviceSpec {
  const labels = Object.fromEntries(Object.entries(spec.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  const given: Record<string, unknown> = { ...spec, labels };
  const members = Object.keys(deviceSpec.shape).flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]]));
  return Object.fromEntries(members) as DeviceSpec;
}

export function driftOf(row: DeviceRow): Device["drift"] {
  if (row.running_hash === null || row.expected_hash === null) return "unknown";
  return row.running_hash === row.expected_hash ? "as_intended" : "drifted";
}

export function deviceView(row: DeviceRow): Device {
  return {
    ...specOf(row),
    id: row.id,
    drift: driftOf(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    etag: String(row.version),
    ...(row.host_key === null ? {} : { hostKey: row.host_key }),
    ...(row.reachable === null ? {} : { reachable: row.reachable }),
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at.toISOString() }),
    ...(row.last_problem === null ? {} : { lastProblem: row.last_problem }),
    ...(row.running_hash === null ? {} : { runningHash: row.running_hash }),
    ...(row.backed_up_at === null ? {} : { backedUpAt: row.backed_up_at.toISOString() }),
  };
}
