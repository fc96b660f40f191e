/** Brings the database to what this release needs, as its owner: migrations, the job queue's tables, and the rights of the role that the server works as. */
import { grantRights, type DatabaseAccess } from "./database-roles.ts";
import { installJobs } from "./jobs.ts";
import type { Log } from "./log.ts";
import { migrate } from "./migrate.ts";

/** Several processes may start at one time. @throws Problem as `migrate` */
export async function prepareSchema({ database, log }: { database: DatabaseAccess; log: Log }): Promise<void> {
  const { ownerUrl, role, tls } = database;
  await migrate({ url: ownerUrl, tls, log });
  await installJobs(ownerUrl, tls);
  if (role !== undefined) await grantRights({ ownerUrl, role, tls });
}
