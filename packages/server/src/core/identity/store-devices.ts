/** SQL of programs that ask a person to let them in. Time is an argument. */
import type { Insertable, Selectable, Updateable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { DeviceCodeTable, IdentityTables } from "./tables.ts";

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

export type DeviceCodeRow = Selectable<DeviceCodeTable>;

export async function insertDeviceCode(tx: Tx, code: Insertable<DeviceCodeTable>): Promise<void> {
  await within(tx).insertInto("identity.device_code").values(code).execute();
}

/** Held until the transaction ends, so that of several who poll one gets it. */
export async function lockDeviceCode(tx: Tx, hash: Buffer): Promise<DeviceCodeRow | undefined> {
  return within(tx).selectFrom("identity.device_code").selectAll().where("hash", "=", hash).forUpdate().executeTakeFirst();
}

/** What a person typed, while it still asks. */
export async function findAsking(db: Db, userCodeHash: Buffer, now: Date): Promise<DeviceCodeRow | undefined> {
  const asking = within(db).selectFrom("identity.device_code").selectAll().where("user_code_hash", "=", userCodeHash);
  return asking.where("state", "=", "asked").where("expires_at", ">", now).executeTakeFirst();
}

/** The answer, of the first who gives one; undefined when it asks no more. */
export async function answerDeviceCode(
  tx: Tx,
  { userCodeHash, now }: { userCodeHash: Buffer; now: Date },
  answer: Updateable<DeviceCodeTable>,
): Promise<DeviceCodeRow | undefined> {
  const asking = within(tx).updateTable("identity.device_code").set(answer).where("user_code_hash", "=", userCodeHash);
  return asking.where("state", "=", "asked").where("expires_at", ">", now).returningAll().executeTakeFirst();
}

export async function updateDeviceCode(tx: Tx, hash: Buffer, change: Updateable<DeviceCodeTable>): Promise<void> {
  await within(tx).updateTable("identity.device_code").set(change).where("hash", "=", hash).execute();
}

export async function deleteDeviceCode(tx: Tx, hash: Buffer): Promise<void> {
  await within(tx).deleteFrom("identity.device_code").where("hash", "=", hash).execute();
}

export async function sweepDeviceCodes(db: Db, now: Date): Promise<number> {
  return Number((await within(db).deleteFrom("identity.device_code").where("expires_at", "<=", now).executeTakeFirst()).numDeletedRows);
}
