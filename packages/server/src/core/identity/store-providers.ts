/** SQL of identity providers, of who people are there, and of what counts once. Time is an argument. */
import type { GroupGrant, ProviderSettings } from "@holdfast/contract";
import { sql, type Insertable, type Selectable } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { ExternalIdentityTable, IdentityTables, ProviderArrivalTable, ProviderTable } from "./tables.ts";

export type ProviderRow = Selectable<ProviderTable>;
export type IdentityRow = ExternalIdentityTable;

/** A provider with its documents as values. */
export interface NewProvider extends Omit<Insertable<ProviderTable>, "settings" | "group_grants" | "trusted_contexts"> {
  settings: ProviderSettings;
  group_grants: readonly GroupGrant[];
  trusted_contexts: readonly string[];
}

const within = (db: Db | Tx) => db.withTables<IdentityTables>();
const asJson = ({ settings, group_grants, trusted_contexts, ...rest }: NewProvider) => ({
  ...rest,
  trusted_contexts: JSON.stringify(trusted_contexts),
  settings: JSON.stringify(settings),
  group_grants: JSON.stringify(group_grants),
});

export async function listProviders(db: Db | Tx): Promise<ProviderRow[]> {
  return within(db).selectFrom("identity.provider").selectAll().orderBy("name").orderBy("id").execute();
}

export async function findProvider(db: Db | Tx, id: string): Promise<ProviderRow | undefined> {
  return within(db).selectFrom("identity.provider").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function lockProvider(tx: Tx, id: string): Promise<ProviderRow | undefined> {
  return within(tx).selectFrom("identity.provider").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

/** False when there is one with this id. */
export async function insertProvider(tx: Tx, row: NewProvider): Promise<boolean> {
  const added = within(tx)
    .insertInto("identity.provider")
    .values(asJson(row))
    .onConflict((clash) => clash.column("id").doNothing());
  return (await added.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
}

export async function updateProvider(tx: Tx, row: NewProvider): Promise<void> {
  const { id, ...rest } = asJson(row);
  await within(tx).updateTable("identity.provider").set(rest).where("id", "=", id).execute();
}

export async function deleteProvider(tx: Tx, id: string): Promise<void> {
  await within(tx).deleteFrom("identity.provider").where("id", "=", id).execute();
}

const secretsNotUnder = (db: Db | Tx, activePrefix: Buffer) =>
  within(db)
    .selectFrom("identity.provider")
    .where("sealed_secret", "is not", null)
    .where(sql<boolean>`substring(sealed_secret from 1 for ${activePrefix.length}) <> ${activePrefix}`);

export async function countStaleSecrets(db: Db, activePrefix: Buffer): Promise<number> {
  const counted = secretsNotUnder(db, activePrefix).select((column) => column.fn.countAll<number>().as("rows"));
  return (await counted.executeTakeFirstOrThrow()).rows;
}

export async function lockStaleSecrets(tx: Tx, activePrefix: Buffer, limit: number): Promise<ProviderRow[]> {
  return secretsNotUnder(tx, activePrefix).selectAll().limit(limit).forUpdate().execute();
}

export async function resealSecret(tx: Tx, id: string, sealed: Buffer): Promise<void> {
  await within(tx).updateTable("identity.provider").set({ sealed_secret: sealed }).where("id", "=", id).execute();
}

export async function findIdentity(tx: Tx, providerId: string, subject: string): Promise<IdentityRow | undefined> {
  const rows = within(tx).selectFrom("identity.external_identity").selectAll();
  return rows.where("provider_id", "=", providerId).where("subject", "=", subject).executeTakeFirst();
}

export async function identitiesOf(db: Db | Tx, userId: string): Promise<IdentityRow[]> {
  return within(db).selectFrom("identity.external_identity").selectAll().where("user_id", "=", userId).orderBy("created_at").execute();
}

/** False when the identity belongs to somebody already. */
export async function insertIdentity(tx: Tx, row: IdentityRow): Promise<boolean> {
  const added = within(tx)
    .insertInto("identity.external_identity")
    .values(row)
    .onConflict((clash) => clash.columns(["provider_id", "subject"]).doNothing());
  return (await added.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
}

export async function touchIdentity(tx: Tx, { provider_id, subject, name }: IdentityRow, now: Date): Promise<void> {
  const rows = within(tx).updateTable("identity.external_identity").set({ name, last_seen_at: now });
  await rows.where("provider_id", "=", provider_id).where("subject", "=", subject).execute();
}

/** How many links there were. */
export async function deleteIdentities(tx: Tx, { providerId, userId }: { providerId: string; userId: string }): Promise<number> {
  const gone = within(tx).deleteFrom("identity.external_identity").where("provider_id", "=", providerId).where("user_id", "=", userId);
  return Number((await gone.executeTakeFirst()).numDeletedRows);
}

/** Ends sessions that began at a provider: all, those of a user, or the one that the provider names. Their ids. */
export async function deleteSessionsFrom(
  tx: Tx,
  { providerId, userId, session }: { providerId: string; userId?: string | undefined; session?: string | undefined },
): Promise<string[]> {
  let gone = within(tx).deleteFrom("identity.session").where("provider_id", "=", providerId);
  if (userId !== undefined) gone = gone.where("user_id", "=", userId);
  if (session !== undefined) gone = gone.where("provider_session", "=", session);
  return (await gone.returning("id").execute()).map(({ id }) => id);
}

/** True for one caller only, of any number. */
export async function spendOnce(
  db: Db | Tx,
  { providerId, hash, until }: { providerId: string; hash: Buffer; until: Date },
): Promise<boolean> {
  const spent = within(db)
    .insertInto("identity.provider_once")
    .values({ provider_id: providerId, hash, expires_at: until })
    .onConflict((clash) => clash.columns(["provider_id", "hash"]).doNothing());
  return (await spent.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
}

export async function insertArrival(tx: Tx, row: Insertable<ProviderArrivalTable>): Promise<void> {
  await within(tx).insertInto("identity.provider_arrival").values(row).execute();
}

/** For one caller only, of any number. */
export async function takeArrival(
  db: Db,
  { hash, providerId, now }: { hash: Buffer; providerId: string; now: Date },
): Promise<Selectable<ProviderArrivalTable> | undefined> {
  const taken = within(db).deleteFrom("identity.provider_arrival").where("hash", "=", hash).where("provider_id", "=", providerId);
  return taken.where("expires_at", ">", now).returningAll().executeTakeFirst();
}

/** What nobody takes up any more, and what cannot come again. */
export async function sweepOnce(db: Db, now: Date): Promise<number> {
  const once = await within(db).deleteFrom("identity.provider_once").where("expires_at", "<=", now).executeTakeFirst();
  const arrivals = await within(db).deleteFrom("identity.provider_arrival").where("expires_at", "<=", now).executeTakeFirst();
  return Number(once.numDeletedRows) + Number(arrivals.numDeletedRows);
}
