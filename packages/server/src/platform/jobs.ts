/** Work that is done later, retried, or on schedule: pg-boss, in the database's schema `jobs`. */
import { PgBoss } from "pg-boss";

/** Makes or upgrades the tables of the job queue. */
export async function installJobs(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, schema: "jobs", supervise: false, schedule: false, max: 1 });
  await boss.start();
  await boss.stop({ graceful: false });
}
