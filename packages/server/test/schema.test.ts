import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "./database.ts";
import { dumpSchema } from "./schema-dump.ts";

const file = new URL("../schema.sql", import.meta.url);
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test("schema.sql is the database as the migrations make it (UPDATE=1 writes it anew)", async () => {
  const now = await dumpSchema(database.pool);
  if (process.env["UPDATE"] === "1") await writeFile(file, now);
  expect(await readFile(file, "utf8").catch(() => "")).toBe(now);
});
