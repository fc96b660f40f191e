/** Repositories in the database. */
import { sql, type Selectable, type Updateable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Reach } from "#platform/reach";
import { inReach } from "#core/assets";
import type { DevicesTables, RepositoryTable } from "./tables.ts";

export type RepositoryRow = Selectable<RepositoryTable>;

const tables = (db: Db) => db.withTables<DevicesTables>();

/** Those in reach, which are those whose inventory brought a device that is. */
export async function listRepositories(
  db: Db,
  page: { after?: string | undefined; limit: number; reach: Reach },
): Promise<RepositoryRow[]> {
  const select = tables(db).selectFrom("devices.repository").selectAll().where(reached(page.reach)).orderBy("name").limit(page.limit);
  return (page.after === undefined ? select : select.where("name", ">", page.after)).execute();
}

/** By id or by name, where it is in reach. */
export async function findRepository(db: Db, idOrName: string, reach: Reach): Promise<RepositoryRow | undefined> {
  return tables(db)
    .selectFrom("devices.repository")
    .selectAll()
    .where((eb) => eb.or([eb("id", "=", idOrName), eb("name", "=", idOrName)]))
    .where(reached(reach))
    .executeTakeFirst();
}

function reached(reach: Reach) {
  if (reach === "everywhere") return sql<boolean>`true`;
  const device = sql.ref("device.id");
  return sql<boolean>`exists (select from devices.device as device where device.repository_id = repository.id and ${inReach(reach, device)})`;
}

export async function insertRepository(tx: Tx, row: Omit<RepositoryRow, "version">): Promise<void> {
  await tables(tx).insertInto("devices.repository").values(row).execute();
}

/** Writes what an operator edits and raises the version; false when the version moved. */
export async function updateRepository(tx: Tx, id: string, set: Updateable<RepositoryTable>, version: number): Promise<boolean> {
  const updated = await tables(tx)
    .updateTable("devices.repository")
    .set({ ...set, version: sql<number>`version + 1` })
    .where("id", "=", id)
    .where("version", "=", version)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** What a fetch saw; no change of the document, so its version stays. */
export async function recordFetch(db: Db, id: string, set: Updateable<RepositoryTable>): Promise<void> {
  await tables(db).updateTable("devices.repository").set(set).where("id", "=", id).execute();
}

export async function deleteRepository(tx: Tx, id: string, version: number): Promise<boolean> {
  return (
    (await tables(tx).deleteFrom("devices.repository").where("id", "=", id).where("version", "=", version).executeTakeFirst())
      .numDeletedRows === 1n
  );
}

export async function repositoriesUsing(db: Db, secret: string): Promise<string[]> {
  const rows = await tables(db).selectFrom("devices.repository").select("name").where("secret", "=", secret).limit(20).execute();
  return rows.map((row) => row.name);
}
