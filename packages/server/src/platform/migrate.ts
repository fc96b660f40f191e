/** Brings the database's schema to what this release needs: plain SQL files, forward only, each once, in the order of their names. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Problem } from "@holdfast/kit";
import pg from "pg";
import { explainDatabaseError } from "./database-errors.ts";
import { connectionTo, type DatabaseTls } from "./database-tls.ts";
import type { Log } from "./log.ts";

/**
 * `expand` only adds, so the release before can go on beside this one; `contract` takes away what no running release
 * uses any more.
 */
type MigrationKind = "expand" | "contract";

interface Migration {
  name: string;
  kind: MigrationKind;
  sql: string;
  checksum: string;
}

interface Applied {
  name: string;
  kind: MigrationKind;
  checksum: string;
}

export interface MigrateOptions {
  url: string;
  tls?: DatabaseTls | undefined;
  log: Log;
  /** Directory of `NNNN_name.sql`; ours unless told. */
  from?: string;
}

/** Any number that no other program on the same database uses; two processes that start at one time take turns by it. */
const lockKey = 7_450_001;
const ourMigrations = fileURLToPath(new URL("../../migrations/", import.meta.url));

/**
 * Applies what is missing, each file in a transaction of its own; returns the names applied.
 * A user who owns none of it finds out whether anything is missing.
 * @throws Problem `migration_changed`, `migration_unknown`, `migration_malformed`, `migration_failed`, `migration_denied`.
 */
export async function migrate({ url, tls, log, from = ourMigrations }: MigrateOptions): Promise<string[]> {
  const migrations = await readMigrations(from);
  const client = new pg.Client({ ...connectionTo(url, tls), application_name: "holdfast migrate", connectionTimeoutMillis: 5_000 });
  client.on("error", (err) => log.warn({ err }, "the connection of the migrations broke"));
  try {
    await client.connect();
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    return await applyMissing(client, migrations, log);
  } catch (thrown) {
    throw explainDatabaseError(thrown);
  } finally {
    await client.end();
  }
}

async function applyMissing(client: pg.Client, migrations: Migration[], log: Log): Promise<string[]> {
  const owned = await ownsList(client);
  if (owned === undefined) await makeList(client);
  const { rows } = await client.query<Applied>("select name, kind, checksum from platform.migration order by name").catch(refuseDenied);
  const missing = chooseMissing(migrations, rows);
  if (owned === false && missing.length > 0) throw denied(`It lacks ${missing.map(({ name }) => name).join(", ")}.`);
  for (const migration of missing) await apply(client, migration, log);
  return missing.map((migration) => migration.name);
}

/** Whether this user owns the list of what was applied; undefined while there is none. */
async function ownsList(client: pg.Client): Promise<boolean | undefined> {
  const { rows } = await client.query<{ owned: boolean }>(
    `select pg_has_role(relowner, 'USAGE') as owned from pg_class join pg_namespace n on n.oid = relnamespace
     where relname = 'migration' and nspname = 'platform'`,
  );
  return rows[0]?.owned;
}

async function makeList(client: pg.Client): Promise<void> {
  await client.query("create schema if not exists platform").catch(refuseDenied);
  await client.query(
    "create table if not exists platform.migration (name text primary key, kind text not null, checksum text not null, applied_at timestamptz not null default now())",
  );
}

function refuseDenied(thrown: unknown): never {
  throw thrown instanceof pg.DatabaseError && thrown.code === "42501" ? denied("", thrown) : thrown;
}

function denied(why: string, because?: unknown): Problem {
  return new Problem("migration_denied", {
    kind: "not_ready",
    say: `The database has to be brought up to date, and the user we connect as does not own its tables. ${why} Set DATABASE_OWNER_URL to connect as the user who does.`.replace(
      "  ",
      " ",
    ),
    because,
  });
}

/** What is still to be applied. @throws Problem when the database and the files contradict each other. */
export function chooseMissing(migrations: Migration[], applied: Applied[]): Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const one of applied) {
    const file = byName.get(one.name);
    if (file && file.checksum !== one.checksum) throw changed(one.name);
    if (!file && one.kind === "contract") throw unknown(one.name);
  }
  const done = new Set(applied.map((one) => one.name));
  return migrations.filter((migration) => !done.has(migration.name));
}

function changed(name: string): Problem {
  return new Problem("migration_changed", {
    kind: "not_ready",
    say: `The migration ${name} was changed after this database had applied it. Restore the file as it was released and put the change into a new migration.`,
  });
}

function unknown(name: string): Problem {
  return new Problem("migration_unknown", {
    kind: "not_ready",
    say: `The database was taken further by a newer release (${name}), which this one cannot work with. Start the newer release, or restore the backup made before the upgrade.`,
  });
}

/** A lock that cannot be had within 10 s fails the migration rather than stop a running replica behind us. */
async function apply(client: pg.Client, migration: Migration, log: Log): Promise<void> {
  const startedAt = Date.now();
  try {
    await client.query("begin");
    await client.query("set local lock_timeout = '10s'");
    await client.query(migration.sql);
    const record = "insert into platform.migration (name, kind, checksum) values ($1, $2, $3)";
    await client.query(record, [migration.name, migration.kind, migration.checksum]);
    await client.query("commit");
  } catch (thrown) {
    await client.query("rollback").catch(() => undefined);
    throw failed(migration, thrown);
  }
  log.info({ migration: migration.name, ms: Date.now() - startedAt }, "migration applied");
}

function failed(migration: Migration, thrown: unknown): unknown {
  if (!(thrown instanceof pg.DatabaseError)) return explainDatabaseError(thrown);
  const line = thrown.position === undefined ? "" : `:${migration.sql.slice(0, Number(thrown.position)).split("\n").length}`;
  return new Problem("migration_failed", {
    kind: "not_ready",
    say: `The migration ${migration.name}${line} failed and left nothing behind: ${thrown.message}.`,
    because: thrown,
  });
}

/** Reads and checks the files of a directory, in the order of their names. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name)));
  const numbers = names.map((name) => name.slice(0, 4));
  const twice = names.find((_, at) => numbers.indexOf(numbers[at] ?? "") !== at);
  if (twice) throw malformed(twice, "has the number of another one");
  return migrations;
}

async function readMigration(directory: string, file: string): Promise<Migration> {
  if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(file)) throw malformed(file, "is not named NNNN_name.sql");
  const sql = (await readFile(`${directory}/${file}`, "utf8")).replaceAll("\r\n", "\n");
  const kind = /^-- (expand|contract)\n/.exec(sql)?.[1] as MigrationKind | undefined;
  if (kind === undefined) throw malformed(file, "does not begin with the line `-- expand` or `-- contract`");
  return { name: file.replace(/\.sql$/, ""), kind, sql, checksum: createHash("sha256").update(sql).digest("hex") };
}

function malformed(file: string, what: string): Problem {
  return new Problem("migration_malformed", { kind: "broken", say: `The migration file ${file} ${what}.` });
}
