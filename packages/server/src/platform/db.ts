/** The database: an embedded PostgreSQL or the one at DATABASE_URL, a pool of connections, typed queries, honest errors. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, Problem } from "@holdfast/kit";
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { explainDatabaseError } from "./database-errors.ts";
import { guardPool } from "./database-pool.ts";
import { watchPulse } from "./database-pulse.ts";
import { arrangeAccess, workingRole, type DatabaseAccess } from "./database-roles.ts";
import { connectionTo, openDatabaseTls } from "./database-tls.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import type { Log } from "./log.ts";
import type { DatabaseTlsFiles } from "./settings-database.ts";

export { isUniqueViolation } from "./database-errors.ts";

/** The tables are named by each store: `db.withTables<MyTables>()`. */
// eslint-disable-next-line typescript/no-empty-object-type -- what Kysely calls a database without tables
export type Db = Kysely<{}>;
// eslint-disable-next-line typescript/no-empty-object-type -- as above
export type Tx = Transaction<{}>;

export interface Database extends DatabaseAccess {
  db: Db;
  /** For what Kysely cannot say; its errors are those of pg, unexplained. */
  pool: pg.Pool;
  /** False while the database does not answer; known within 5 s. */
  answers(): boolean;
  /** Number of the embedded server's process; undefined with DATABASE_URL or while it restarts. */
  postgresPid(): number | undefined;
  /** Closes the connections and, when it is ours, shuts PostgreSQL down. */
  stop(): Promise<void>;
}

interface DatabaseOptions {
  /** A PostgreSQL server; without it one is started in `<home>/postgres`. */
  url?: string;
  /** The owner of its tables, where `url` names another user. */
  ownerUrl?: string;
  /** For `url` and `ownerUrl`; in plain text unless told. */
  tls?: DatabaseTlsFiles;
  home: string;
  log: Log;
  /** Most connections of this process; 15 unless told. */
  connections?: number;
}

/** Oldest PostgreSQL that the migrations run on. */
const oldestMajor = 15;

/**
 * Opens the database; waits up to 30 s for a server that is still starting.
 * @throws Problem `database_unavailable`, `database_refused`, `database_too_old`, and those of the embedded PostgreSQL.
 */
export async function openDatabase({ url, ownerUrl, tls: files, home, log, connections = 15 }: DatabaseOptions): Promise<Database> {
  const embedded = url === undefined ? await startEmbeddedPostgres({ home, log: log.child({ part: "postgres" }) }) : undefined;
  try {
    const tls = files && openDatabaseTls(files);
    const access: DatabaseAccess = embedded
      ? { url: embedded.url, ownerUrl: embedded.ownerUrl, role: workingRole }
      : await untilAnswered(() => arrangeAccess({ url: url ?? "", ownerUrl, tls, log }));
    return await connect({ access, embedded, log, connections });
  } catch (thrown) {
    await embedded?.stop();
    throw thrown;
  }
}

interface ConnectParts {
  access: DatabaseAccess;
  embedded?: EmbeddedPostgres | undefined;
  log: Log;
  connections: number;
}

async function connect({ access, embedded, log, connections }: ConnectParts): Promise<Database> {
  const { url, tls } = access;
  const pool = makePool(access, connections, log);
  try {
    checkMajor(await untilAnswered(() => askMajor(pool)));
  } catch (thrown) {
    await pool.end();
    throw thrown;
  }
  const guarded = guardPool(pool, () => pulse.beats());
  const pulse = watchPulse({ url, tls, log, onLost: () => guarded.breakAll() });
  return {
    ...access,
    db: new Kysely({ dialect: new PostgresDialect({ pool: guarded }) }),
    pool,
    answers: () => pulse.beats(),
    postgresPid: () => embedded?.pid(),
    async stop() {
      await pulse.stop();
      const closed = allClosed(pool);
      if (!pool.ending) await guarded.end();
      await atMost(1000, closed);
      await embedded?.stop();
    },
  };
}

/**
 * Limits so that callers fail rather than hang: 3 s for a connection, 15 s for a statement (the server's; ours a little
 * later), 60 s for a transaction that does nothing. A server that is stopped or cut off is noticed sooner, by its pulse.
 */
function makePool({ url, tls }: DatabaseAccess, connections: number, log: Log): pg.Pool {
  const pool = new pg.Pool({
    ...connectionTo(url, tls),
    max: connections,
    application_name: "holdfast",
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    query_timeout: 20_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    types: { getTypeParser: columnParser },
  });
  // Without these two a connection that breaks while nobody uses it would end the process.
  pool.on("error", (err) => log.warn({ err }, "an idle connection to the database broke"));
  pool.on("connect", (client) => client.on("error", (err) => log.debug({ err }, "a connection to the database broke")));
  return pool;
}

/** The pool's end does not wait for its connections to be closed; a server that is shut down meanwhile complains of each. */
async function allClosed(pool: pg.Pool): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = pool.totalCount;
  if (open === 0) return;
  pool.on("remove", () => {
    open -= 1;
    if (open === 0) resolve();
  });
  await promise;
}

/** bigint as number (ours stay below 2^53), date as its text (it has no time zone to make an instant of); all else as pg does. */
const columnParser: typeof pg.types.getTypeParser = (type, format) => {
  if (type === pg.types.builtins.INT8) return Number;
  if (type === pg.types.builtins.DATE) return String;
  return pg.types.getTypeParser(type, format);
};

/** Tries for up to 30 s while the server does not answer: it may be about to start. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + 30_000; ; await sleep(500)) {
    try {
      return await ask();
    } catch (thrown) {
      const explained = explainDatabaseError(thrown);
      if (!(explained instanceof Problem) || explained.kind !== "unavailable" || Date.now() > until) throw explained;
    }
  }
}

async function askMajor(pool: pg.Pool): Promise<number> {
  const answer = await pool.query<{ major: number }>("select current_setting('server_version_num')::int / 10000 as major");
  return answer.rows[0]?.major ?? 0;
}

function checkMajor(major: number): void {
  if (major >= oldestMajor) return;
  throw new Problem("database_too_old", {
    kind: "not_ready",
    say: `The database server is PostgreSQL ${major}; Holdfast needs ${oldestMajor} or newer. Upgrade it, or point DATABASE_URL at another one.`,
  });
}

/** Runs `work` in a transaction, or within the one that is open already. Anything thrown rolls it back. */
export function inTransaction<T>(db: Db | Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db as Tx) : db.transaction().execute(work);
}
