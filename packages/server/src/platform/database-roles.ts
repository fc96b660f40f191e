/**
 * Two roles on the database: its owner, who migrates, and the one that the running server works as. That one reads and
 * writes rows, owns nothing, and may add to the audit trail and read it, no more.
 */
import pg from "pg";
import { explainDatabaseError } from "./database-errors.ts";
import { connectionTo, type DatabaseTls } from "./database-tls.ts";
import type { Log } from "./log.ts";

/** What the server works as, unless DATABASE_OWNER_URL leaves that to whoever DATABASE_URL names. */
export const workingRole = "holdfast_app";

/** How a process comes to its database. */
export interface DatabaseAccess {
  /** For all work. May hold a password: never log it. */
  url: string;
  /** For what changes tables. May hold a password: never log it. */
  ownerUrl: string;
  /** Of all connections; absent for the embedded server, and where the operator has it off. */
  tls?: DatabaseTls | undefined;
  /** The role behind `url`; undefined when that is the owner, because the server gives us no other. */
  role?: string;
}

interface GivenUrls {
  url: string;
  /** Absent: `url` is the owner's. */
  ownerUrl?: string | undefined;
  tls?: DatabaseTls | undefined;
  log: Log;
}

/**
 * With one URL, the owner's, every connection for work gives the owner's rights up (`role` as a startup option). With two,
 * the server works as whoever the first names.
 */
export async function arrangeAccess({ url, ownerUrl, tls, log }: GivenUrls): Promise<DatabaseAccess> {
  if (ownerUrl === undefined) {
    if (await mayWorkAs({ url, tls })) return { url: withRole(url), ownerUrl: url, role: workingRole, tls };
    log.warn(advice(`The user of DATABASE_URL may neither make the role ${workingRole} nor work as it`));
    return { url, ownerUrl: url, tls };
  }
  const [role, owner] = await Promise.all([whoIs({ url, tls }), whoIs({ url: ownerUrl, tls })]);
  if (role !== owner) return { url, ownerUrl, role, tls };
  log.warn(advice("DATABASE_URL and DATABASE_OWNER_URL name the same user"));
  return { url, ownerUrl, tls };
}

function advice(cause: string): string {
  return `${cause}, so the server works as the owner of its tables: only a trigger and the hash chain guard the audit trail. docs/operate/install.md says how to mend this.`;
}

function withRole(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set("options", `${changed.searchParams.get("options") ?? ""} -c role=${workingRole}`.trim());
  return changed.toString();
}

async function whoIs(door: Door): Promise<string> {
  return connected(door, async (client) => (await client.query<{ who: string }>("select current_user::text as who")).rows[0]?.who ?? "");
}

/** Makes the role, and the user a member of it, where that is needed and allowed. */
function mayWorkAs(door: Door): Promise<boolean> {
  return connected(door, async (client) => {
    const attempts = [
      undefined,
      `grant ${workingRole} to current_user`,
      `create role ${workingRole}; grant ${workingRole} to current_user`,
    ];
    for (const attempt of attempts) {
      if (attempt !== undefined) await unlessDenied(client, attempt);
      if (await unlessDenied(client, `set role ${workingRole}`)) return true;
    }
    return false;
  });
}

/** Denied, no such role, or another process made it meanwhile. */
const denials = new Set(["42501", "42704", "22023", "42710", "23505", "0LP01"]);

async function unlessDenied(client: pg.Client, statement: string): Promise<boolean> {
  try {
    await client.query(statement);
    return true;
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError && denials.has(thrown.code ?? "")) return false;
    throw thrown;
  }
}

type Door = Pick<DatabaseAccess, "url" | "tls">;

async function connected<T>({ url, tls }: Door, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...connectionTo(url, tls), application_name: "holdfast start", connectionTimeoutMillis: 3_000 });
  client.on("error", () => undefined); // What uses the connection meets it as well.
  try {
    await client.connect();
    return await work(client);
  } catch (thrown) {
    throw explainDatabaseError(thrown);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Any number that no other program on the same database uses; see `migrate`. */
const lockKey = 7_450_002;

/**
 * Brings the role's rights to what they shall be: called after everything that may have made a table. Grants nothing that is
 * there already, so that a start on a prepared database writes nothing. Does nothing for a user who owns none of the tables.
 */
export async function grantRights({
  ownerUrl,
  role,
  tls,
}: {
  ownerUrl: string;
  role: string;
  tls?: DatabaseTls | undefined;
}): Promise<void> {
  await connected({ url: ownerUrl, tls }, async (client) => {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock($1)", [lockKey]);
    const { rows } = await client.query<{ statement: string }>(missingRights, [role]);
    for (const { statement } of rows) await client.query(statement);
    await client.query("commit");
  });
}

/**
 * One row per right that is missing or too much. On rows: all of them, but the audit trail is read and added to (entries through
 * `audit.pending` alone; what it may do beyond that are two functions of the owner's), and the list of migrations is read. The job queue rebuilds indexes of its own (MAINTAIN, from
 * PostgreSQL 17 on). Nobody but the owner truncates, adds triggers or refers to.
 */
const missingRights = `
  with own as (
    select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
      and pg_has_role(current_user, c.relowner, 'USAGE')
  ),
  rights as (
    select right_name from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']
      || case when current_setting('server_version_num')::int >= 170000 then array['MAINTAIN'] else array[]::text[] end) as right_name
  ),
  wanted as (
    select own.*, right_name, case
      when schema = 'audit' then right_name = 'SELECT' or (name in ('pending', 'person', 'signing_key', 'checkpoint') and right_name = 'INSERT')
      when schema = 'platform' and name = 'migration' then right_name = 'SELECT'
      when right_name = 'MAINTAIN' then schema = 'jobs'
      else right_name in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') end as is_wanted
    from own cross join rights where kind <> 'S'
  )
  select format('grant usage on schema %I to %I', schema, $1::text) as statement from own
    where not has_schema_privilege($1, schema, 'USAGE') group by schema
  union all
  select format(case when is_wanted then 'grant %s on %s to %I' else 'revoke %s on %s from %I' end,
      string_agg(right_name, ', '), format('%I.%I', schema, name), $1::text) from wanted
    where is_wanted <> has_table_privilege($1, oid, right_name) group by schema, name, is_wanted
  union all
  select format('grant usage, select, update on sequence %I.%I to %I', schema, name, $1::text) from own
    where case when kind = 'S' and schema <> 'audit' then not has_sequence_privilege($1, oid, 'UPDATE') end
  union all
  select format('grant execute on function %s to %I', f.oid::regprocedure, $1::text) from pg_proc f
    where f.pronamespace = to_regnamespace('audit') and f.proname in ('forget_person', 'archive_entries')
      and pg_has_role(current_user, f.proowner, 'USAGE') and not has_function_privilege($1, f.oid, 'EXECUTE')`;
