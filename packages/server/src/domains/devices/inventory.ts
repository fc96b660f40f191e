/** The inventory: devices are added, changed, removed, imported and exported; host keys are pinned by an explicit act. */
import { deviceSpec, type Device, type DevicePatch, type DeviceSpec } from "@holdfast/contract";
import { mergePatch, newId, parseSelector, Problem, type Clock } from "@holdfast/kit";
import { inTransaction, isUniqueViolation, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import type { Audit } from "#core/audit";
import type { Findings } from "#core/findings";
import type { Asker, Rollouts } from "#core/rollout";
import type { Secrets } from "#core/secrets";
import { preconditionFailed, versionOf } from "#platform/http";
import { driftSource } from "./expectations.ts";
import { reachSource } from "./observe.ts";
import {
  deleteDevice,
  devicesUsing,
  findDevice,
  insertDevice,
  listDevices,
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
  /** @throws Problem `devices_missing` */
  row(idOrName: string): Promise<DeviceRow>;
  rows(query: Omit<DeviceQuery, "terms"> & { selector?: string | undefined }): Promise<DeviceRow[]>;
  /** @throws Problem `devices_name_taken`, `devices_bastion_missing`, `secrets_secret_missing` */
  create(spec: DeviceSpec, asker: Asker): Promise<Device>;
  /** A merge patch: only the members given; null clears. @throws as create, and 412 when the ETag moved */
  update(change: { id: string; etag: string; spec: DevicePatch }, asker: Asker): Promise<Device>;
  remove(which: { id: string; etag: string }, asker: Asker): Promise<void>;
  /** Creates or updates by name, in the caller's transaction. */
  put(tx: Tx, spec: DeviceSpec, by: Asker & { repositoryId?: string }): Promise<"created" | "updated" | "unchanged">;
  /** Pins the host key that somebody compared. */
  trust(which: { id: string; fingerprint: string; reason: string }, asker: Asker): Promise<Device>;
}

export function createInventory(deps: InventoryDeps): Inventory {
  const { db } = deps;
  deps.secrets.addUse(async (tx, name) => (await devicesUsing(tx, { credential: name })).map((device) => `device ${device}`));
  const row = async (idOrName: string): Promise<DeviceRow> => (await findDevice(db, idOrName)) ?? missing(idOrName);

  return {
    row,
    rows: ({ selector, ...query }) => listDevices(db, { ...query, ...(selector === undefined ? {} : { terms: parseSelector(selector) }) }),
    async create(spec, asker) {
      const id = await taken(spec.name, () => inTransaction(db, (tx) => add(deps, tx, spec, asker)));
      return deviceView(await row(id));
    },
    async update({ id, etag, spec }, asker) {
      const now = await row(id);
      const next = normalSpec(mergePatch(specOf(now), spec));
      if (now.version === versionOf(etag) && JSON.stringify(next) === JSON.stringify(specOf(now))) return deviceView(now);
      await taken(next.name, () => inTransaction(db, (tx) => change(deps, tx, { row: now, next, version: versionOf(etag) }, asker)));
      return deviceView(await row(now.id));
    },
    async remove({ id, etag }, asker) {
      const now = await row(id);
      const through = await devicesUsing(db, { bastion: now.name });
      if (through.length > 0)
        throw new Problem("devices_in_use", {
          kind: "conflict",
          say: `${through.join(", ")} jump through ${now.name}; give them another bastion first.`,
        });
      await refuseHeld(deps, now);
      await inTransaction(db, async (tx) => {
        if (!(await deleteDevice(tx, now.id, versionOf(etag)))) throw preconditionFailed(`device ${now.name}`);
        await deps.audit.record(tx, { ...asker, action: "devices.device.delete", subject: `device:${now.id}`, before: specOf(now) });
        for (const source of [reachSource, driftSource]) await deps.findings.reconcile(tx, source, `device:${now.id}`, []);
        await publish(tx, { type: "devices.device.removed", subject: `device:${now.id}`, payload: { name: now.name } });
      });
    },
    async put(tx, spec, by) {
      const now = await findDevice(tx, spec.name, true);
      if (!now) {
        await add(deps, tx, spec, by);
        return "created";
      }
      if (JSON.stringify(specOf(now)) === JSON.stringify(normalSpec(spec))) return "unchanged";
      await change(deps, tx, { row: now, next: spec, version: now.version }, by);
      return "updated";
    },
    async trust({ id, fingerprint, reason }, asker) {
      const now = await row(id);
      await inTransaction(db, async (tx) => {
        await updateDevice(tx, now.id, { host_key: fingerprint, updated_at: new Date(deps.clock.now()) });
        const [before, after] = [{ hostKey: now.host_key }, { hostKey: fingerprint }];
        await deps.audit.record(tx, { ...asker, action: "devices.host_key.trust", subject: `device:${now.id}`, before, after, reason });
        await settleHostKey(deps, tx, { device: now, fingerprint, asker });
        await publish(tx, { type: "devices.host_key.trusted", subject: `device:${now.id}`, payload: { name: now.name } });
      });
      return deviceView(await row(now.id));
    },
  };
}

/** The key that was told of as strange, or not pinned, is the pinned one now. */
async function settleHostKey(
  { findings }: InventoryDeps,
  tx: Tx,
  { device, fingerprint, asker }: { device: DeviceRow; fingerprint: string; asker: Asker },
): Promise<void> {
  const why = { ...asker, reason: `The host key ${fingerprint} was compared and pinned.`, evidence: { pinned: fingerprint } };
  for (const kind of ["host_key_changed", "host_key_unknown"])
    await findings.settle(tx, { source: reachSource, kind, subject: `device:${device.id}` }, why);
}

/** A device that is gone from the inventory could not be taken back to what it was. */
async function refuseHeld({ held }: InventoryDeps, { id, name }: DeviceRow): Promise<void> {
  const rollout = (await held([id])).get(id);
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
    throw new Problem("devices_name_taken", { kind: "conflict", say: `There is a device ${name} already.`, because: thrown });
  }
}

