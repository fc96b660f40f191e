/** Connections to a PostgreSQL of one's own: a real server with TLS that asks for our certificate, and everything that must not get through. */
import { chown, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@holdfast/kit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAudit } from "#core/audit";
import { createPki, type Pki } from "#core/pki";
import { openDatabaseTls } from "#platform/database-tls";
import { openDatabase, type Database } from "#platform/db";
import { listen } from "#platform/listener";
import { silentLog } from "#platform/log";
import { installJobs } from "#platform/jobs";
import { loadSettings } from "#platform/settings";
import { renewDatabaseCertificate } from "../src/apps/database-certificate.ts";
import { prepareBinaries } from "../src/platform/postgres/binaries.ts";
import { placeDirectory, prepareDirectory, prepareHome, reachablePlace } from "../src/platform/postgres/directory.ts";
import { startPostmaster, type Postmaster } from "../src/platform/postgres/postmaster.ts";
import { chooseUser } from "../src/platform/postgres/user.ts";
import { tlsPair } from "./certificates.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { testSecrets } from "./secrets.ts";

const ada = { actor: "user:ada" };
let home: string;
let kept: TestDatabase;
let pki: Pki;
let postmaster: Postmaster;
let port: number;
let socket: string;

const file = (name: string): string => join(home, name);
const url = (host = "127.0.0.1"): string => `postgresql://holdfast@${host}:${port}/postgres`;
const tls = { ca: "", own: { certificate: "", key: "" } };

/** As the administrator of the server, over its socket. */
async function ask(statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: `postgresql://postgres@localhost:${port}/postgres?host=${encodeURIComponent(socket)}` });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}

/** A certificate of our authority for the user that we are in the database, in the files of the settings. */
async function renew(name = "holdfast"): Promise<void> {
  const { chain, privateKey } = await pki.issue({ kind: "process", name, usages: ["client"] }, ada);
  await writeFile(file("client.key.next"), privateKey ?? "");
  await writeFile(file("client.pem.next"), chain);
  await rename(file("client.key.next"), file("client.key"));
  await rename(file("client.pem.next"), file("client.pem"));
}

async function startServer(): Promise<void> {
  await prepareHome(home);
  const user = await chooseUser();
  const directory = await placeDirectory(home, user);
  const binaries = await prepareBinaries(() => reachablePlace(home, user), user);
  await prepareDirectory(directory, binaries, { durable: false, ...(user && { user }) });
  socket = directory;
  port = await freePort();
  const { chain, privateKey } = await pki.issue({ kind: "server", name: "db", addresses: ["127.0.0.1"] }, ada);
  const { roots } = await pki.trust();
  const files = { "server.pem": chain, "server.key": privateKey ?? "", "roots.pem": roots.join("") };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    if (user) await chown(join(directory, name), user.uid, user.gid);
  }
  const admission = join(directory, "pg_hba.conf");
  await writeFile(admission, `hostssl all all 127.0.0.1/32 cert clientcert=verify-full\n${await readFile(admission, "utf8")}`);
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: directory,
    ssl: "on",
    ssl_cert_file: "server.pem",
    ssl_key_file: "server.key",
    ssl_ca_file: "roots.pem",
    fsync: "off",
  };
  postmaster = await startPostmaster({ program: binaries.postgres, directory, settings, log: silentLog, ...(user && { user }) });
}

const codeOf = async (work: Promise<{ stop(): Promise<void> }>): Promise<unknown> => {
  try {
    await (await work).stop();
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: string }).code;
  }
};

