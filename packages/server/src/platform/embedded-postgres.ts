/**
 * Runs PostgreSQL as part of Holdfast: the programs come through npm, the data is in `<home>/postgres`.
 * It takes connections over a Unix socket only, and the kernel says who connects (`peer`): no password to keep, no port
 * to guard, and none of the TLS library that the npm package bundles is ever used.
 */
import { mkdtemp, chown, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isProblem, sayError } from "@holdfast/kit";
import pg from "pg";
import { workingRole } from "./database-roles.ts";
import { lockDirectory, type DirectoryLock } from "./directory-lock.ts";
import type { Log } from "./log.ts";
import { prepareBinaries, type Binaries } from "./postgres/binaries.ts";
import { ownerOf, placeDirectory, prepareDirectory, prepareHome, reachablePlace } from "./postgres/directory.ts";
import { clearEarlierRun, startPostmaster, type Postmaster } from "./postgres/postmaster.ts";
import { chooseUser, type UnprivilegedUser } from "./postgres/user.ts";

export interface EmbeddedPostgres {
  /** Connection URL of the database `holdfast`, as the role that the server works as: it owns nothing. */
  url: string;
  /** The same as the database's owner, who migrates (not a superuser). */
  ownerUrl: string;
  /** Number of the server process; undefined while it is being restarted. */
  pid(): number | undefined;
  /** Shuts PostgreSQL down cleanly and gives the directory back. */
  stop(): Promise<void>;
}

interface EmbeddedOptions {
  home: string;
  log: Log;
  /** False gives up safety against power cuts for speed; for tests only. */
  durable?: boolean;
  /** The owner may make further databases, and many processes may be at work on them; for tests only. */
  makesDatabases?: boolean;
}

/** Everything that one run of the server needs. */
interface Site {
  binaries: Binaries;
  directory: string;
  socketDirectory: string;
  user?: UnprivilegedUser;
  durable: boolean;
  makesDatabases: boolean;
  log: Log;
}

const restartPatienceMs = 15_000;

/**
 * Starts PostgreSQL, makes the cluster and the database when they are missing, and from then on restarts it whenever it
 * ends by itself. When we are root, PostgreSQL runs as an unprivileged user.
 * @throws Problem `directory_in_use`, `database_version`, `database_directory_foreign`, `database_directory_denied`,
 * `database_no_user`, `database_no_binaries`, `database_home_unreachable`, `database_init_failed`, `database_start_failed`.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { home, log, durable = true, makesDatabases = false } = options;
  await prepareHome(home);
  const user = await chooseUser(await ownerOf(home));
  const directory = await placeDirectory(home, user);
  const lock = await lockDirectory(`${directory}.lock`, directory);
  try {
    const binaries = await prepareBinaries(() => reachablePlace(home, user), user);
    await prepareDirectory(directory, binaries, { durable, ...(user && { user }) });
    const socketDirectory = await placeSocket(directory, user);
    const site: Site = { binaries, directory, socketDirectory, durable, makesDatabases, log, ...(user && { user }) };
    const first = await startPatiently(site);
    await makeDatabase(socketDirectory, makesDatabases);
    return supervise(first, site, lock);
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

/** A socket's path may have 103 characters (107 on Linux); the data directory is private to PostgreSQL already, so it is there where it fits. */
async function placeSocket(directory: string, user: UnprivilegedUser | undefined): Promise<string> {
  if (Buffer.byteLength(join(directory, ".s.PGSQL.5432")) <= 103) return directory;
  const made = await mkdtemp(join(tmpdir().length < 60 ? tmpdir() : "/tmp", "holdfast-"));
  if (user) await chown(made, user.uid, user.gid);
  return made;
}

/** Small: a controller of some thousand devices is at home in 64 MB of buffers. io_method=sync saves three helper processes. */
function serverSettings(site: Site): Record<string, string> {
  const unsafe = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
  return {
    listen_addresses: "",
    port: "5432",
    unix_socket_directories: site.socketDirectory,
    unix_socket_permissions: "0700",
    max_connections: site.makesDatabases ? "400" : "100",
    shared_buffers: "64MB",
    max_wal_size: "256MB",
    min_wal_size: "64MB",
    io_method: "sync",
    jit: "off",
    max_worker_processes: "4",
    max_parallel_workers_per_gather: "0",
    autovacuum_max_workers: "2",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "",
    log_checkpoints: "off",
    ...(site.durable ? {} : unsafe),
  };
}

