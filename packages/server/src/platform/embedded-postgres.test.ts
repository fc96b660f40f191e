import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, unlink, writeFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { silentLog } from "./log.ts";
import { findPackage, prepareBinaries } from "./postgres/binaries.ts";
import { placeDirectory } from "./postgres/directory.ts";
import { chooseUser } from "./postgres/user.ts";

const asRoot = process.getuid?.() === 0;
const aliveNow = (pid: number): boolean => spawnSync("kill", ["-0", String(pid)]).status === 0;

/** One statement over a connection of its own, tried until the server takes it. */
async function ask(url: string, statement: string): Promise<unknown[]> {
  for (const until = Date.now() + 20_000; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      const { rows } = await client.query<Record<string, unknown>>(statement);
      await client.end();
      return rows;
    } catch (thrown) {
      client.end().catch(() => undefined);
      if (Date.now() > until) throw thrown;
    }
  }
}

describe("the embedded PostgreSQL", () => {
  let made: string;
  let root: string;
  let home: string;
  const started: EmbeddedPostgres[] = [];

  // Making a cluster takes a second, so that is done once and each test starts on a copy.
  beforeAll(async () => {
    made = await mkdtemp(join(tmpdir(), "holdfast-embedded-"));
    const first = await startEmbeddedPostgres({ home: made, log: silentLog, durable: false });
    await first.stop();
  });
  afterAll(() => rm(made, { recursive: true, force: true }));

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "holdfast-embedded-"));
    await chmod(root, 0o755);
    home = join(root, "home");
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
    await rm(root, { recursive: true, force: true });
  });

  async function start({ at = home, durable = false } = {}): Promise<EmbeddedPostgres> {
    if (!existsSync(at)) {
      mkdirSync(dirname(at), { recursive: true });
      spawnSync("cp", ["-a", made, at]);
    }
    const one = await startEmbeddedPostgres({ home: at, log: silentLog, durable });
    started.push(one);
    return one;
  }

  test("keeps its data over a stop and a start, with fsync on and no port open", async () => {
    const first = await start({ durable: true });
    await ask(first.ownerUrl, "create table kept as select 42 as answer");
    expect(await ask(first.ownerUrl, "select current_setting('fsync') as fsync, current_setting('listen_addresses') as listens")).toEqual([
      { fsync: "on", listens: "" },
    ]);
    await first.stop();
    expect(await ask((await start()).ownerUrl, "select * from kept")).toEqual([{ answer: 42 }]);
  });

  test("neither the role that the server works as nor the owner may make roles or is a superuser, and the first owns nothing", async () => {
    const { url, ownerUrl } = await start();
    const who = `select current_user::text as who, rolsuper as super, rolcreaterole as roles, pg_has_role('holdfast', 'USAGE') as owns
      from pg_roles where rolname = current_user`;
    expect(await ask(url, who)).toEqual([{ who: "holdfast_app", super: false, roles: false, owns: false }]);
    expect(await ask(ownerUrl, who)).toEqual([{ who: "holdfast", super: false, roles: false, owns: true }]);
  });

  test("a second controller on the same directory is told who has it", async () => {
    await start();
    await expect(start()).rejects.toMatchObject({
      code: "directory_in_use",
      kind: "conflict",
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  test("a server killed with kill -9 is back with everything that was committed", async () => {
    const server = await start({ durable: true });
    await ask(server.ownerUrl, "create table kept as select 1 as n");
    const before = server.pid()!;
    process.kill(before, "SIGKILL");
    await expect.poll(() => server.pid() ?? before, { timeout: 20_000 }).not.toBe(before);
    expect(await ask(server.ownerUrl, "select * from kept")).toEqual([{ n: 1 }]);
  });

  test("a server whose controller was killed is shut down by the next one, which starts with its data", async () => {
    await (await start()).stop();
    const module = new URL("./embedded-postgres.ts", import.meta.url).pathname;
    const log = new URL("./log.ts", import.meta.url).pathname;
    const program = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
      const { silentLog } = await import(${JSON.stringify(log)});
      const server = await startEmbeddedPostgres({ home: ${JSON.stringify(home)}, log: silentLog });
      process.stdout.write(JSON.stringify({ ownerUrl: server.ownerUrl, pid: server.pid() }));`;
    const controller = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const told = await new Promise<string>((resolve) => controller.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())));
    const orphan = JSON.parse(told) as { ownerUrl: string; pid: number };
    await ask(orphan.ownerUrl, "create table kept as select 7 as n");
    controller.kill("SIGKILL");
    await new Promise((resolve) => controller.once("exit", resolve));
    expect(aliveNow(orphan.pid)).toBe(true);

    const next = await start();
    expect(next.pid()).not.toBe(orphan.pid);
    expect(await ask(next.ownerUrl, "select * from kept")).toEqual([{ n: 7 }]);
  });

  test("a postmaster.pid with the number of a process that lives but is no PostgreSQL does not stop the start", async () => {
    const first = await start();
    const directory = await placeDirectory(home, undefined);
    const pidFile = await readFile(join(directory, "postmaster.pid"), "utf8");
    await first.stop();
    await writeFile(join(directory, "postmaster.pid"), pidFile.replace(/^\d+/, String(process.pid)));
    expect((await start()).pid()).toBeGreaterThan(0);
  });

  test("a directory of another version is refused with what to do", async () => {
    await (await start()).stop();
    const directory = await placeDirectory(home, undefined);
    await writeFile(join(directory, "PG_VERSION"), "15\n");
    await expect(start()).rejects.toMatchObject({
      code: "database_version",
      message: expect.stringMatching(/PostgreSQL 15.*DATABASE_URL/s),
    });
    await writeFile(join(directory, "PG_VERSION"), "18\n");
  });

  test("a directory that holds somebody else's files is refused and left alone", async () => {
    await mkdir(join(home, "postgres"), { recursive: true });
    await writeFile(join(home, "postgres/letter.txt"), "mine");
    await expect(start()).rejects.toMatchObject({ code: "database_directory_foreign", message: expect.stringContaining("letter.txt") });
    expect(await readdir(join(home, "postgres"))).toEqual(["letter.txt"]);
  });

  test("a start that was interrupted while making the cluster is made anew, for real and durably", async () => {
    await mkdir(join(home, "postgres.new"), { recursive: true });
    await writeFile(join(home, "postgres.new/PG_VERSION"), "18\n");
    expect(await ask((await start({ durable: true })).ownerUrl, "select 1 as n")).toEqual([{ n: 1 }]);
  });

  test("a home with a very long path works", async () => {
    const long = join(root, "x".repeat(60), "y".repeat(60));
    expect(await ask((await start({ at: long })).ownerUrl, "select 1 as n")).toEqual([{ n: 1 }]);
  });

  test("a server that cannot start says why", async () => {
    await (await start()).stop();
    const directory = await placeDirectory(home, undefined);
    await rm(join(directory, "global/pg_control"));
    await expect(start()).rejects.toMatchObject({ code: "database_start_failed", message: expect.stringContaining("pg_control") });
  });
});

describe("the programs of PostgreSQL", () => {
  let root: string;
  let native: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "holdfast-binaries-"));
    await chmod(root, 0o755);
    native = join(root, "package/native");
    await cp(findPackage().native, native, { recursive: true, verbatimSymlinks: true });
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const version = async (program: string, as?: { uid: number; gid: number }): Promise<string> =>
    (await promisify(execFile)(program, ["--version"], as ?? {})).stdout.trim();

  async function removeLinks(): Promise<string[]> {
    const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[];
    const paths = links.map(({ target }) => join(dirname(native), target));
    await Promise.all(paths.map((path) => unlink(path)));
    return paths;
  }

  test("links that an install without scripts left out are made", async () => {
    await removeLinks();
    await expect(version(join(native, "bin/postgres"))).rejects.toThrow("Command failed");
    const programs = await prepareBinaries(() => Promise.reject(new Error("no copy is needed")), undefined, { native, version: "0" });
    expect(await version(programs.postgres)).toMatch(/PostgreSQL\) 18\./);
  });

  test.runIf(asRoot)("below a folder that only root may enter they are copied to where PostgreSQL's user can read them", async () => {
    await chmod(join(root, "package"), 0o700);
    const user = await chooseUser();
    const place = join(root, "place");
    await mkdir(place, { mode: 0o755 });
    const programs = await prepareBinaries(() => Promise.resolve(place), user, { native, version: "0" });
    expect(programs.postgres).toBe(join(place, "postgresql-0/native/bin/postgres"));
    expect(await version(programs.postgres, user)).toMatch(/PostgreSQL\) 18\./);
    expect((await stat(programs.postgres)).uid).toBe(0);
  });
});

describe.runIf(asRoot)("as root", () => {
  test("a home below a folder that only root may enter works; made anew, it begins empty and the old data is kept", async () => {
    const root = await mkdtemp(join(tmpdir(), "holdfast-root-"));
    const home = join(root, "home");
    const first = await startEmbeddedPostgres({ home, log: silentLog, durable: false });
    const place = dirname(await placeDirectory(home, undefined));
    const running = [first];
    try {
      await ask(first.ownerUrl, "create table kept as select 1 as n");
      expect(place).toMatch(/^\/var\/lib\/holdfast\//);
      const status = await readFile(`/proc/${first.pid()}/status`, "utf8");
      expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe("0");

      await rm(home, { recursive: true });
      await expect(startEmbeddedPostgres({ home, log: silentLog })).rejects.toMatchObject({ code: "directory_in_use" });
      await first.stop();
      await rm(home, { recursive: true });
      running.push(await startEmbeddedPostgres({ home, log: silentLog, durable: false }));
      expect(await ask(running[1]!.ownerUrl, "select to_regclass('kept') as kept")).toEqual([{ kept: null }]);
      expect((await readdir(place)).filter((name) => name.startsWith("postgres.left-"))).toHaveLength(1);
    } finally {
      await Promise.all(running.map((server) => server.stop()));
      await rm(place, { recursive: true, force: true });
      await rm(root, { recursive: true, force: true });
    }
  });

  test("another user of the machine cannot connect", async () => {
    const home = await mkdtemp(join(tmpdir(), "holdfast-peer-"));
    const server = await startEmbeddedPostgres({ home, log: silentLog, durable: false });
    const link = join(tmpdir(), `holdfast-peer-client-${process.pid}.mjs`);
    try {
      await symlink(new URL("../../../../node_modules/pg/esm/index.mjs", import.meta.url).pathname, link);
      const program = `const { default: pg } = await import(${JSON.stringify(link)}); const c = new pg.Client(${JSON.stringify(server.url)}); await c.connect(); console.log("in"); await c.end();`;
      const tried = spawnSync(process.execPath, ["--input-type=module", "-e", program], { uid: 65534, gid: 65534, encoding: "utf8" });
      expect(tried.stdout).not.toContain("in");
      expect(tried.stderr).toMatch(/EACCES/);
    } finally {
      await server.stop();
      await rm(home, { recursive: true, force: true });
      await rm(link, { force: true });
    }
  });
});
