/**
 * Work that is done later, retried, or on schedule. pg-boss keeps it in the database's schema `jobs`; a job is enqueued in
 * the caller's transaction, so it exists exactly when what caused it does.
 */
import { isProblem, Problem, sayError } from "@holdfast/kit";
import { fromKysely, PgBoss, type JobResult, type JobWithMetadata } from "pg-boss";
import type { z } from "zod";
import type { Database, Tx } from "./db.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { takeTurns, type TurnTaker } from "./turns.ts";

export interface JobContext {
  id: string;
  /** 1 for the first attempt. */
  attempt: number;
  /** Aborted when the job's time is up or the process ends. */
  signal: AbortSignal;
  log: Log;
}

export interface Job<Payload extends object = object> {
  /** `<module>.<what it does>`, e.g. `devices.back-up`. */
  name: string;
  payload: z.ZodType<Payload>;
  /** Waits double from `baseMs`, with jitter, up to `maxMs`; whole seconds. Three attempts from 2 s on unless told. */
  retry?: { attempts: number; baseMs: number; maxMs?: number };
  /** How long one attempt may take; 15 min unless told. */
  timeoutMs?: number;
  /** Runs by itself (cron, UTC). A run that was missed while nothing ran is made up for once. */
  schedule?: { cron: string; payload: Payload };
  /** How many run at one time in one process; 1 unless told. */
  concurrency?: number;
  /** Jobs carry a key: of one key at most one waits and at most one runs. */
  keyed?: boolean;
  /** May run more than once for one job. */
  handler(payload: Payload, context: JobContext): Promise<void>;
}

export interface EnqueueOptions {
  startAfterMs?: number;
  /** For keyed jobs, and only for them. */
  key?: string;
}

export interface Jobs {
  /** Returns the job's id; undefined when one with its key waits already. The job starts after the commit. */
  enqueue<Payload extends object>(tx: Tx, job: Job<Payload>, payload: Payload, options?: EnqueueOptions): Promise<string | undefined>;
  /** Makes the queues of all jobs; with `work` (default) also runs them. To be called once, before `enqueue`. */
  start(jobs: readonly Job[], options?: { work?: boolean }): Promise<void>;
  /** Has `work` done every `ms` by one process of all that run; the next turn begins `ms` after the last began, or when it is over. */
  every(ms: number, name: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** Jobs that failed for good, by name. They are kept for 14 days. */
  failed(): Promise<Record<string, number>>;
  /** Puts the jobs that failed for good back into their queue; returns how many. */
  retryFailed(name: string): Promise<number>;
  /** Takes no more jobs, waits up to `graceMs` (10 s) for those under way; the rest are retried by another process or the next start. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

const schema = "jobs";
/** Where jobs go that failed for good. */
const failedQueue = "failed";

/** Gives a job's shape its type; the list of them goes to `start`. */
export function defineJob<Payload extends object>(job: Job<Payload>): Job<Payload> {
  return job;
}

/** Makes or upgrades the tables of the job queue. */
export async function installJobs(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, schema, supervise: false, schedule: false, max: 1 });
  boss.on("error", () => undefined); // Rejected to the caller as well.
  await boss.start();
  await boss.stop({ graceful: false });
}

export function createJobs({ database, log, metrics }: { database: Database; log: Log; metrics: Metrics }): Jobs {
  const boss = makeBoss(database.url, log);
  const turns = new Set<TurnTaker>();
  const meters = makeMeters(metrics, boss);
  let started = false;
  return {
    async enqueue(tx, job, payload, options = {}) {
      const id = await boss.send(job.name, checkPayload(job, payload), { ...sendOptions(job, options), db: fromKysely(tx) });
      return id ?? undefined;
    },
    async start(jobs, { work = true } = {}) {
      await boss.start();
      started = true;
      await boss.createQueue(failedQueue, { retentionSeconds: 14 * 86_400 });
      for (const job of jobs) await makeQueue(boss, job);
      await makeSchedules(boss, jobs);
      if (work) await Promise.all(jobs.map((job) => startWorker(boss, job, log, meters)));
    },
    every: (ms, name, work) => void turns.add(takeTurns({ db: database.db, ms, name, work, log, metrics })),
    failed: () => countFailed(boss),
    retryFailed: (name) => boss.redrive(failedQueue, { sourceName: name }),
    async stop({ graceMs = 10_000 } = {}) {
      await Promise.all([...turns].map((turn) => turn.stop(graceMs)));
      if (started) await boss.stop({ graceful: true, timeout: graceMs });
    },
  };
}

/** Half a minute after the last sign of life a job of a dead process is another's. */
function makeBoss(url: string, log: Log): PgBoss {
  const boss = new PgBoss({
    connectionString: url,
    schema,
    application_name: "holdfast jobs",
    max: 4,
    connectionTimeoutMillis: 3_000,
    useListenNotify: true,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
    queueCacheIntervalSeconds: 10,
  });
  boss.on("error", (err) => log.warn({ err }, "the job queue met an error"));
  boss.on("warning", (warning) => log.warn({ warning: warning.message }, "the job queue warns"));
  return boss;
}

