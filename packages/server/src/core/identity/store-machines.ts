/** SQL of the tokens by which machines get their first certificate. Time is an argument. */
import type { Db, Tx } from "#platform/db";
import type { IdentityTables, MachineTokenTable } from "./tables.ts";

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

export async function insertMachineToken(tx: Tx, token: MachineTokenTable): Promise<void> {
  await within(tx).insertInto("identity.machine_token").values(token).execute();
}

/** Whose it is; it is good for nobody else after this, unless the transaction is rolled back. */
export async function takeMachineToken(tx: Tx, hash: Buffer, now: Date): Promise<string | undefined> {
  const taken = within(tx).deleteFrom("identity.machine_token").where("hash", "=", hash).where("expires_at", ">", now);
  return (await taken.returning("user_id").executeTakeFirst())?.user_id;
}

export async function sweepMachineTokens(db: Db, now: Date): Promise<number> {
  return Number((await within(db).deleteFrom("identity.machine_token").where("expires_at", "<=", now).executeTakeFirst()).numDeletedRows);
}