function start(site: Site): Promise<Postmaster> {
  const { binaries, directory, log, user } = site;
  return startPostmaster({ program: binaries.postgres, directory, log, settings: serverSettings(site), ...(user && { user }) });
}

/** After a kill -9 the old server's files and children take moments to go; until then PostgreSQL refuses to start, and we ask again. */
async function startPatiently(site: Site): Promise<Postmaster> {
  for (const until = Date.now() + restartPatienceMs; ; await sleep(200)) {
    try {
      await clearEarlierRun(site.directory, site.log);
      return await start(site);
    } catch (thrown) {
      const passing = isProblem(thrown) && /lock file|shared memory|starting up|shutting down/.test(thrown.message);
      if (!passing || Date.now() > until) throw thrown;
    }
  }
}

function supervise(first: Postmaster, site: Site, lock: DirectoryLock): EmbeddedPostgres {
  let current: Postmaster | undefined = first;
  const stopping = new AbortController();
  const onExit = (): void => {
    if (current) process.kill(current.pid, "SIGINT");
    lock.releaseNow();
  };
  process.once("exit", onExit);
  const watching = (async () => {
    while (current) {
      const lastLines = await current.ended;
      current = undefined;
      if (stopping.signal.aborted) return;
      site.log.error({ lastLines }, "PostgreSQL ended by itself and is started again");
      current = await startUntil(site, stopping.signal);
    }
  })();
  return {
    ...socketUrls(site.socketDirectory),
    pid: () => current?.pid,
    async stop() {
      stopping.abort();
      process.off("exit", onExit);
      await current?.stop();
      await watching;
      if (site.socketDirectory !== site.directory) await rm(site.socketDirectory, { recursive: true, force: true });
      await lock.release();
    },
  };
}

/** Starts again until it works (a full disk may take its time) or we stop ourselves. */
async function startUntil(site: Site, stopping: AbortSignal): Promise<Postmaster | undefined> {
  for (let waitMs = 100; !stopping.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      const started = await startPatiently(site);
      if (!stopping.aborted) return started;
      await started.stop();
    } catch (thrown) {
      site.log.error({ err: thrown, waitMs }, "PostgreSQL does not start; trying again");
      await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  return undefined;
}

/** Connection URLs of the server whose socket is there. */
export function socketUrls(socketDirectory: string): Pick<EmbeddedPostgres, "url" | "ownerUrl"> {
  return {
    url: socketUrl(socketDirectory, workingRole, "holdfast"),
    ownerUrl: socketUrl(socketDirectory, "holdfast", "holdfast"),
  };
}

function socketUrl(socketDirectory: string, role: string, database: string): string {
  return `postgresql://${role}@localhost/${database}?host=${encodeURIComponent(socketDirectory)}`;
}

/** One owner, who is no superuser, and one role to work as, which owns nothing: what only the one or the other could do stays out of reach. */
async function makeDatabase(socketDirectory: string, makesDatabases: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: socketUrl(socketDirectory, "postgres", "postgres"), connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await makeLogin(client, "holdfast", makesDatabases ? "createdb" : "");
    await makeLogin(client, workingRole, "");
    await client.query(`grant ${workingRole} to holdfast`);
    const database = await client.query("select from pg_database where datname = 'holdfast'");
    if (database.rowCount === 0) await client.query("create database holdfast owner holdfast");
  } catch (thrown) {
    throw new Error(`The database could not be made: ${sayError(thrown)}`, { cause: thrown });
  } finally {
    await client.end();
  }
}

/** Releases before gave the owner the right to make roles, and made the role to work as without the right to log in. */
async function makeLogin(client: pg.Client, role: string, rights: string): Promise<void> {
  const known = await client.query("select from pg_roles where rolname = $1", [role]);
  await client.query(`${known.rowCount === 0 ? "create" : "alter"} role ${role} login nocreaterole ${rights}`);
}