async function makeQueue(boss: PgBoss, job: Job): Promise<void> {
  const { attempts, baseMs, maxMs = 300_000 } = job.retry ?? { attempts: 3, baseMs: 2_000 };
  const changeable = {
    retryLimit: attempts - 1,
    retryDelay: toSeconds(baseMs),
    retryBackoff: true,
    expireInSeconds: toSeconds(job.timeoutMs ?? 900_000),
    notify: true,
  };
  const fixed = {
    retryDelayMax: toSeconds(maxMs),
    heartbeatSeconds: 20,
    deadLetter: failedQueue,
    policy: job.keyed ? "short" : "standard",
  };
  await boss.createQueue(job.name, { ...changeable, ...fixed });
  await boss.updateQueue(job.name, changeable);
}

/** Schedules of jobs that this release no longer has are removed. */
async function makeSchedules(boss: PgBoss, jobs: readonly Job[]): Promise<void> {
  const wanted = jobs.filter((job) => job.schedule !== undefined);
  for (const { name } of await boss.getSchedules()) if (!wanted.some((job) => job.name === name)) await boss.unschedule(name);
  for (const { name, schedule } of wanted)
    if (schedule) await boss.schedule(name, schedule.cron, schedule.payload, { tz: "UTC", missed: "once" });
}

function sendOptions(
  job: Job,
  { startAfterMs, key }: EnqueueOptions,
): { startAfter?: Date; singletonKey?: string; group?: { id: string } } {
  if ((job.keyed ?? false) !== (key !== undefined)) {
    throw new Problem("platform_job_key", { kind: "broken", say: `The job ${job.name} ${job.keyed ? "needs" : "takes no"} key.` });
  }
  return {
    ...(startAfterMs !== undefined && { startAfter: new Date(Date.now() + startAfterMs) }),
    ...(key !== undefined && { singletonKey: key, group: { id: key } }),
  };
}

function checkPayload<Payload extends object>(job: Job<Payload>, payload: unknown): Payload {
  const parsed = job.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new Problem("platform_job_payload", {
    kind: "broken",
    say: `The payload of the job ${job.name} has the wrong shape.`,
    because: parsed.error,
  });
}

type Meters = ReturnType<typeof makeMeters>;

function makeMeters(metrics: Metrics, boss: PgBoss) {
  metrics.gauge({
    name: "holdfast_jobs_waiting",
    help: "Jobs ready to run, by job; those that failed for good under `failed`",
    labels: ["job"],
    read: async (gauge) => {
      for (const queue of await boss.getQueues().catch(() => [])) gauge.set({ job: queue.name }, queue.readyCount);
    },
  });
  return {
    runs: metrics.counter({ name: "holdfast_job_runs_total", help: "Attempts at jobs", labels: ["job", "outcome"] }),
    seconds: metrics.histogram({ name: "holdfast_job_duration_seconds", help: "Time of one attempt", labels: ["job"] }),
  };
}

async function startWorker(boss: PgBoss, job: Job, log: Log, meters: Meters): Promise<void> {
  const options = {
    includeMetadata: true,
    perJobResults: true,
    pollingIntervalSeconds: 1,
    notifyPollingIntervalSeconds: 2,
    localConcurrency: job.concurrency ?? 1,
    ...(job.keyed && { groupConcurrency: 1 }),
  } as const;
  await boss.work(job.name, options, (batch: JobWithMetadata[]) =>
    Promise.all(batch.map((stored) => attempt(job, stored, log.child({ job: job.name, jobId: stored.id }), meters))),
  );
}

/** One attempt. Of an error the text alone goes into the queue: its facts may be secret, and the log has them redacted. */
async function attempt(job: Job, stored: JobWithMetadata, log: Log, { runs, seconds }: Meters): Promise<JobResult> {
  const time = seconds.startTimer({ job: job.name });
  const number = stored.retryCount + 1;
  try {
    await job.handler(checkPayload(job, stored.data), { id: stored.id, attempt: number, signal: stored.signal, log });
    runs.inc({ job: job.name, outcome: "completed" });
    return { id: stored.id, status: "completed" };
  } catch (err) {
    const output = { message: sayError(err) };
    if (number <= stored.retryLimit && !isHopeless(err)) {
      log.warn({ err, attempt: number }, "a job failed and is tried again");
      runs.inc({ job: job.name, outcome: "retried" });
      return { id: stored.id, status: "failed", output };
    }
    log.error({ err, attempt: number }, "a job failed for good");
    runs.inc({ job: job.name, outcome: "failed" });
    return { id: stored.id, status: "deadletter", output };
  } finally {
    time();
  }
}

/** A payload of an older release's shape stays wrong, however often it is tried. */
function isHopeless(thrown: unknown): boolean {
  return isProblem(thrown) && thrown.code === "platform_job_payload";
}

async function countFailed(boss: PgBoss): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { sourceName } of await boss.findJobs(failedQueue)) counts[sourceName ?? ""] = (counts[sourceName ?? ""] ?? 0) + 1;
  return counts;
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
