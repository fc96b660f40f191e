import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { inTransaction, openDatabase, type Database } from "./db.ts";
import { createEvents, publish } from "./events.ts";
import { createJobs, defineJob } from "./jobs.ts";
import { silentLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { prepareSchema } from "./schema.ts";

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

  test("killed: jobs, turns, subscribers and live streams go on with what was committed when it is back", async () => {
    await prepareSchema({ database, log: silentLog });
    const parts = { database, log: silentLog, metrics: createMetrics() };
    const jobs = createJobs(parts);
    const events = createEvents(parts);
    const seen = { jobs: [] as number[], events: [] as number[], live: [] as unknown[], turns: 0 };
    const job = defineJob({ name: "test.job", payload: z.object({ n: z.number() }), handler: async ({ n }) => void seen.jobs.push(n) });
    const leaving = new AbortController();
    try {
      await jobs.start([job]);
      jobs.every(100, "test.turn", async () => void (seen.turns += 1));
      await events.start([
        {
          name: "test.subscriber",
          types: ["test.thing.*"],
          handle: async (_, event) => void seen.events.push(event.payload["n"] as number),
        },
      ]);
      const live = (async () => {
        for await (const event of events.live({ after: "0", signal: leaving.signal })) seen.live.push(event.payload["n"]);
      })();
      const act = (n: number): Promise<void> =>
        inTransaction(database.db, async (tx) => {
          await publish(tx, { type: "test.thing.made", subject: `thing:${n}`, payload: { n } });
          await jobs.enqueue(tx, job, { n });
        });
      await act(1);
      await expect.poll(() => seen).toMatchObject({ jobs: [1], events: [1], live: [1] });
      const pid = database.postgresPid()!;
      process.kill(pid, "SIGKILL");
      await expect.poll(() => database.postgresPid() ?? pid, { timeout: 20_000 }).not.toBe(pid);
      await expect.poll(() => act(2).then(() => "done", String), { timeout: 20_000 }).toBe("done");
      const { turns } = seen;
      await expect.poll(() => seen, { timeout: 20_000 }).toMatchObject({ jobs: [1, 2], events: [1, 2], live: [1, 2] });
      await expect.poll(() => seen.turns, { timeout: 20_000 }).toBeGreaterThan(turns);
      leaving.abort();
      await live;
    } finally {
      await Promise.all([jobs.stop({ graceMs: 2_000 }), events.stop()]);
    }
  });
});
