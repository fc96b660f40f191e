/** A fresh, migrated database for one test file. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { openDatabase, type Database } from "../src/platform/db.ts";
import { silentLog } from "../src/platform/log.ts";
import { databaseUrl, onServer } from "./database-server.ts";

export interface TestDatabase extends Database {
  /** Connections of the owner, for what the server itself may not do. */
  owner: pg.Pool;
  /** Closes the connections and removes the database. */
  drop(): Promise<void>;
}

/** Copies the migrated template (about 60 ms). Call `drop()` in `afterAll`. */
export function testDatabase(): Promise<TestDatabase> {
  return makeDatabase(inject("templateDatabase"));
}

/** A database without our tables. */
export function emptyDatabase(): Promise<TestDatabase> {
  return makeDatabase("template1");
}

async function makeDatabase(template: string): Promise<TestDatabase> {
  const clusterUrl = inject("clusterUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await onServer(clusterUrl, `create database ${name} template ${template}`);
  const database = await openDatabase({ url: databaseUrl(clusterUrl, name), home: "", log: silentLog, connections: 10 });
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  // Ended connections may live on until the database is dropped under them.
  owner.on("error", () => undefined);
  owner.on("connect", (client) => client.on("error", () => undefined));
  return {
    ...database,
    owner,
    async drop() {
      await owner.end();
      await database.stop();
      await onServer(clusterUrl, `drop database ${name} with (force)`);
    },
  };
}
