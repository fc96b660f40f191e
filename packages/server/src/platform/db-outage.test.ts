import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inTransaction, openDatabase, type Database } from "./db.ts";
import { silentLog } from "./log.ts";

describe("a database that goes away", () => {
  let home: string;
  let database: Database;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "holdfast-outage-"));
    database = await openDatabase({ home, log: silentLog });
  });
  afterEach(async () => {
    await database.stop();
    await rm(home, { recursive: true, force: true });
  });

  /** Signals the server and all its children. */
  function signalAll(signal: "STOP" | "CONT"): void {
    const pid = String(database.postgresPid());
    const children = spawnSync("pgrep", ["-P", pid], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
    spawnSync("kill", [`-${signal}`, pid, ...children]);
  }

  const unavailable = expect.objectContaining({ code: "database_unavailable", kind: "unavailable" });
  const ask = (): Promise<unknown> => sql`select 1`.execute(database.db);

  test("killed: callers are told at once, nothing hangs, and work goes on when it is back", async () => {
    await ask();
    const pid = database.postgresPid()!;
    const open = inTransaction(database.db, async (tx) => {
      process.kill(pid, "SIGKILL");
      await expect.poll(() => database.postgresPid(), { interval: 5 }).not.toBe(pid);
      await sql`select 1`.execute(tx);
    });
    await expect(open).rejects.toEqual(unavailable);
    await expect.poll(ask, { timeout: 20_000 }).toBeTruthy();
    await expect.poll(() => database.answers(), { timeout: 5_000 }).toBe(true);
  });

  test("stopped: a statement under way fails within seconds, later ones at once, and all works again when it goes on", async () => {
    await Promise.all([ask(), ask()]);
    signalAll("STOP");
    const startedAt = Date.now();
    await expect(ask()).rejects.toEqual(unavailable);
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    expect(database.answers()).toBe(false);
    const askedAt = Date.now();
    await expect(ask()).rejects.toEqual(unavailable);
    expect(Date.now() - askedAt).toBeLessThan(200);
    signalAll("CONT");
    await expect.poll(() => database.answers(), { timeout: 10_000 }).toBe(true);
    await ask();
  });
});
