/** SQL of the versions of secrets that devices are signed in to with. No row: the newest. */
import { sql } from "kysely";
import type { DevicePlatform } from "@holdfast/contract";
import type { Db, Tx } from "#platform/db";
import type { DevicesTables } from "./tables.ts";

const tables = (db: Db) => db.withTables<DevicesTables>();

/** The version that this device has of this secret; undefined: the newest. */
export async function pinnedVersion(db: Db, device: string, secret: string): Promise<number | undefined> {
  const row = await tables(db)
    .selectFrom("devices.credential_pin")
    .select("version")
    .where("device_id", "=", device)
    .where("secret", "=", secret)
    .executeTakeFirst();
  return row?.version;
}

/** The device has this version from now on. */
export async function pinVersion(
  tx: Tx,
  { device, secret, version, at }: { device: string; secret: string; version: number; at: Date },
): Promise<void> {
  await tables(tx)
    .insertInto("devices.credential_pin")
    .values({ device_id: device, secret, version, at })
    .onConflict((clash) => clash.column("device_id").doUpdateSet({ secret, version, at }))
    .execute();
}

/** The device has the newest version, whichever that will be. */
export async function unpin(tx: Tx, device: string): Promise<void> {
  await tables(tx).deleteFrom("devices.credential_pin").where("device_id", "=", device).execute();
}

/** All devices that go by the newest version of a secret stay with this one. */
export async function pinAll(tx: Tx, { secret, version, at }: { secret: string; version: number; at: Date }): Promise<void> {
  await sql`
    insert into devices.credential_pin (device_id, secret, version, at)
    select id, ${secret}, ${version}, ${at} from devices.device where credential = ${secret} order by id
    on conflict (device_id) do update set secret = excluded.secret, version = excluded.version, at = excluded.at
      where devices.credential_pin.secret <> excluded.secret`.execute(tx);
}

/** Names of devices that have this very version. */
export async function devicesAt(db: Db, secret: string, version: number): Promise<string[]> {
  const rows = await tables(db)
    .selectFrom("devices.credential_pin as pin")
    .innerJoin("devices.device as device", (join) =>
      join.onRef("device.id", "=", "pin.device_id").onRef("device.credential", "=", "pin.secret"),
    )
    .select("device.name")
    .where("pin.secret", "=", secret)
    .where("pin.version", "=", version)
    .orderBy("device.name")
    .limit(20)
    .execute();
  return rows.map((row) => row.name);
}

/** Of these devices, the ones that do not have the newest version of this secret. */
export async function pinsOf(db: Db, secret: string, devices: string[]): Promise<Map<string, number>> {
  const rows = await tables(db)
    .selectFrom("devices.credential_pin")
    .select(["device_id", "version"])
    .where("secret", "=", secret)
    .where(sql<boolean>`device_id = any(${devices}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.device_id, row.version]));
}

/** What devices, whoever may see them, use this secret with. */
export async function platformsUsing(db: Db, secret: string): Promise<Set<DevicePlatform>> {
  const rows = await tables(db).selectFrom("devices.device").select("platform").distinct().where("credential", "=", secret).execute();
  return new Set(rows.map((row) => row.platform));
}
