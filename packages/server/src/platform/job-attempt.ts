/** Running jobs: one attempt, what became of it, and its figures. */
import { isProblem, sayError } from "@holdfast/kit";
import type { JobResult, JobWithMetadata, PgBoss } from "pg-boss";
import { checkPayload, type Job } from "./job.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export type Meters = ReturnType<typeof makeMeters>;

/** The figures of all jobs of a process. */
export function makeMeters(metrics: Metrics, boss: PgBoss) {
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

/** Takes the jobs of one queue, as many at a time as the job allows. */
export async function startWorker(boss: PgBoss, job: Job, log: Log, meters: Meters): Promise<void> {
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
