/** SQL of how people get in and how they are looked over. Time is an argument. */
import type { Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { IdentityTables, PersonTokenTable } from "./tables.ts";

export type PersonTokenRow = Selectable<PersonTokenTable>;

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

/** Keeps a hash of the same password. False when the password was changed since `onlyIf` was read. */
export async function setPasswordHash(
  db: Db | Tx,
  { userId, hash, onlyIf }: { userId: string; hash: string; onlyIf: string },
): Promise<boolean> {
  const kept = within(db).updateTable("identity.user").set({ password_hash: hash }).where("id", "=", userId);
  return (await kept.where("password_hash", "=", onlyIf).executeTakeFirst()).numUpdatedRows === 1n;
}

/** A new password; null: none counts until there is one. */
export async function changePassword(tx: Tx, { userId, hash, now }: { userId: string; hash: string | null; now: Date }): Promise<void> {
  const changed = { password_hash: hash, password_must_change: hash === null, ...(hash === null ? {} : { password_changed_at: now }) };
  await within(tx).updateTable("identity.user").set(changed).where("id", "=", userId).execute();
}

/** False when the address belongs to somebody else. */
export async function setEmail(tx: Tx, { userId, email }: { userId: string; email: string }): Promise<boolean> {
  const key = email.toLowerCase();
  const taken = await within(tx)
    .selectFrom("identity.user")
    .select("id")
    .where("email_key", "=", key)
    .where("id", "!=", userId)
    .executeTakeFirst();
  if (taken) return false;
  await within(tx)
    .updateTable("identity.user")
    .set((is) => ({ email, email_key: key, version: is("version", "+", 1) }))
    .where("id", "=", userId)
    .execute();
  return true;
}

export async function findIdByEmail(db: Db | Tx, email: string): Promise<string | undefined> {
  const found = within(db).selectFrom("identity.user").select("id").where("email_key", "=", email.toLowerCase());
  return (await found.executeTakeFirst())?.id;
}

/** The newest token of a purpose is the one that counts. */
export async function insertPersonToken(tx: Tx, row: PersonTokenRow): Promise<void> {
  await within(tx).deleteFrom("identity.person_token").where("user_id", "=", row.user_id).where("purpose", "=", row.purpose).execute();
  await within(tx).insertInto("identity.person_token").values(row).execute();
}

export async function findPersonToken(db: Db | Tx, hash: Buffer, now: Date): Promise<PersonTokenRow | undefined> {
  return within(db)
    .selectFrom("identity.person_token")
    .selectAll()
    .where("hash", "=", hash)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

/** The token is gone with it, so of any number of takers one gets it. */
export async function takePersonToken(tx: Tx, hash: Buffer, now: Date): Promise<PersonTokenRow | undefined> {
  const taken = within(tx).deleteFrom("identity.person_token").where("hash", "=", hash).where("expires_at", ">", now);
  return taken.returningAll().executeTakeFirst();
}

export async function deletePersonTokensOf(tx: Tx, userId: string): Promise<void> {
  await within(tx).deleteFrom("identity.person_token").where("user_id", "=", userId).execute();
}

export async function sweepPersonTokens(db: Db, now: Date): Promise<number> {
  return Number((await within(db).deleteFrom("identity.person_token").where("expires_at", "<=", now).executeTakeFirst()).numDeletedRows);
}

/** People who may sign in, by name. */
export async function activePeople(db: Db | Tx): Promise<{ id: string; name: string; email: string | null }[]> {
  const people = within(db).selectFrom("identity.user").select(["id", "name", "email"]).where("kind", "=", "person");
  return people.where("disabled", "=", false).orderBy("name_key").execute();
}

export async function seenNow(db: Db, userId: string, now: Date): Promise<void> {
  await within(db).updateTable("identity.user").set({ last_seen_at: now }).where("id", "=", userId).execute();
}

export interface Activity {
  id: string;
  name: string;
  kind: "person" | "service";
  created_at: Date;
  last_seen_at: Date | null;
}

/** Enabled users who made no request since then, longest first; who never made one counts from when they were made. */
export async function inactiveSince(db: Db, since: Date): Promise<Activity[]> {
  return within(db)
    .selectFrom("identity.user")
    .select(["id", "name", "kind", "created_at", "last_seen_at"])
    .where("disabled", "=", false)
    .where((is) => is(is.fn.coalesce("last_seen_at", "created_at"), "<", since))
    .orderBy((column) => column.fn.coalesce("last_seen_at", "created_at"))
    .orderBy("name")
    .execute();
}
