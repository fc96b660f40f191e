/**
 * Work that is done later, retried, or on schedule. pg-boss keeps it in the database's schema `jobs`; a job is enqueued in
 * the caller's transaction, so it exists exactly when what caused it does.
 */
import { Problem } from "@holdfast/kit";
import { fromKysely, type PgBoss } from "pg-boss";
import type { Database, Tx } from "./db.ts";
import { checkPayload, type Job } from "./job.ts";
import { makeMeters, startWorker } from "./job-attempt.ts";
import { failedQueue, makeBoss, makeQueue, makeSchedules } from "./job-queue.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { takeTurns, type TurnTaker } from "./turns.ts";

export { defineJob, type Job, type JobContext } from "./job.ts";
export { installJobs } from "./job-queue.ts";

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

export function createJobs({ database, log, metrics }: { database: Database; log: Log; metrics: Metrics }): Jobs {
  const boss = makeBoss(database, log);
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

async function countFailed(boss: PgBoss): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { sourceName } of await boss.findJobs(failedQueue)) counts[sourceName ?? ""] = (counts[sourceName ?? ""] ?? 0) + 1;
  return counts;
}