async function add(deps: InventoryDeps, tx: Tx, spec: DeviceSpec, by: Asker & { repositoryId?: string }): Promise<string> {
  await checkReferences(deps, tx, spec);
  const at = new Date(deps.clock.now());
  const id = newId<"device">("dev", at.getTime());
  await insertDevice(tx, { id, created_at: at, repository_id: by.repositoryId ?? null }, spec);
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
  await checkReferences(deps, tx, next);
  const changed = await updateDevice(tx, row.id, { ...specColumns(next), updated_at: new Date(deps.clock.now()) }, version);
  if (!changed) throw preconditionFailed(`device ${row.name}`);
  await deps.audit.record(tx, {
    actor: by.actor,
    requestId: by.requestId,
    action: "devices.device.update",
    subject: `device:${row.id}`,
    before: specOf(row),
    after: next,
  });
  await publish(tx, { type: "devices.device.changed", subject: `device:${row.id}`, payload: { name: next.name } });
}

async function checkReferences(deps: InventoryDeps, tx: Tx, spec: DeviceSpec): Promise<void> {
  if (spec.credential !== undefined) await deps.secrets.mustExist(tx, spec.credential);
  if (spec.bastion === undefined) return;
  if (spec.bastion === spec.name)
    throw new Problem("devices_bastion_loop", { kind: "invalid", say: `${spec.name} cannot be its own bastion.` });
  if (await findDevice(tx, spec.bastion)) return;
  throw new Problem("devices_bastion_missing", {
    kind: "invalid",
    say: `${spec.name} jumps through ${spec.bastion}, which is not in the inventory; add that device first.`,
  });
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

function normalSpec(spec: { [K in keyof DeviceSpec]: DeviceSpec[K] | undefined }): DeviceSpec {
  const labels = Object.fromEntries(Object.entries(spec.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  const parsed = deviceSpec.parse({ ...spec, labels });
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined)) as DeviceSpec;
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
