import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyDatabase, type TestDatabase } from "../../test/database.ts";
import { silentLog } from "./log.ts";
import { migrate } from "./migrate.ts";

describe("migrations", () => {
  let from: string;
  let database: TestDatabase;
  beforeEach(async () => {
    from = await mkdtemp(join(tmpdir(), "holdfast-migrations-"));
    database = await emptyDatabase();
  });
  afterEach(async () => {
    await database.drop();
    await rm(from, { recursive: true, force: true });
  });

  const write = (name: string, text: string): Promise<void> => writeFile(join(from, name), text);
  const run = (): Promise<string[]> => migrate({ url: database.ownerUrl, log: silentLog, from });

  test("each file is applied once, in the order of the names", async () => {
    await write("0002_more.sql", "-- expand\nalter table t add column b int;");
    await write("0001_first.sql", "-- expand\ncreate table t (a int);");
    expect(await run()).toEqual(["0001_first", "0002_more"]);
    expect(await run()).toEqual([]);
  });

  test("two processes that start at one time apply each file once between them", async () => {
    await write("0001_first.sql", "-- expand\ncreate table t (a int);\nselect pg_sleep(0.2);");
    const applied = await Promise.all([run(), run(), run()]);
    expect(applied.flat()).toEqual(["0001_first"]);
  });

  test("a file that fails leaves nothing behind and says where; those before it stay", async () => {
    await write("0001_first.sql", "-- expand\ncreate table t (a int);");
    await write("0002_wrong.sql", "-- expand\ncreate table u (a int);\ninsert into nowhere values (1);");
    await expect(run()).rejects.toMatchObject({ code: "migration_failed", message: expect.stringMatching(/0002_wrong:3 .*nowhere/) });
    expect((await sql`select to_regclass('t') is not null as t, to_regclass('u') is not null as u`.execute(database.db)).rows).toEqual([
      { t: true, u: false },
    ]);
  });

  test("an applied file that was changed is an error that says what to do", async () => {
    await write("0001_first.sql", "-- expand\ncreate table t (a int);");
    await run();
    await write("0001_first.sql", "-- expand\ncreate table t (a bigint);");
    await expect(run()).rejects.toMatchObject({ code: "migration_changed", message: expect.stringContaining("new migration") });
  });

  test("a database taken further by expanding still serves the release before; after a contract it refuses it", async () => {
    await write("0001_first.sql", "-- expand\ncreate table t (a int);");
    await write("0002_more.sql", "-- expand\nalter table t add column b int;");
    await run();
    await rm(join(from, "0002_more.sql"));
    expect(await run()).toEqual([]);
    await write("0003_less.sql", "-- contract\nalter table t drop column a;");
    await run();
    await rm(join(from, "0003_less.sql"));
    await expect(run()).rejects.toMatchObject({ code: "migration_unknown" });
  });

  test("a file without its kind, with a strange name or a number used twice is refused before anything is applied", async () => {
    await write("0001_first.sql", "create table t (a int);");
    await expect(run()).rejects.toMatchObject({ code: "migration_malformed", message: expect.stringContaining("-- expand") });
    await write("0001_first.sql", "-- expand\ncreate table t (a int);");
    await write("0001_second.sql", "-- expand\nselect 1;");
    await expect(run()).rejects.toMatchObject({ code: "migration_malformed", message: expect.stringContaining("number") });
    await rm(join(from, "0001_second.sql"));
    await write("2_second.sql", "-- expand\nselect 1;");
    await expect(run()).rejects.toMatchObject({ code: "migration_malformed", message: expect.stringContaining("NNNN_name.sql") });
    expect((await sql`select to_regclass('t') as t`.execute(database.db)).rows).toEqual([{ t: null }]);
  });
});
