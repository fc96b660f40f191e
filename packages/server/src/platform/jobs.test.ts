import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { testDatabase, type TestDatabase } from "../../test/database.ts";
import { inTransaction } from "./db.ts";
import { createJobs, defineJob, type EnqueueOptions, type Job, type Jobs } from "./jobs.ts";
import { silentLog } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

let database: TestDatabase;
let metrics: Metrics;
const opened: Jobs[] = [];
beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(() => {
  metrics = createMetrics();
});
afterEach(() => Promise.all(opened.splice(0).map((jobs) => jobs.stop({ graceMs: 2_000 }))));
afterAll(() => database.drop());

function openJobs(): Jobs {
  const jobs = createJobs({ database, log: silentLog, metrics });
  opened.push(jobs);
  return jobs;
}

interface Numbered {
  n: number;
}
/** A job that writes down what it was given; `also` runs after that. */
function recorder(
  name: string,
  parts: Partial<Job<Numbered>> = {},
  also: (n: number) => Promise<void> = async () => undefined,
): { job: Job<Numbered>; seen: number[] } {
  const seen: number[] = [];
  const handler = async ({ n }: Numbered): Promise<void> => {
    seen.push(n);
    await also(n);
  };
  return { job: defineJob({ name, payload: z.object({ n: z.number() }), handler, ...parts }), seen };
}

const enqueue = (jobs: Jobs, job: Job<Numbered>, n: number, options: EnqueueOptions = {}): Promise<string | undefined> =>
  inTransaction(database.db, (tx) => jobs.enqueue(tx, job, { n }, options));

