/** SQL of the secrets of service accounts. Time is an argument. */
import type { Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { ClientSecretTable, IdentityTables } from "./tables.ts";

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

export type ClientSecretRow = Selectable<ClientSecretTable>;

export async function insertClientSecret(tx: Tx, secret: ClientSecretTable): Promise<void> {
  await within(tx).insertInto("identity.client_secret").values(secret).execute();
}

export async function findClientSecret(db: Db | Tx, id: string): Promise<ClientSecretRow | undefined> {
  return within(db).selectFrom("identity.client_secret").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Those that still work, newest first. */
export async function clientSecretsOf(db: Db | Tx, userId: string, now: Date): Promise<ClientSecretRow[]> {
  const kept = within(db).selectFrom("identity.client_secret").selectAll().where("user_id", "=", userId);
  return kept
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", now)]))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

/** All of this account end then at the latest. */
export async function endClientSecrets(tx: Tx, userId: string, at: Date): Promise<void> {
  const kept = within(tx).updateTable("identity.client_secret").set({ expires_at: at }).where("user_id", "=", userId);
  await kept.where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", at)])).execute();
}

/** Ends the secret and the sessions that it opened; false when there is none. */
export async function takeClientSecret(tx: Tx, { id, userId }: { id: string; userId: string }): Promise<boolean> {
  await within(tx).deleteFrom("identity.session").where("client_secret_id", "=", id).where("user_id", "=", userId).execute();
  const gone = within(tx).deleteFrom("identity.client_secret").where("id", "=", id).where("user_id", "=", userId);
  return (await gone.executeTakeFirst()).numDeletedRows === 1n;
}

export async function touchClientSecret(tx: Tx, id: string, now: Date): Promise<void> {
  await within(tx).updateTable("identity.client_secret").set({ last_used_at: now }).where("id", "=", id).execute();
}

export async function sweepClientSecrets(db: Db, now: Date): Promise<number> {
  return Number((await within(db).deleteFrom("identity.client_secret").where("expires_at", "<=", now).executeTakeFirst()).numDeletedRows);
}
