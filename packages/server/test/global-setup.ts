/** One PostgreSQL cluster per test run, with a migrated database that every test file's own is copied from. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { isHeld } from "../src/platform/directory-lock.ts";
import { startEmbeddedPostgres } from "../src/platform/embedded-postgres.ts";
import { installJobs } from "../src/platform/jobs.ts";
import { silentLog } from "../src/platform/log.ts";
import { migrate } from "../src/platform/migrate.ts";
import { clearEarlierRun } from "../src/platform/postgres/postmaster.ts";
import { databaseUrl, templateDatabase } from "./database-url.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The cluster's database `holdfast`, from which others are made. */
    clusterUrl: string;
  }
}

const homePrefix = "holdfast-test-";

/** Vitest calls this once per run; what it returns ends the cluster. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await clearAbandoned();
  const home = await mkdtemp(join(tmpdir(), homePrefix));
  const cluster = await startEmbeddedPostgres({ home, log: silentLog, durable: false, makesDatabases: true });
  await makeTemplate(cluster.url);
  project.provide("clusterUrl", cluster.url);
  return async () => {
    await cluster.stop();
    await rm(home, { recursive: true, force: true });
  };
}

async function makeTemplate(clusterUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: clusterUrl });
  await client.connect();
  await client.query(`create database ${templateDatabase}`);
  await client.end();
  const url = databaseUrl(clusterUrl, templateDatabase);
  await migrate({ url, log: silentLog });
  await installJobs(url);
}

/** Clusters of test runs that were killed: their servers are ended and their files removed. */
async function clearAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(homePrefix));
  for (const name of names) {
    const home = join(tmpdir(), name);
    const lock = join(home, "postgres.lock");
    const made = await stat(lock).catch(() => undefined);
    if (!made || (await isHeld(lock))) continue;
    await clearEarlierRun(join(home, "postgres"), silentLog);
    await rm(home, { recursive: true, force: true });
  }
}
