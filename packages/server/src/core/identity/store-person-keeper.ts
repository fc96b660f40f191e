/** SQL over everything that hangs on a user, whatever tables there are: a table that is added later is in exports by itself. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { IdentityTables } from "./tables.ts";

/** Bytes (hashes, sealed values) and what proves who somebody is are never told. */
const secretColumn = /^(hash|password_hash|sealed.*|salt|nonce|public_key|.*_hash)$/;

interface ColumnRow {
  table_name: string;
  column_name: string;
}

/** Rows by table, without secrets; tables without rows are left out. */
export async function everythingOf(db: Db | Tx, userId: string): Promise<Record<string, unknown[]>> {
  const { rows: columns } = await sql<ColumnRow>`
    select c.table_name, c.column_name from information_schema.columns c
    where c.table_schema = 'identity' and c.data_type <> 'bytea'
      and (c.table_name = 'user' or exists (select from information_schema.columns u
        where u.table_schema = 'identity' and u.table_name = c.table_name and u.column_name = 'user_id'))
    order by c.table_name, c.ordinal_position`.execute(db);
  const tables = new Map<string, string[]>();
  for (const { table_name: table, column_name: column } of columns)
    if (!secretColumn.test(column)) tables.set(table, [...(tables.get(table) ?? []), column]);
  const found: Record<string, unknown[]> = {};
  for (const [table, shown] of tables) {
    const { rows } = await sql<Record<string, unknown>>`
      select ${sql.join(shown.map((column) => sql.ref(column)))} from ${sql.table(`identity.${table}`)}
      where ${sql.ref(table === "user" ? "id" : "user_id")} = ${userId}`.execute(db);
    if (rows.length > 0) found[table] = rows;
  }
  return found;
}

/** Everything that hangs on the user goes with the row. */
export async function deleteUser(tx: Tx, id: string): Promise<void> {
  await tx.withTables<IdentityTables>().deleteFrom("identity.user").where("id", "=", id).execute();
}

/** Where the user's sessions came from. */
export async function addressesOf(tx: Tx, userId: string): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select distinct address from identity.session where user_id = ${userId} and address is not null`.execute(tx);
  return rows.map(({ address }) => address);
}

/** Counters of tries: these, and those that name one of these after a colon. */
export async function deleteAttempts(tx: Tx, { counters, naming }: { counters: string[]; naming: string[] }): Promise<void> {
  const ends = naming.map((one) => `%:${one.replaceAll(/[\\%_]/g, "\\$&")}`);
  await sql`delete from identity.attempt where bucket = any(${counters}) or bucket like any(${ends})`.execute(tx);
}
