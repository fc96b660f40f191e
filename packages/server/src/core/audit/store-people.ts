/** SQL of the people behind pseudonyms. */
import { sql } from "kysely";
import type { Db, Tx } from "#platform/db";
import type { Person } from "./pseudonyms.ts";
import type { AuditTables } from "./tables.ts";

const columns = ["pseudonym", "name", "key"] as const;

export async function insertPerson(tx: Tx, { pseudonym, name, key }: Person): Promise<void> {
  await tx.withTables<AuditTables>().insertInto("audit.person").values({ pseudonym, name, key }).execute();
}

/** The oldest first. */
export async function personsByName(db: Db, names: readonly string[]): Promise<Person[]> {
  const found = db.withTables<AuditTables>().selectFrom("audit.person").select(columns);
  return found
    .where(sql<boolean>`name = any(${names})`)
    .orderBy("created_at")
    .orderBy("pseudonym")
    .execute();
}

export async function personsByPseudonym(db: Db, pseudonyms: readonly string[]): Promise<Person[]> {
  return db.withTables<AuditTables>().selectFrom("audit.person").select(columns).where("pseudonym", "in", pseudonyms).execute();
}

/** A page of everybody, by pseudonym. */
export async function personsAfter(db: Db, pseudonym: string, limit: number): Promise<Person[]> {
  const found = db.withTables<AuditTables>().selectFrom("audit.person").select(columns);
  return found.where("pseudonym", ">", pseudonym).orderBy("pseudonym").limit(limit).execute();
}

export async function forgetPerson(tx: Tx, name: string): Promise<string[]> {
  const { rows } = await sql<{ pseudonym: string }>`select audit.forget_person(${name}) as pseudonym`.execute(tx);
  return rows.map(({ pseudonym }) => pseudonym);
}

/** Whether an entry says that whoever was behind this pseudonym was erased. */
export async function erasureIsRecorded(db: Db, pseudonym: string): Promise<boolean> {
  const found = db.withTables<AuditTables>().selectFrom("audit.entry").select("seq").where("action", "=", "privacy.person.erase");
  return (await found.where("canonical", "like", `%~${pseudonym}%`).limit(1).executeTakeFirst()) !== undefined;
}