describe("jobs", () => {
  test("run when the transaction that enqueued them commits, never when it rolls back", async () => {
    const { job, seen } = recorder("test.commit");
    const jobs = openJobs();
    await jobs.start([job]);
    await inTransaction(database.db, async (tx) => {
      await jobs.enqueue(tx, job, { n: 1 });
      throw new Error("no");
    }).catch(() => undefined);
    await inTransaction(database.db, async (tx) => {
      await jobs.enqueue(tx, job, { n: 2 });
      const { rows } = await sql`select from jobs.job where name = 'test.commit'`.execute(database.db);
      expect(rows).toEqual([]);
    });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([2]);
  });

  test("start within moments of being enqueued", async () => {
    const { job, seen } = recorder("test.prompt");
    const jobs = openJobs();
    await jobs.start([job]);
    const startedAt = performance.now();
    await enqueue(jobs, job, 1);
    await expect.poll(() => seen, { interval: 5 }).toEqual([1]);
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  test("may be enqueued by a process that does not run them, and wait there for one that does", async () => {
    const { job, seen } = recorder("test.elsewhere");
    const front = openJobs();
    await front.start([job], { work: false });
    await enqueue(front, job, 1);
    await openJobs().start([job]);
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([1]);
  });

  test("that fail are tried again, then set aside where they can be seen and put back", async () => {
    let works = false;
    const attempts: number[] = [];
    const job = defineJob({
      name: "test.failing",
      payload: z.object({ n: z.number() }),
      retry: { attempts: 2, baseMs: 1_000, maxMs: 1_000 },
      async handler(_, { attempt }) {
        attempts.push(attempt);
        if (!works) throw new Error("not today");
      },
    });
    const jobs = openJobs();
    await jobs.start([job]);
    await enqueue(jobs, job, 1);
    await expect.poll(() => attempts, { timeout: 15_000 }).toEqual([1, 2]);
    await expect.poll(() => jobs.failed()).toEqual({ "test.failing": 1 });
    works = true;
    expect(await jobs.retryFailed("test.failing")).toBe(1);
    await expect.poll(() => attempts.length, { timeout: 10_000 }).toBe(3);
    await expect.poll(() => jobs.failed()).toEqual({});
    expect((await metrics.page()).text).toMatch(/holdfast_job_runs_total\{job="test.failing",outcome="failed"\} 1/);
  });

  test("keep the error's text, and none of its facts, in the queue", async () => {
    const { job } = recorder("test.secretive", { retry: { attempts: 1, baseMs: 1_000 } }, async () => {
      throw Object.assign(new Error("refused"), { password: "hunter2" });
    });
    const jobs = openJobs();
    await jobs.start([job]);
    await enqueue(jobs, job, 1);
    await expect.poll(() => jobs.failed(), { timeout: 5_000 }).toEqual({ "test.secretive": 1 });
    const { rows } = await sql<{ all: string }>`select string_agg(to_jsonb(job)::text, '') as all from jobs.job`.execute(database.db);
    expect(rows[0]?.all).toContain("refused");
    expect(rows[0]?.all).not.toContain("hunter2");
    await jobs.retryFailed("test.secretive");
  });

  test("with a wrong payload are refused at the door; an old one found in the queue is set aside at once", async () => {
    const { job, seen } = recorder("test.shaped");
    const jobs = openJobs();
    await jobs.start([{ ...job, payload: z.object({ n: z.number(), more: z.string() }) }]);
    await expect(inTransaction(database.db, (tx) => jobs.enqueue(tx, job, { n: "one" } as unknown as Numbered))).rejects.toMatchObject({
      code: "platform_job_payload",
    });
    await enqueue(jobs, job, 1);
    await expect.poll(() => jobs.failed(), { timeout: 5_000 }).toMatchObject({ "test.shaped": 1 });
    expect(seen).toEqual([]);
  });

  test("with a key: one waits, one runs, and other keys run beside it", async () => {
    const gate = Promise.withResolvers<void>();
    const active = { now: 0, most: 0 };
    const { job, seen } = recorder("test.keyed", { keyed: true, concurrency: 4 }, async (n) => {
      if (n === 9) return;
      active.now += 1;
      active.most = Math.max(active.most, active.now);
      await gate.promise;
      active.now -= 1;
    });
    const jobs = openJobs();
    await jobs.start([job]);
    await enqueue(jobs, job, 1, { key: "a" });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([1]);
    expect(await enqueue(jobs, job, 2, { key: "a" })).toBeTypeOf("string");
    expect(await enqueue(jobs, job, 3, { key: "a" })).toBeUndefined();
    await enqueue(jobs, job, 9, { key: "b" });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([1, 9]);
    gate.resolve();
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([1, 9, 2]);
    expect(active.most).toBe(1);
    await expect(enqueue(jobs, job, 4)).rejects.toMatchObject({ code: "platform_job_key" });
  });

  test("can be put off", async () => {
    const { job, seen } = recorder("test.later");
    const jobs = openJobs();
    await jobs.start([job]);
    await enqueue(jobs, job, 1, { startAfterMs: 3_600_000 });
    await enqueue(jobs, job, 2);
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([2]);
  });

  test("on schedule are known to the queue, and leave it with the release that had them", async () => {
    const { job } = recorder("test.nightly", { schedule: { cron: "0 2 * * *", payload: { n: 1 } } });
    const first = openJobs();
    await first.start([job]);
    const stored = async (): Promise<unknown[]> => (await sql`select name, cron, timezone from jobs.schedule`.execute(database.db)).rows;
    expect(await stored()).toEqual([{ name: "test.nightly", cron: "0 2 * * *", timezone: "UTC" }]);
    await openJobs().start([]);
    expect(await stored()).toEqual([]);
  });

  test("under way are finished before a stop returns", async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { job } = recorder("test.graceful", {}, () => {
      begun.resolve();
      return gate.promise;
    });
    const jobs = openJobs();
    await jobs.start([job]);
    await enqueue(jobs, job, 1);
    await begun.promise;
    const stopped = jobs.stop().then(() => "stopped");
    opened.splice(0);
    gate.resolve();
    expect(await stopped).toBe("stopped");
    const { rows } = await sql`select state from jobs.job where name = 'test.graceful'`.execute(database.db);
    expect(rows).toEqual([{ state: "completed" }]);
  });
});

describe("turns", () => {
  /** When the turn after the one under way may begin: its own beginning and the interval, by the database's clock; microseconds. */
  const nextTurn = async (name: string): Promise<number> => {
    const { rows } = await sql<{ at: number }>`
      select (extract(epoch from next_at) * 1000000)::float8 as at from platform.turn where name = ${name}`.execute(database.db);
    return rows[0]?.at ?? Number.NaN;
  };

  test("are taken by one process at a time, not more often than asked, however many run", async () => {
    const nextAt: number[] = [];
    let now = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++now);
      nextAt.push(await nextTurn("test.turn"));
      await sleep(20);
      now -= 1;
    };
    for (const jobs of [openJobs(), openJobs(), openJobs()]) jobs.every(200, "test.turn", work);
    await expect.poll(() => nextAt.length, { timeout: 10_000 }).toBeGreaterThan(4);
    const gaps = nextAt.slice(1).map((next, index) => next - nextAt[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200_000);
    expect(most).toBe(1);
  });

  test("go on after a failure, and with another process when the first one stops", async () => {
    const taken: string[] = [];
    const [one, two] = [openJobs(), openJobs()];
    one.every(50, "test.handover", async () => {
      taken.push("one");
      throw new Error("no luck");
    });
    await expect.poll(() => taken.length).toBeGreaterThan(2);
    await one.stop();
    opened.splice(opened.indexOf(one), 1);
    two.every(50, "test.handover", async () => void taken.push("two"));
    await expect.poll(() => taken.at(-1)).toBe("two");
    expect((await metrics.page()).text).toMatch(/holdfast_turn_failures_total\{turn="test.handover"\} \d/);
  });

  test("of a process that died pass on when its time is up", async () => {
    await sql`insert into platform.turn values ('test.dead', 'gone', now() + interval '1 second', now() + interval '1 hour')`.execute(
      database.db,
    );
    const begun = Date.now();
    const taken: number[] = [];
    openJobs().every(50, "test.dead", async () => void taken.push(Date.now() - begun));
    await expect.poll(() => taken.length, { timeout: 5_000 }).toBeGreaterThan(0);
    expect(taken[0]).toBeGreaterThan(900);
  });

  test("under way are told to stop when the process does", async () => {
    const begun = Promise.withResolvers<void>();
    let told = false;
    const jobs = openJobs();
    jobs.every(50, "test.told", async (signal) => {
      begun.resolve();
      await sleep(60_000, undefined, { signal }).catch(() => (told = true));
    });
    await begun.promise;
    await jobs.stop();
    expect(told).toBe(true);
  });
});
