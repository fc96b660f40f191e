/** SQL of second factors and of the steps between a password and a session. Time is an argument. */
import type { Insertable, Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { BackupCodeTable, ChallengeTable, IdentityTables, PasskeyTable, TotpTable } from "./tables.ts";

export type TotpRow = Selectable<TotpTable>;
export type PasskeyRow = Selectable<PasskeyTable>;
export type BackupCodeRow = Selectable<BackupCodeTable>;
export type ChallengeRow = Selectable<ChallengeTable>;

const within = (db: Db | Tx) => db.withTables<IdentityTables>();

/** The confirmed one. */
export async function findTotp(db: Db | Tx, userId: string): Promise<TotpRow | undefined> {
  const rows = within(db).selectFrom("identity.totp").selectAll().where("user_id", "=", userId);
  return rows.where("confirmed_at", "is not", null).executeTakeFirst();
}

/** The one that waits for its first code. */
export async function findBegunTotp(db: Db | Tx, userId: string): Promise<TotpRow | undefined> {
  const rows = within(db).selectFrom("identity.totp").selectAll().where("user_id", "=", userId);
  return rows.where("confirmed_at", "is", null).executeTakeFirst();
}

/** Begins anew; what was begun before is forgotten. */
export async function beginTotp(tx: Tx, row: Insertable<TotpTable>): Promise<void> {
  await within(tx).deleteFrom("identity.totp").where("user_id", "=", row.user_id).where("confirmed_at", "is", null).execute();
  await within(tx).insertInto("identity.totp").values(row).execute();
}

/** Takes the place of the confirmed one; false when somebody else was first. */
export async function confirmTotp(tx: Tx, { id, user_id: userId }: TotpRow, { step, now }: { step: number; now: Date }): Promise<boolean> {
  await within(tx).deleteFrom("identity.totp").where("user_id", "=", userId).where("id", "!=", id).execute();
  const mine = within(tx).updateTable("identity.totp").set({ confirmed_at: now, last_step: step }).where("id", "=", id);
  return (await mine.where("confirmed_at", "is", null).executeTakeFirst()).numUpdatedRows === 1n;
}

/** Spends a time step: of any number of takers of one code, one gets true. */
export async function spendStep(db: Db | Tx, id: string, step: number): Promise<boolean> {
  const spent = within(db).updateTable("identity.totp").set({ last_step: step }).where("id", "=", id).where("last_step", "<", step);
  return (await spent.executeTakeFirst()).numUpdatedRows === 1n;
}

export async function passkeysOf(db: Db | Tx, userId: string): Promise<PasskeyRow[]> {
  return within(db).selectFrom("identity.passkey").selectAll().where("user_id", "=", userId).orderBy("created_at").orderBy("id").execute();
}

export async function findPasskey(db: Db | Tx, id: string): Promise<PasskeyRow | undefined> {
  return within(db).selectFrom("identity.passkey").selectAll().where("id", "=", id).executeTakeFirst();
}

/** False when this authenticator is enrolled already. */
export async function insertPasskey(tx: Tx, row: Insertable<PasskeyTable>): Promise<boolean> {
  const made = within(tx)
    .insertInto("identity.passkey")
    .values(row)
    .onConflict((clash) => clash.column("id").doNothing());
  return (await made.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
}

interface PasskeyUse {
  id: string;
  /** As it was read. */
  before: number;
  counter: number;
  backedUp: boolean;
  now: Date;
}

/** Moves the counter on; false when another use was first. */
export async function usePasskey(db: Db | Tx, { id, before, counter, backedUp, now }: PasskeyUse): Promise<boolean> {
  const used = within(db).updateTable("identity.passkey").set({ counter, backed_up: backedUp, last_used_at: now });
  return (await used.where("id", "=", id).where("counter", "=", before).executeTakeFirst()).numUpdatedRows === 1n;
}

export async function deletePasskey(tx: Tx, userId: string, id: string): Promise<PasskeyRow | undefined> {
  return within(tx).deleteFrom("identity.passkey").where("id", "=", id).where("user_id", "=", userId).returningAll().executeTakeFirst();
}

export async function deleteTotp(tx: Tx, userId: string): Promise<boolean> {
  return (await within(tx).deleteFrom("identity.totp").where("user_id", "=", userId).executeTakeFirst()).numDeletedRows > 0n;
}

/** The whole set, used ones too. */
export async function backupCodesOf(db: Db | Tx, userId: string): Promise<BackupCodeRow[]> {
  return within(db).selectFrom("identity.backup_code").selectAll().where("user_id", "=", userId).execute();
}

/** This set and no other. */
export async function replaceBackupCodes(tx: Tx, userId: string, rows: Insertable<BackupCodeTable>[]): Promise<void> {
  await within(tx).deleteFrom("identity.backup_code").where("user_id", "=", userId).execute();
  if (rows.length > 0) await within(tx).insertInto("identity.backup_code").values(rows).execute();
}

/** Spends a code: of any number of takers, one gets true. */
export async function spendBackupCode(db: Db | Tx, code: { userId: string; hash: Buffer; now: Date }): Promise<boolean> {
  const spent = within(db).updateTable("identity.backup_code").set({ used_at: code.now }).where("user_id", "=", code.userId);
  return (await spent.where("hash", "=", code.hash).where("used_at", "is", null).executeTakeFirst()).numUpdatedRows === 1n;
}

/** A role of this user asks for a second factor, or an administrator asked for new ones. */
export async function needsFactor(db: Db | Tx, userId: string): Promise<boolean> {
  const asking = within(db)
    .selectFrom("identity.user as u")
    .select("u.id")
    .where("u.id", "=", userId)
    .where("u.kind", "=", "person")
    .where((is) =>
      is.or([
        is("u.must_enrol", "=", true),
        is.exists(
          is
            .selectFrom("identity.grant as g")
            .innerJoin("identity.role as r", "r.name", "g.role")
            .select("g.role")
            .whereRef("g.user_id", "=", "u.id")
            .where("r.second_factor", "=", true),
        ),
      ]),
    );
  return (await asking.executeTakeFirst()) !== undefined;
}

/** A confirmed code generator or a passkey. */
export async function hasFactor(db: Db | Tx, userId: string): Promise<boolean> {
  return (await findTotp(db, userId)) !== undefined || (await passkeysOf(db, userId)).length > 0;
}

export async function setMustEnrol(tx: Tx, userId: string, mustEnrol: boolean): Promise<void> {
  await within(tx).updateTable("identity.user").set({ must_enrol: mustEnrol }).where("id", "=", userId).execute();
}

/** This session may do everything again: its user has enrolled, and with that shown a second factor. */
export async function liftMust(tx: Tx, sessionId: string, now: Date): Promise<void> {
  await within(tx).updateTable("identity.session").set({ must: [], second_factor_at: now }).where("id", "=", sessionId).execute();
}

/** The user of a session proved it again; with a second factor or not. */
export async function stepUpSession(tx: Tx, id: string, { now, secondFactor }: { now: Date; secondFactor: boolean }): Promise<boolean> {
  const proved = { stepped_up_at: now, ...(secondFactor ? { second_factor_at: now } : {}) };
  return (await within(tx).updateTable("identity.session").set(proved).where("id", "=", id).executeTakeFirst()).numUpdatedRows === 1n;
}

export async function insertChallenge(db: Db | Tx, row: Insertable<ChallengeTable>): Promise<void> {
  await within(db).insertInto("identity.challenge").values(row).execute();
}

/** Counts a try before it is made, in one statement; undefined when there is no such challenge, or no try is left. */
export async function tryChallenge(db: Db, hash: Buffer, { now, tries }: { now: Date; tries: number }): Promise<ChallengeRow | undefined> {
  return within(db)
    .updateTable("identity.challenge")
    .set((is) => ({ tries: is("tries", "+", 1) }))
    .where("hash", "=", hash)
    .where("expires_at", ">", now)
    .where("tries", "<", tries)
    .returningAll()
    .executeTakeFirst();
}

export async function findChallenge(db: Db, hash: Buffer, now: Date): Promise<ChallengeRow | undefined> {
  return within(db).selectFrom("identity.challenge").selectAll().where("hash", "=", hash).where("expires_at", ">", now).executeTakeFirst();
}

/** What an authenticator has to sign for this challenge. */
export async function setNonce(db: Db, hash: Buffer, nonce: string): Promise<void> {
  await within(db).updateTable("identity.challenge").set({ nonce }).where("hash", "=", hash).execute();
}

/** The challenge is over; of any number of takers one gets true. */
export async function takeChallenge(db: Db | Tx, hash: Buffer): Promise<boolean> {
  return (await within(db).deleteFrom("identity.challenge").where("hash", "=", hash).executeTakeFirst()).numDeletedRows === 1n;
}

export async function deleteChallengesOf(tx: Tx, userId: string): Promise<void> {
  await within(tx).deleteFrom("identity.challenge").where("user_id", "=", userId).execute();
}

export async function sweepChallenges(db: Db, now: Date): Promise<number> {
  return Number((await within(db).deleteFrom("identity.challenge").where("expires_at", "<=", now).executeTakeFirst()).numDeletedRows);
}

const seedsNotUnder = (db: Db | Tx, activePrefix: Buffer) =>
  within(db)
    .selectFrom("identity.totp")
    .where((is) => is(is.fn<Buffer>("substring", ["sealed", is.lit(1), is.lit(activePrefix.length)]), "!=", activePrefix));

/** Rows whose seed is not sealed under the active key. */
export async function countStaleSeeds(db: Db, activePrefix: Buffer): Promise<number> {
  const counted = seedsNotUnder(db, activePrefix).select((column) => column.fn.countAll<number>().as("rows"));
  return (await counted.executeTakeFirstOrThrow()).rows;
}

export async function lockStaleSeeds(tx: Tx, activePrefix: Buffer, limit: number): Promise<TotpRow[]> {
  return seedsNotUnder(tx, activePrefix).selectAll().limit(limit).forUpdate().execute();
}

export async function resealSeed(tx: Tx, id: string, sealed: Buffer): Promise<void> {
  await within(tx).updateTable("identity.totp").set({ sealed }).where("id", "=", id).execute();
}

/** Ends the user's sessions but this one; how many. */
export async function endOtherSessions(tx: Tx, userId: string, exceptId: string): Promise<number> {
  const others = within(tx).deleteFrom("identity.session").where("user_id", "=", userId).where("id", "!=", exceptId);
  return Number((await others.executeTakeFirst()).numDeletedRows);
}
