/** Devices in the database. */
import type { DeviceSpec, PlatformName } from "@holdfast/contract";
import { Problem, type SelectorTerm } from "@holdfast/kit";
import { sql, type ExpressionBuilder, type Insertable, type Selectable, type Updateable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Reach } from "#platform/reach";
import { fitting, inReach } from "#core/assets";
import type { DevicesTables, DeviceTable } from "./tables.ts";

export type DeviceRow = Selectable<DeviceTable>;

/** False of a jump host, which has no configuration: it is not polled, backed up, planned or changed. */
export function isConfigured(row: Pick<DeviceRow, "platform">): boolean {
  return row.platform !== "jump_host";
}

/** The operating system whose configuration it has. @throws Problem `devices_jump_host` */
export function systemOf({ name, platform }: Pick<DeviceRow, "name" | "platform">): PlatformName {
  if (platform !== "jump_host") return platform;
  throw new Problem("devices_jump_host", {
    kind: "invalid",
    say: `${name} is a jump host: sessions go through it, and it has no configuration of its own here.`,
  });
}

const tables = (db: Db) => db.withTables<DevicesTables>();

export interface DeviceQuery {
  q?: string | undefined;
  site?: string | undefined;
  platform?: string | undefined;
  drift?: "as_intended" | "drifted" | "unknown" | undefined;
  terms?: SelectorTerm[];
  /** Only what is in it; the others are not there. */
  reach: Reach;
  /** Names after this one. */
  after?: string | undefined;
  limit?: number;
}

type DeviceExpressions = ExpressionBuilder<DevicesTables, "devices.device">;

const thisDevice = sql.ref("devices.device.id");

/** Devices by name. Labels match as `kit/selector` says; which labels a device has is said in `labels.ts`. */
export async function listDevices(db: Db, query: DeviceQuery): Promise<DeviceRow[]> {
  let select = tables(db).selectFrom("devices.device").selectAll().orderBy("name");
  if (query.after !== undefined) select = select.where("name", ">", query.after);
  if (query.site !== undefined) select = select.where("site", "=", query.site);
  if (query.platform !== undefined) select = select.where(sql`platform`, "=", query.platform);
  if (query.q !== undefined && query.q !== "") {
    const like = `%${query.q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    select = select.where((eb) => eb.or([eb("name", "ilike", like), eb("address", "ilike", like), eb("site", "ilike", like)]));
  }
  if (query.drift !== undefined) select = select.where(driftIs(query.drift));
  if (query.terms !== undefined && query.terms.length > 0) select = select.where(fitting(query.terms, thisDevice));
  if (query.reach !== "everywhere") select = select.where(inReach(query.reach, thisDevice));
  if (query.limit !== undefined) select = select.limit(query.limit);
  return select.execute();
}

function driftIs(drift: "as_intended" | "drifted" | "unknown") {
  return (eb: DeviceExpressions) => {
    if (drift === "unknown") return eb.or([eb("running_hash", "is", null), eb("expected_hash", "is", null)]);
    return drift === "drifted"
      ? eb("running_hash", "is distinct from", eb.ref("expected_hash"))
          .and("running_hash", "is not", null)
          .and("expected_hash", "is not", null)
      : eb("running_hash", "=", eb.ref("expected_hash"));
  };
}

/** By id or by name, whoever asks. */
export async function findDevice(db: Db, idOrName: string, lock = false): Promise<DeviceRow | undefined> {
  const select = named(db, idOrName);
  return (lock ? select.forUpdate() : select).executeTakeFirst();
}

/** By id or by name, where it is in reach: one statement, so that what is out of reach takes as long as what is not there. */
export async function findReached(db: Db, idOrName: string, reach: Reach): Promise<DeviceRow | undefined> {
  return named(db, idOrName).where(inReach(reach, thisDevice)).executeTakeFirst();
}

function named(db: Db, idOrName: string) {
  return tables(db)
    .selectFrom("devices.device")
    .selectAll()
    .where((eb) => eb.or([eb("id", "=", idOrName), eb("name", "=", idOrName)]));
}

/** Those of the devices that are there; they stay until `tx` ends. Locked in one order, so that two rollouts never wait for each other. */
export async function holdDevices(tx: Tx, ids: string[]): Promise<Set<string>> {
  const found = await tables(tx)
    .selectFrom("devices.device")
    .select("id")
    .where(sql<boolean>`id = any(${ids}::text[])`)
    .orderBy("id")
    .forKeyShare()
    .execute();
  return new Set(found.map((row) => row.id));
}

/** The columns that an operator writes. */
export function specColumns(spec: DeviceSpec) {
  return {
    name: spec.name,
    platform: spec.platform,
    address: spec.address,
    port: spec.port,
    site: spec.site ?? null,
    labels: JSON.stringify(spec.labels),
    redundancy_group: spec.redundancyGroup ?? null,
    credential: spec.credential ?? null,
    bastion: spec.bastion ?? null,
    drift_mode: spec.driftMode,
  };
}

export async function insertDevice(
  tx: Tx,
  row: Pick<Insertable<DeviceTable>, "id" | "created_at"> & { repository_id?: string | null },
  spec: DeviceSpec,
): Promise<void> {
  await tables(tx)
    .insertInto("devices.device")
    .values({ ...row, ...specColumns(spec), updated_at: row.created_at })
    .execute();
}

/** Writes columns and raises the version; only when the version is still the one given (left out: whatever it is). */
export async function updateDevice(tx: Db, id: string, set: Updateable<DeviceTable>, version?: number): Promise<boolean> {
  let update = tables(tx)
    .updateTable("devices.device")
    .set({ ...set, version: sql<number>`version + 1` })
    .where("id", "=", id);
  if (version !== undefined) update = update.where("version", "=", version);
  return (await update.executeTakeFirst()).numUpdatedRows === 1n;
}

/** What was seen of a device; no change of the document, so its version stays. */
export async function recordSeen(db: Db, id: string, set: Updateable<DeviceTable>): Promise<void> {
  await tables(db).updateTable("devices.device").set(set).where("id", "=", id).execute();
}

export async function deleteDevice(tx: Tx, id: string, version: number): Promise<boolean> {
  return (
    (await tables(tx).deleteFrom("devices.device").where("id", "=", id).where("version", "=", version).executeTakeFirst())
      .numDeletedRows === 1n
  );
}

/** Devices in reach that jump through this one, or use this secret. */
export async function devicesUsing(
  db: Db,
  use: { bastion: string } | { credential: string },
  reach: Reach = "everywhere",
): Promise<string[]> {
  const select = tables(db).selectFrom("devices.device").select("name").where(inReach(reach, thisDevice)).orderBy("name").limit(20);
  const rows = await (
    "bastion" in use ? select.where("bastion", "=", use.bastion) : select.where("credential", "=", use.credential)
  ).execute();
  return rows.map((row) => row.name);
}
