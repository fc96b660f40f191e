import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "./database.ts";
import { tableDifferences } from "./tables.ts";

const src = fileURLToPath(new URL("../src/", import.meta.url));
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

describe("what the code thinks the tables are is what they are:", () => {
  test.each(globSync("{core,domains}/*/tables.ts", { cwd: src }).sort())("%s", async (file) => {
    expect(await tableDifferences(database.db, readFileSync(`${src}${file}`, "utf8"))).toEqual([]);
  });
});

test("every difference is found and said", async () => {
  await database.owner
    .query(`create schema planted; create table planted.right_one (id text primary key, n integer not null default 0, at timestamptz, doc jsonb);
    create table planted.wrong_one (id text primary key, missing_in_file text, kind integer not null, may_be_null text, never_null text not null, defaulted text not null, odd point);
    create table planted.unknown (id text);
    grant usage on schema planted to public; grant all on all tables in schema planted to public`);
  const source = `
    type Json<T> = ColumnType<T, string, string>;
    interface Base { id: string }
    export interface RightTable extends Base { n: Generated<number>; at: Date | null; doc: Json<{ a: 1 } | null> }
    interface WrongTable { id: string; missing_in_database: string; kind: string; may_be_null: "a" | "b"; never_null: Role | null; defaulted: Generated<string>; odd: string | null }
    export type PlantedTables = { "planted.right_one": RightTable; "planted.wrong_one": WrongTable; "planted.gone": RightTable };`;
  expect(await tableDifferences(database.db, source)).toEqual([
    "The table planted.gone is in the file and not in the database.",
    "The table planted.unknown is in the database and not in the file.",
    "The column planted.wrong_one.defaulted is Generated in the file and has no default in the database.",
    "The column planted.wrong_one.kind is integer in the database and string in the file.",
    "The column planted.wrong_one.may_be_null may be null in the database, unlike in the file.",
    "The column planted.wrong_one.missing_in_database is in the file and not in the database.",
    "The column planted.wrong_one.missing_in_file is in the database and not in the file.",
    "The column planted.wrong_one.never_null may not be null in the database, unlike in the file.",
    "The column planted.wrong_one.odd has the type point, which test/tables.ts does not know.",
  ]);
  expect(await tableDifferences(database.db, "export const x = 1")).toEqual([expect.stringContaining("names no tables")]);
});
