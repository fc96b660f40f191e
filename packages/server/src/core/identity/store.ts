/** SQL of users, sessions, keys and one-time tokens. Time is an argument. */
import type { Grant } from "@holdfast/contract";
import { sql, type Expression } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import type { Db, Tx } from "#platform/db";
import type { Limit } from "./attempts.ts";
import type { HeldGrant } from "./permissions.ts";
import type { ApiKeyTable, IdentityTables, SessionTable, SetupTokenTable, SignInLinkTable, UserTable } from "./tables.ts";
import type { Insertable, Selectable } from "kysely";

/** A user with what is granted. */
export type UserRow = Selectable<UserTable> & { grants: HeldGrant[] };
export type SessionRow = Selectable<SessionTable>;
export type ApiKeyRow = ApiKeyTable;

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

/** What is granted to this user, as a column. */
const grantsOf = (db: Db | Tx, userId: Expression<string>) =>
  jsonArrayFrom(
    within(db)
      .selectFrom("identity.grant as g")
      .innerJoin("identity.role as r", "r.name", "g.role")
      .select(["g.role", "g.selector", "r.permissions"])
      .where("g.user_id", "=", userId)
      .orderBy("g.role")
      .orderBy("g.selector"),
  ).as("grants");

const users = (db: Db | Tx) =>
  within(db)
    .selectFrom("identity.user")
    .selectAll("identity.user")
    .select((column) => grantsOf(db, column.ref("identity.user.id")));

export async function findUserByKey(db: Db | Tx, nameKey: string): Promise<UserRow | undefined> {
  return users(db).where("name_key", "=", nameKey).executeTakeFirst();
}

export async function findUser(db: Db | Tx, id: string): Promise<UserRow | undefined> {
  return users(db).where("id", "=", id).executeTakeFirst();
}

/** The user as committed last; nobody changes it before the transaction ends. */
export async function holdUser(tx: Tx, id: string): Promise<UserRow | undefined> {
  return users(tx).where("id", "=", id).forShare().executeTakeFirst();
}

export async function lockUser(tx: Tx, id: string): Promise<UserRow | undefined> {
  return users(tx).where("id", "=", id).forUpdate().executeTakeFirst();
}

/** By name, those after `nameKey`. */
export async function usersAfter(db: Db, nameKey: string, limit: number): Promise<UserRow[]> {
  return users(db).where("name_key", ">", nameKey).orderBy("name_key").limit(limit).execute();
}

