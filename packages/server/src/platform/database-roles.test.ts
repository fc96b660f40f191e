import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { databaseUrl, onServer } from "../../test/database-server.ts";
import { testDatabase } from "../../test/database.ts";
import { openDatabase, type Database } from "./db.ts";
import { grantRights } from "./database-roles.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { createLog, silentLog } from "./log.ts";
import { prepareSchema } from "./schema.ts";

/** A cluster of its own: roles belong to a whole cluster. It stands for a server that somebody else runs. */
let home: string;
let server: EmbeddedPostgres;
const opened: Database[] = [];

function asUser(user: string, database: string): string {
  const url = new URL(databaseUrl(server.ownerUrl, database));
  url.username = user;
  return url.toString();
}

const asRoot = (statement: string): Promise<void> => onServer(asUser("postgres", "postgres"), statement);
const who = "select current_user::text as now, session_user::text as login, (select count(*)::int from audit.entry) as entries";

/** What the start of a server does, and what it warned of. */
async function open(urls: { url: string; ownerUrl?: string }): Promise<{ database: Database; warnings: string[] }> {
  const warnings: string[] = [];
  const log = createLog({ level: "warn", to: { write: (line: string) => void warnings.push((JSON.parse(line) as { msg: string }).msg) } });
  const database = await openDatabase({ ...urls, home: "", log, connections: 2 });
  opened.push(database);
  await prepareSchema({ database, log: silentLog });
  return { database, warnings };
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-roles-"));
  server = await startEmbeddedPostgres({ home, log: silentLog, durable: false });
  // The user who runs the tests may connect as any role.
  const ident = join(home, "postgres/pg_ident.conf");
  await writeFile(ident, (await readFile(ident, "utf8")).replace(/^(holdfast ".+") holdfast$/m, "$1 all"));
  await asRoot("select pg_reload_conf()");
  await asRoot("drop role holdfast_app");
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.stop()));
});
afterAll(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

const madeFor = async (user: string, rights = ""): Promise<string> => {
  await asRoot(`create role ${user} login ${rights}`);
  await asRoot(`create database ${user} owner ${user}`);
  return asUser(user, user);
};

test("a user who may not make roles works as the owner, and is told so and how to mend it", async () => {
  const url = await madeFor("plain");
  const { database, warnings } = await open({ url });
  expect((await sql.raw(who).execute(database.db)).rows).toEqual([{ now: "plain", login: "plain", entries: 0 }]);
  expect(warnings).toEqual([expect.stringMatching(/holdfast_app.*works as the owner.*install\.md/)]);

  await asRoot("create role holdfast_app; grant holdfast_app to plain");
  const next = await open({ url });
  expect((await sql.raw(who).execute(next.database.db)).rows).toEqual([{ now: "holdfast_app", login: "plain", entries: 0 }]);
  expect(next.warnings).toEqual([]);
  await database.stop();
  opened.splice(opened.indexOf(database), 1);
  await next.database.stop();
  await asRoot("drop database plain");
  await asRoot("drop role holdfast_app");
});

test("a user who may make roles gives the owner's rights up at every connection, also of several processes at once", async () => {
  const url = await madeFor("maker", "createrole");
  const both = await Promise.all([open({ url }), open({ url })]);
  for (const { database, warnings } of both) {
    expect(warnings).toEqual([]);
    expect((await sql.raw(who).execute(database.db)).rows).toEqual([{ now: "holdfast_app", login: "maker", entries: 0 }]);
    await expect(sql`delete from audit.entry`.execute(database.db)).rejects.toThrow("permission denied");
  }
});

test("with DATABASE_OWNER_URL the server logs in as a user who owns nothing and cannot become the owner", async () => {
  const ownerUrl = await madeFor("keeper");
  await asRoot("create role worker login");
  const { database, warnings } = await open({ url: asUser("worker", "keeper"), ownerUrl });
  expect(warnings).toEqual([]);
  expect((await sql.raw(who).execute(database.db)).rows).toEqual([{ now: "worker", login: "worker", entries: 0 }]);
  await expect(sql`set role keeper`.execute(database.db)).rejects.toThrow("permission denied");
  await expect(sql`alter table audit.entry disable trigger all`.execute(database.db)).rejects.toThrow("must be owner");
});

test("a process that knows only that user starts on a database that lacks nothing, and says what it needs on one that does", async () => {
  const url = asUser("worker", "keeper");
  expect((await open({ url: asUser("keeper", "keeper") })).warnings).toHaveLength(1);
  await asRoot("grant holdfast_app to worker");
  const { database } = await open({ url });
  expect(database.role).toBe("holdfast_app");
  await onServer(asUser("keeper", "keeper"), "delete from platform.migration where name = (select max(name) from platform.migration)");
  await expect(open({ url })).rejects.toMatchObject({
    code: "migration_denied",
    message: expect.stringMatching(/lacks \d{4}_.*DATABASE_OWNER_URL/),
  });
});

test("a table made later is the server's to work with, and rights that it should not have are taken back", async () => {
  const database = await testDatabase();
  try {
    const { ownerUrl, role } = database;
    await database.owner.query(
      "create schema later; create table later.thing (id serial primary key); grant all on audit.entry, platform.migration to holdfast_app",
    );
    await grantRights({ ownerUrl, role: role ?? "" });
    await sql`insert into later.thing default values`.execute(database.db);
    await expect(sql`truncate later.thing`.execute(database.db)).rejects.toThrow("permission denied");
    for (const table of ["audit.entry", "platform.migration"])
      await expect(sql.raw(`delete from ${table}`).execute(database.db)).rejects.toThrow("permission denied");
    const before = await database.owner.query("select sum(xmin::text::bigint) from pg_class");
    await grantRights({ ownerUrl, role: role ?? "" });
    expect((await database.owner.query("select sum(xmin::text::bigint) from pg_class")).rows).toEqual(before.rows);
  } finally {
    await database.drop();
  }
});