describe("a PostgreSQL of one's own", () => {
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "holdfast-database-tls-"));
    kept = await testDatabase();
    const audit = createAudit({ db: kept.db });
    pki = createPki({ db: kept.db, audit, secrets: await testSecrets({ db: kept.db, audit }) });
    await pki.init({ trustDomain: "holdfast.test", name: "Test" }, ada);
    Object.assign(tls, { ca: file("roots.pem"), own: { certificate: file("client.pem"), key: file("client.key") } });
    await writeFile(tls.ca, (await pki.trust()).roots.join(""));
    await renew();
    await startServer();
    await ask("create role holdfast login superuser");
  });
  afterAll(async () => {
    await postmaster.stop();
    await kept.drop();
    await rm(home, { recursive: true, force: true });
  });

  test("is reached by TLS 1.3 with our certificate, by every part of the process; a renewed one counts without a restart", async () => {
    const options = { url: url(), ownerUrl: url(), home, log: silentLog, tls };
    const database: Database = await openDatabase(options);
    await installJobs(database.ownerUrl, database.tls);
    const heard = Promise.withResolvers<void>();
    const listener = listen({ url: database.url, tls: database.tls, channel: "c", log: silentLog, onNotice: heard.resolve });
    await heard.promise;
    const seen = () =>
      ask(`select distinct application_name as who, version, client_dn, client_serial::text as serial
        from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'holdfast' order by 1`);
    const before = await seen();
    expect(before.map(({ who, version, client_dn: dn }) => [who, version, dn])).toEqual(
      ["holdfast", "holdfast listen", "holdfast pulse"].map((who) => [who, "TLSv1.3", expect.stringContaining("CN=holdfast")]),
    );
    await renew();
    await ask("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'holdfast'");
    const back = async (): Promise<number> => {
      await database.pool.query("select 1").catch(() => undefined);
      return (await seen()).length;
    };
    await expect.poll(back, { timeout: 10_000 }).toBe(3);
    expect((await seen()).map(({ serial }) => serial)).not.toContain(before[0]?.["serial"]);
    await listener.stop();
    await database.stop();
  });

  test("has our certificate renewed in its files when two thirds of its term are over, and then takes the new one", async () => {
    const at = (afterMs: number): Clock => ({ now: () => Date.now() + afterMs, sleep: () => Promise.resolve() });
    const before = await readFile(tls.own.certificate, "utf8");
    const parts = { own: tls.own, pki, log: silentLog };
    expect(await renewDatabaseCertificate({ ...parts, clock: at(3_600_000) })).toBe(false);
    expect(await renewDatabaseCertificate({ ...parts, clock: at(20 * 3_600_000) })).toBe(true);
    expect(await readFile(tls.own.certificate, "utf8")).not.toBe(before);
    expect((await stat(tls.own.key)).mode & 0o777).toBe(0o600);
    expect(await codeOf(openDatabase({ url: url(), ownerUrl: url(), home, log: silentLog, tls }))).toBeUndefined();
    // What another authority issued is left alone.
    const theirs = { certificate: file("theirs.pem"), key: file("theirs.key") };
    await writeFile(theirs.certificate, (await tlsPair()).cert);
    expect(await renewDatabaseCertificate({ ...parts, own: theirs, clock: at(400 * 86_400_000) })).toBe(false);
  });

  test.each([
    ["no certificate of ours", { url: () => url(), tls: () => ({ ca: tls.ca }) }, "database_refused"],
    ["plain text", { url: () => url(), tls: () => undefined }, "database_refused"],
    ["authorities of the system alone", { url: () => url(), tls: () => ({ own: tls.own }) }, "database_tls_refused"],
    ["another name than the server's", { url: () => url("localhost"), tls: () => tls }, "database_tls_refused"],
  ])("is not reached with %s", async (_what, given, code) => {
    const files = given.tls();
    expect(await codeOf(openDatabase({ url: given.url(), home, log: silentLog, ...(files ? { tls: files } : {}) }))).toBe(code);
  });

  test("is not reached as another user than the certificate's", async () => {
    await ask("create role somebody login");
    const other = url().replace("holdfast@", "somebody@");
    expect(await codeOf(openDatabase({ url: other, ownerUrl: other, home, log: silentLog, tls }))).toBe("database_refused");
  });

  test("is not reached by a TLS before 1.3", async () => {
    await ask("alter system set ssl_max_protocol_version = 'TLSv1.2'");
    await ask("select pg_reload_conf()");
    const older = () => codeOf(openDatabase({ url: url(), ownerUrl: url(), home, log: silentLog, tls }));
    await expect.poll(older, { timeout: 5_000 }).toBe("database_tls_refused");
    await ask("alter system reset ssl_max_protocol_version");
    await ask("select pg_reload_conf()");
  });

  test("files that do not fit each other stop the start", () => {
    expect(() => openDatabaseTls({ own: { certificate: tls.own.certificate, key: tls.ca } })).toThrow(/cannot be used/);
    expect(() => openDatabaseTls({ ca: file("none.pem") })).toThrow(/none\.pem/);
  });
});

describe("the settings of the database", () => {
  const tlsOf = (given: Record<string, string>) => loadSettings(given, "/srv").databaseTls;
  test("ask for TLS wherever the server is elsewhere, unless an operator has it off", () => {
    expect(tlsOf({})).toBeUndefined();
    for (const here of ["localhost", "127.0.0.1", "[::1]"]) expect(tlsOf({ DATABASE_URL: `postgresql://u@${here}/d` })).toBeUndefined();
    expect(tlsOf({ DATABASE_URL: "postgresql://u@localhost/d?host=/run/postgresql" })).toBeUndefined();
    for (const away of ["db.example.net", "192.0.2.1", "[2001:db8::1]"])
      expect(tlsOf({ DATABASE_URL: `postgresql://u@${away}/d` })).toEqual({});
    expect(tlsOf({ DATABASE_URL: "postgresql:///d" })).toEqual({});
    expect(tlsOf({ DATABASE_URL: "postgresql://u@localhost/d?host=192.0.2.1" })).toEqual({});
    expect(tlsOf({ DATABASE_URL: "postgresql://u@db.example.net/d", HOLDFAST_DATABASE_TLS: "off" })).toBeUndefined();
    expect(tlsOf({ DATABASE_URL: "postgresql://u@localhost/d", HOLDFAST_DATABASE_TLS: "verify-full" })).toEqual({});
    const own = { HOLDFAST_DATABASE_CERTIFICATE: "client.pem", HOLDFAST_DATABASE_KEY: "client.key" };
    expect(tlsOf({ DATABASE_URL: "postgresql://u@localhost/d", ...own })).toEqual({
      own: { certificate: "/srv/client.pem", key: "/srv/client.key" },
    });
  });

  test.each([
    [{ DATABASE_URL: "postgresql://u@db/d?sslmode=require" }, "DATABASE_URL"],
    [{ HOLDFAST_DATABASE_TLS: "off" }, "HOLDFAST_DATABASE_TLS"],
    [{ DATABASE_URL: "postgresql://u@db/d", HOLDFAST_DATABASE_CERTIFICATE: "c" }, "HOLDFAST_DATABASE_KEY"],
    [
      { DATABASE_URL: "postgresql://u@db/d", HOLDFAST_DATABASE_TLS: "off", HOLDFAST_DATABASE_CERTIFICATE: "c", HOLDFAST_DATABASE_KEY: "k" },
      "HOLDFAST_DATABASE_KEY",
    ],
    [{ DATABASE_OWNER_URL: "postgresql://u@db/d" }, "DATABASE_OWNER_URL"],
  ])("refuse %j", (given, at) => {
    try {
      loadSettings(given);
      expect.unreachable();
    } catch (thrown) {
      expect((thrown as { places: { at: string }[] }).places.map((place) => place.at)).toContain(at);
    }
  });
});