/** Undefined when the name is taken. */
export async function insertUser(
  tx: Tx,
  { grants, ...user }: Insertable<UserTable> & { grants: readonly Grant[] },
): Promise<UserRow | undefined> {
  const made = await within(tx)
    .insertInto("identity.user")
    .values(user)
    .onConflict((clash) => clash.column("name_key").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (made) await insertGrants(tx, made.id, grants);
  return made && findUser(tx, made.id);
}

export async function updateUser(tx: Tx, { id, disabled, version, updated_at }: UserRow): Promise<void> {
  await within(tx).updateTable("identity.user").set({ disabled, version, updated_at }).where("id", "=", id).execute();
}

/** All that is granted to the user from now on. */
export async function replaceGrants(tx: Tx, userId: string, grants: readonly Grant[]): Promise<void> {
  await within(tx).deleteFrom("identity.grant").where("user_id", "=", userId).execute();
  await insertGrants(tx, userId, grants);
}

async function insertGrants(tx: Tx, userId: string, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return;
  const rows = grants.map(({ role, selector = "" }) => ({ user_id: userId, role, selector }));
  await within(tx)
    .insertInto("identity.grant")
    .values(rows)
    .onConflict((clash) => clash.doNothing())
    .execute();
}

/** One at a time makes or unmakes administrators, until its transaction ends. */
export async function lockAdmins(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('identity.admins'))`.execute(tx);
}

/** Administrators of everything, disabled ones not counted, other than this user. */
export async function countAdmins(db: Db | Tx, exceptId = ""): Promise<number> {
  const admins = within(db)
    .selectFrom("identity.user")
    .where("disabled", "=", false)
    .where("kind", "=", "person")
    .where("id", "!=", exceptId)
    .where("id", "in", (from) =>
      from.selectFrom("identity.grant").select("user_id").where("identity.grant.role", "=", "admin").where("selector", "=", ""),
    );
  const row = await admins.select((column) => column.fn.countAll<number>().as("admins")).executeTakeFirstOrThrow();
  return row.admins;
}

export async function insertSetupToken(tx: Tx, token: SetupTokenTable): Promise<void> {
  await within(tx).insertInto("identity.setup_token").values(token).execute();
}

export async function hasSetupToken(db: Db | Tx, hash: Buffer, now: Date): Promise<boolean> {
  const tokens = within(db).selectFrom("identity.setup_token").where("hash", "=", hash).where("expires_at", ">", now);
  return (await tokens.select("hash").executeTakeFirst()) !== undefined;
}

export async function deleteSetupTokens(tx: Tx): Promise<void> {
  await within(tx).deleteFrom("identity.setup_token").execute();
}

export async function insertLink(tx: Tx, link: SignInLinkTable): Promise<void> {
  await within(tx).insertInto("identity.sign_in_link").values(link).execute();
}

/** The user that a link is for; the link is gone with it, so of any number of takers one gets it. */
export async function takeLink(tx: Tx, hash: Buffer, now: Date): Promise<string | undefined> {
  const taken = within(tx).deleteFrom("identity.sign_in_link").where("hash", "=", hash).where("expires_at", ">", now);
  return (await taken.returning("user_id").executeTakeFirst())?.user_id;
}

export async function deleteLinksOf(tx: Tx, userId: string): Promise<void> {
  await within(tx).deleteFrom("identity.sign_in_link").where("user_id", "=", userId).execute();
}

export async function insertSession(tx: Tx, session: Insertable<SessionTable>): Promise<void> {
  await within(tx).insertInto("identity.session").values(session).execute();
}

export async function touchSession(db: Db, id: string, now: Date): Promise<void> {
  await within(db)
    .updateTable("identity.session")
    .set({ last_seen_at: now })
    .where("id", "=", id)
    .where("last_seen_at", "<", now)
    .execute();
}

/** False when it had ended already. */
export async function deleteSession(tx: Tx, id: string): Promise<boolean> {
  const gone = await within(tx).deleteFrom("identity.session").where("id", "=", id).executeTakeFirst();
  return gone.numDeletedRows === 1n;
}

/** How many there were. */
export async function deleteSessionsOf(tx: Tx, userId: string): Promise<number> {
  const gone = await within(tx).deleteFrom("identity.session").where("user_id", "=", userId).executeTakeFirst();
  return Number(gone.numDeletedRows);
}

/** Users with a session that was seen since then. */
export async function countActiveUsers(db: Db, since: Date): Promise<number> {
  const seen = within(db).selectFrom("identity.session").where("last_seen_at", ">", since);
  const row = await seen.select((column) => column.fn.count<number>("user_id").distinct().as("users")).executeTakeFirstOrThrow();
  return row.users;
}

export async function insertKey(tx: Tx, key: ApiKeyRow): Promise<void> {
  await within(tx).insertInto("identity.api_key").values(key).execute();
}

/** Keys that are neither revoked nor out of date, oldest first. */
export async function liveKeysOf(db: Db | Tx, userId: string, now: Date): Promise<ApiKeyRow[]> {
  const keys = within(db).selectFrom("identity.api_key").selectAll().where("user_id", "=", userId);
  return keys.where("revoked_at", "is", null).where("expires_at", ">", now).orderBy("created_at").orderBy("id").execute();
}

export async function findKey(db: Db, id: string): Promise<{ key: ApiKeyRow; user: UserRow } | undefined> {
  const key = await within(db).selectFrom("identity.api_key").selectAll().where("id", "=", id).executeTakeFirst();
  const user = key && (await findUser(db, key.user_id));
  return key && user && { key, user };
}

export async function touchKey(db: Db, id: string, now: Date): Promise<void> {
  await within(db).updateTable("identity.api_key").set({ last_used_at: now }).where("id", "=", id).execute();
}

/** False when it was used on this day already. */
export async function touchKeyOn(tx: Tx, id: string, { now, day }: { now: Date; day: Date }): Promise<boolean> {
  const keys = within(tx).updateTable("identity.api_key").set({ last_used_at: now }).where("id", "=", id);
  const touched = keys.where((is) => is.or([is("last_used_at", "is", null), is("last_used_at", "<", day)]));
  return (await touched.executeTakeFirst()).numUpdatedRows === 1n;
}

/** The key that was live until now; undefined when this user has no such key. */
export async function revokeKey(tx: Tx, key: { id: string; userId: string; now: Date }): Promise<ApiKeyRow | undefined> {
  const keys = within(tx).updateTable("identity.api_key").set({ revoked_at: key.now }).where("id", "=", key.id);
  return keys.where("user_id", "=", key.userId).where("revoked_at", "is", null).returningAll().executeTakeFirst();
}

/** Counts a try in one statement, so that tries at the same moment are counted apart. Returns how many there are, this one too. */
export async function countTry(
  db: Db,
  bucket: string,
  { limit, now }: { limit: Limit; now: Date },
): Promise<{ tries: number; since: Date }> {
  const over = new Date(now.getTime() - limit.windowMs);
  const { rows } = await sql<{ tries: number; since: Date }>`
    insert into identity.attempt as a (bucket, tries, since) values (${bucket}, 1, ${now})
    on conflict (bucket) do update set
      tries = case when a.since <= ${over} then 1 else a.tries + 1 end,
      since = case when a.since <= ${over} then ${now} else a.since end
    returning tries, since`.execute(db);
  return rows[0] ?? { tries: limit.tries + 1, since: now }; // a counter that does not answer lets nobody in
}

export async function giveTryBack(db: Db | Tx, bucket: string): Promise<void> {
  await sql`update identity.attempt set tries = tries - 1 where bucket = ${bucket} and tries > 0`.execute(db);
}

export async function forgetTries(tx: Tx, bucket: string): Promise<void> {
  await within(tx).deleteFrom("identity.attempt").where("bucket", "=", bucket).execute();
}

/** Removes what has ended; how many rows. */
export async function sweepEnded(
  db: Db,
  { now, idleSince, triesSince }: { now: Date; idleSince: Date; triesSince: Date },
): Promise<number> {
  const tables = within(db);
  const sweeps = [
    tables
      .deleteFrom("identity.session")
      .where((is) => is.or([is("expires_at", "<=", now), is.and([is("client", "=", "console"), is("last_seen_at", "<=", idleSince)])])),
    tables.deleteFrom("identity.sign_in_link").where("expires_at", "<=", now),
    tables.deleteFrom("identity.setup_token").where("expires_at", "<=", now),
    tables.deleteFrom("identity.attempt").where("since", "<=", triesSince),
  ];
  let rows = 0;
  for (const sweep of sweeps) rows += Number((await sweep.executeTakeFirst()).numDeletedRows);
  return rows;
}
