/** The queue's own side: pg-boss, its tables, the queue and the schedule of each job. */
import { PgBoss } from "pg-boss";
import type { DatabaseAccess } from "./database-roles.ts";
import { connectionTo, type DatabaseTls } from "./database-tls.ts";
import type { Job } from "./job.ts";
import type { Log } from "./log.ts";

const schema = "jobs";
/** Where jobs go that failed for good. */
export const failedQueue = "failed";

/** Makes or upgrades the tables of the job queue; to be called as their owner, which the server at work is not. */
export async function installJobs(url: string, tls?: DatabaseTls): Promise<void> {
  const boss = new PgBoss({ ...connectionTo(url, tls), schema, supervise: false, schedule: false, max: 1 });
  boss.on("error", () => undefined); // Rejected to the caller as well.
  await boss.start();
  await boss.stop({ graceful: false });
}

/** Half a minute after the last sign of life a job of a dead process is another's. */
export function makeBoss({ url, tls }: Pick<DatabaseAccess, "url" | "tls">, log: Log): PgBoss {
  const boss = new PgBoss({
    ...connectionTo(url, tls),
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

/** Makes the queue of a job, or brings it to what the job says now. */
export async function makeQueue(boss: PgBoss, job: Job): Promise<void> {
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
export async function makeSchedules(boss: PgBoss, jobs: readonly Job[]): Promise<void> {
  const wanted = jobs.filter((job) => job.schedule !== undefined);
  for (const { name } of await boss.getSchedules()) if (!wanted.some((job) => job.name === name)) await boss.unschedule(name);
  for (const { name, schedule } of wanted)
    if (schedule) await boss.schedule(name, schedule.cron, schedule.payload, { tz: "UTC", missed: "once" });
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
