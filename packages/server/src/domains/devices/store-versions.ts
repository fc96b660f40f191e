/** Kept running configurations. The text is sealed; only the domain opens it. */
import type { Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { DevicesTables, VersionTable } from "./tables.ts";

export type VersionRow = Selectable<VersionTable>;
export type VersionHead = Omit<VersionRow, "text_sealed">;

const tables = (db: Db) => db.withTables<DevicesTables>();
const head = ["id", "device_id", "hash", "at", "lines", "reason"] as const;

export async function insertVersion(tx: Db, row: VersionRow): Promise<void> {
  await tables(tx).insertInto("devices.version").values(row).execute();
}

export async function newestVersion(db: Db, device: string): Promise<VersionHead | undefined> {
  return tables(db)
    .selectFrom("devices.version")
    .select(head)
    .where("device_id", "=", device)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function rehashVersion(tx: Tx, id: string, hash: string): Promise<void> {
  await tables(tx).updateTable("devices.version").set({ hash }).where("id", "=", id).execute();
}

/** Newest first; `before` is the last id of the page before. */
export async function listVersions(db: Db, device: string, page: { before?: string | undefined; limit: number }): Promise<VersionHead[]> {
  const select = tables(db)
    .selectFrom("devices.version")
    .select(head)
    .where("device_id", "=", device)
    .orderBy("id", "desc")
    .limit(page.limit);
  return (page.before === undefined ? select : select.where("id", "<", page.before)).execute();
}

export async function findVersion(db: Db, id: string): Promise<VersionRow | undefined> {
  return tables(db).selectFrom("devices.version").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The newest version of a device that is older than this one. */
export async function versionBefore(db: Db, device: string, id: string): Promise<VersionHead | undefined> {
  return tables(db)
    .selectFrom("devices.version")
    .select(head)
    .where("device_id", "=", device)
    .where("id", "<", id)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** For a rotation of keys: rows sealed under another key than the active one. */
export async function lockStaleVersions(tx: Tx, activePrefix: Buffer, limit: number): Promise<VersionRow[]> {
  return tables(tx)
    .selectFrom("devices.version")
    .selectAll()
    .where((eb) => eb(eb.fn<Buffer>("substring", ["text_sealed", eb.lit(1), eb.lit(activePrefix.length)]), "!=", activePrefix))
    .limit(limit)
    .forUpdate()
    .execute();
}

export async function countStaleVersions(db: Db, activePrefix: Buffer): Promise<number> {
  const row = await tables(db)
    .selectFrom("devices.version")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where((eb) => eb(eb.fn<Buffer>("substring", ["text_sealed", eb.lit(1), eb.lit(activePrefix.length)]), "!=", activePrefix))
    .executeTakeFirstOrThrow();
  return row.n;
}

export async function replaceSealed(tx: Tx, id: string, sealed: Buffer): Promise<void> {
  await tables(tx).updateTable("devices.version").set({ text_sealed: sealed }).where("id", "=", id).execute();
}
