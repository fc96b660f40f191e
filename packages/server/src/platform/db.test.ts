import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/database.ts";
import { inTransaction, isUniqueViolation } from "./db.ts";

describe("the database", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
    await database.owner.query(
      "create table thing (id int primary key, at timestamptz, day date, big bigint); grant all on thing to public",
    );
  });
  afterAll(() => database.drop());

  test("bigint comes as a number, timestamptz as a Date, date as its text", async () => {
    const { rows } =
      await sql`select 9007199254740991::bigint as big, timestamptz '2026-11-21T10:00:00Z' as at, date '2026-11-21' as day`.execute(
        database.db,
      );
    expect(rows).toEqual([{ big: 9007199254740991, at: new Date("2026-11-21T10:00:00Z"), day: "2026-11-21" }]);
  });

  test("a transaction that throws leaves nothing behind", async () => {
    const work = inTransaction(database.db, async (tx) => {
      await sql`insert into thing (id) values (1)`.execute(tx);
      throw new Error("stop");
    });
    await expect(work).rejects.toThrow("stop");
    expect((await sql`select from thing where id = 1`.execute(database.db)).rows).toHaveLength(0);
  });

  test("a transaction within a transaction is the same one", async () => {
    await inTransaction(database.db, (outer) => inTransaction(outer, async (inner) => expect(inner).toBe(outer)));
  });

  test("a breach of a unique constraint is told apart from other errors", async () => {
    await sql`insert into thing (id) values (2)`.execute(database.db);
    const thrown: unknown = await sql`insert into thing (id) values (2)`.execute(database.db).catch((error: unknown) => error);
    expect(isUniqueViolation(thrown)).toBe(true);
    expect(isUniqueViolation(thrown, "thing_pkey")).toBe(true);
    expect(isUniqueViolation(thrown, "other")).toBe(false);
    expect(isUniqueViolation(new Error("no"))).toBe(false);
  });

  test("a statement that takes too long ends with a sentence that says so", async () => {
    const work = inTransaction(database.db, async (tx) => {
      await sql`set local statement_timeout = 20`.execute(tx);
      await sql`select pg_sleep(5)`.execute(tx);
    });
    await expect(work).rejects.toMatchObject({ code: "database_timeout", kind: "unavailable" });
  });

  test("a connection that is cut in a transaction says the database is unavailable, and the next transaction works", async () => {
    const work = inTransaction(database.db, async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await database.owner.query("select pg_terminate_backend($1)", [rows[0]!.pid]);
      await sql`select 1`.execute(tx);
    });
    await expect(work).rejects.toMatchObject({ code: "database_unavailable", kind: "unavailable" });
    await inTransaction(database.db, (tx) => sql`select 1`.execute(tx));
  });
});
