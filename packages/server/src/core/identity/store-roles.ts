/** SQL of roles. */
import type { Insertable, Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { IdentityTables, RoleTable } from "./tables.ts";

export type RoleRow = Selectable<RoleTable>;

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

/** Those that are always there first, then by name; only one when its name is told. With how many users each has. */
export async function listRoles(db: Db | Tx, name?: string): Promise<(RoleRow & { users: number })[]> {
  const roles = within(db)
    .selectFrom("identity.role as r")
    .selectAll("r")
    .select((column) =>
      column
        .selectFrom("identity.grant as g")
        .select((inner) => inner.fn.count<number>("g.user_id").distinct().as("users"))
        .whereRef("g.role", "=", "r.name")
        .as("users"),
    )
    .orderBy((column) => column("r.permissions", "is", null), "desc")
    .orderBy("r.name");
  const rows = await (name === undefined ? roles : roles.where("r.name", "=", name)).execute();
  return rows.map((row) => ({ ...row, users: row.users ?? 0 }));
}

/** Those of these names that there are; none is removed before the transaction ends. */
export async function holdRoles(tx: Tx, names: readonly string[]): Promise<RoleRow[]> {
  if (names.length === 0) return [];
  return within(tx).selectFrom("identity.role").selectAll().where("name", "in", names).forShare().execute();
}

export async function lockRole(tx: Tx, name: string): Promise<RoleRow | undefined> {
  return within(tx).selectFrom("identity.role").selectAll().where("name", "=", name).forUpdate().executeTakeFirst();
}

/** False when the name is taken. */
export async function insertRole(tx: Tx, role: Insertable<RoleTable>): Promise<boolean> {
  const made = within(tx)
    .insertInto("identity.role")
    .values(role)
    .onConflict((clash) => clash.column("name").doNothing());
  return (await made.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
}

export async function updateRole(tx: Tx, { name, description, permissions, second_factor, version, updated_at }: RoleRow): Promise<void> {
  const changed = { description, permissions, second_factor, version, updated_at };
  await within(tx).updateTable("identity.role").set(changed).where("name", "=", name).execute();
}

export async function deleteRole(tx: Tx, name: string): Promise<void> {
  await within(tx).deleteFrom("identity.role").where("name", "=", name).execute();
}
