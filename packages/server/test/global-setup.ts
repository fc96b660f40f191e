/** One PostgreSQL cluster per test run, with a migrated database that every test file's own is copied from. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { arrangeAccess } from "../src/platform/database-roles.ts";
import { isHeld } from "../src/platform/directory-lock.ts";
import { startEmbeddedPostgres } from "../src/platform/embedded-postgres.ts";
import { silentLog } from "../src/platform/log.ts";
import { clearEarlierRun } from "../src/platform/postgres/postmaster.ts";
import { prepareSchema } from "../src/platform/schema.ts";
import { databaseUrl, onServer } from "./database-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A database of the server on which the tests make theirs. */
    clusterUrl: string;
    /** Name of the migrated database that they are copied from. */
    templateDatabase: string;
  }
}

const homePrefix = "holdfast-test-";

/** Vitest calls this once per run; what it returns ends the cluster. TEST_DATABASE_URL runs the tests on another server (its role may make databases). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = process.env["TEST_DATABASE_URL"]
    ? { url: process.env["TEST_DATABASE_URL"], stop: async () => undefined }
    : await startCluster();
  const template = `template_${randomBytes(6).toString("hex")}`;
  await onServer(cluster.url, `create database ${template}`);
  const url = databaseUrl(cluster.url, template);
  await prepareSchema({ database: await arrangeAccess({ url, log: silentLog }), log: silentLog });
  project.provide("clusterUrl", cluster.url);
  project.provide("templateDatabase", template);
  return async () => {
    await onServer(cluster.url, `drop database ${template}`);
    await cluster.stop();
  };
}

async function startCluster(): Promise<{ url: string; stop: () => Promise<void> }> {
  await clearAbandoned();
  const home = await mkdtemp(join(tmpdir(), homePrefix));
  const cluster = await startEmbeddedPostgres({ home, log: silentLog, durable: false, makesDatabases: true });
  return {
    url: cluster.ownerUrl,
    async stop() {
      await cluster.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Somebody else on this machine may run tests too; what is theirs is left to them. */
function isOurs({ uid }: Stats): boolean {
  const me = process.getuid?.();
  return me === undefined || me === 0 || me === uid;
}

/** Clusters of our own test runs that were killed: their servers are ended and their files removed. */
async function clearAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(homePrefix));
  for (const name of names) {
    const home = join(tmpdir(), name);
    const lock = join(home, "postgres.lock");
    const made = await stat(lock).catch(() => undefined);
    if (!made || !isOurs(made) || (await isHeld(lock))) continue;
    await clearEarlierRun(join(home, "postgres"), silentLog);
    await rm(home, { recursive: true, force: true });
  }
}
