/** SQL of sessions as their users see them, and of tokens. Time is an argument. */
import type { Updateable } from "kysely";
import type { Db, Tx } from "#platform/db";
import { findUser, type SessionRow, type UserRow } from "./store.ts";
import type { IdentityTables, RefreshTokenTable, SessionTable } from "./tables.ts";

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

export type { SessionRow } from "./store.ts";

/** A session with its user, whether or not its time is over. */
export async function findSession(
  db: Db | Tx,
  by: { hash: Buffer } | { id: string },
): Promise<{ session: SessionRow; user: UserRow } | undefined> {
  const sessions = within(db).selectFrom("identity.session").selectAll();
  const session = await ("id" in by ? sessions.where("id", "=", by.id) : sessions.where("hash", "=", by.hash)).executeTakeFirst();
  if (!session) return undefined;
  const user = await findUser(db, session.user_id);
  return user && { session, user };
}

/** Sessions of a user, newest first. */
export async function sessionsOf(db: Db | Tx, userId: string): Promise<SessionRow[]> {
  const sessions = within(db).selectFrom("identity.session").selectAll().where("user_id", "=", userId);
  return sessions.orderBy("created_at", "desc").orderBy("id", "desc").execute();
}

export async function updateSession(tx: Tx, id: string, change: Updateable<SessionTable>): Promise<void> {
  await within(tx).updateTable("identity.session").set(change).where("id", "=", id).execute();
}

/** Ends this session of this user; what it was, or undefined. */
export async function takeSession(tx: Tx, { id, userId }: { id: string; userId: string }): Promise<SessionRow | undefined> {
  return within(tx).deleteFrom("identity.session").where("id", "=", id).where("user_id", "=", userId).returningAll().executeTakeFirst();
}

/** Ends the user's sessions but this one; how many. */
export async function deleteOtherSessions(tx: Tx, userId: string, exceptId: string): Promise<number> {
  const gone = within(tx).deleteFrom("identity.session").where("user_id", "=", userId).where("id", "!=", exceptId);
  return Number((await gone.executeTakeFirst()).numDeletedRows);
}

/** Ends all that anybody has in hand; how many of each. API keys only when told. */
export async function deleteAllTokens(
  tx: Tx,
  { now, apiKeys }: { now: Date; apiKeys: boolean },
): Promise<{ sessions: number; apiKeys: number; links: number }> {
  const tables = within(tx);
  const sessions = await tables.deleteFrom("identity.session").executeTakeFirst();
  const links = await tables.deleteFrom("identity.sign_in_link").executeTakeFirst();
  await tables.deleteFrom("identity.device_code").execute();
  const keys = apiKeys
    ? await tables.updateTable("identity.api_key").set({ revoked_at: now }).where("revoked_at", "is", null).executeTakeFirst()
    : undefined;
  return { sessions: Number(sessions.numDeletedRows), apiKeys: Number(keys?.numUpdatedRows ?? 0n), links: Number(links.numDeletedRows) };
}

/** How many there are of what `deleteAllTokens` would end. */
export async function countTokens(db: Db | Tx, now: Date): Promise<{ sessions: number; apiKeys: number; links: number }> {
  const sessions = await within(db)
    .selectFrom("identity.session")
    .select((is) => is.fn.countAll<number>().as("n"))
    .where("expires_at", ">", now)
    .executeTakeFirstOrThrow();
  const keys = await within(db)
    .selectFrom("identity.api_key")
    .select((is) => is.fn.countAll<number>().as("n"))
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirstOrThrow();
  const links = await within(db)
    .selectFrom("identity.sign_in_link")
    .select((is) => is.fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return { sessions: sessions.n, apiKeys: keys.n, links: links.n };
}

/** The session and its user, held for a change until the transaction ends. */
export async function lockSession(tx: Tx, id: string): Promise<{ session: SessionRow; user: UserRow } | undefined> {
  const session = await within(tx).selectFrom("identity.session").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
  const user = session && (await findUser(tx, session.user_id));
  return user && { session, user };
}

export async function insertRefreshToken(tx: Tx, token: RefreshTokenTable): Promise<void> {
  await within(tx).insertInto("identity.refresh_token").values(token).execute();
}

export async function findRefreshToken(db: Db | Tx, hash: Buffer): Promise<RefreshTokenTable | undefined> {
  return within(db).selectFrom("identity.refresh_token").selectAll().where("hash", "=", hash).executeTakeFirst();
}

/** True for the one who uses it first. */
export async function useRefreshToken(tx: Tx, hash: Buffer, now: Date): Promise<boolean> {
  const used = within(tx).updateTable("identity.refresh_token").set({ used_at: now }).where("hash", "=", hash).where("used_at", "is", null);
  return (await used.executeTakeFirst()).numUpdatedRows === 1n;
}

/** Removes tokens that ended before then: one that is used again after its end is refused all the same. */
export async function sweepRefreshTokens(db: Db, now: Date): Promise<number> {
  const gone = within(db).deleteFrom("identity.refresh_token").where("expires_at", "<=", now);
  return Number((await gone.executeTakeFirst()).numDeletedRows);
}
