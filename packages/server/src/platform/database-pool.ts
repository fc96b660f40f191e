/** The pool as Kysely sees it: errors explained, and no caller kept waiting for a database that is not there. */
import { atMost } from "@holdfast/kit";
import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { breaksConnection, connectionLost, explainDatabaseError } from "./database-errors.ts";

export interface GuardedPool extends PostgresPool {
  /** Breaks the connections in use: their callers are told now that the database is gone. */
  breakAll(): void;
}

/** Wraps a pool. `mayConnect` false refuses at once. One wrapper per connection, for as long as the connection lives. */
export function guardPool(pool: pg.Pool, mayConnect: () => boolean): GuardedPool {
  const guarded = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const inUse = new Set<pg.PoolClient>();
  pool.on("release", (_error, client) => inUse.delete(client));
  return {
    options: pool.options,
    breakAll: () => inUse.forEach((client) => void (client as pg.PoolClient & pg.Client).end().catch(() => undefined)),
    // A connection to a stopped server never says good-bye; the process must be able to end all the same.
    end: () => atMost(3_000, pool.end()),
    async connect() {
      if (!mayConnect()) throw connectionLost();
      const client = await pool.connect().catch((thrown: unknown) => {
        throw explainDatabaseError(thrown);
      });
      inUse.add(client);
      const known = guarded.get(client) ?? guardClient(client);
      guarded.set(client, known);
      return known;
    },
  };
}

function guardClient(client: pg.PoolClient): PostgresPoolClient {
  let broken = false;
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (broken) throw connectionLost();
    try {
      return await client.query(text, parameters as unknown[]);
    } catch (thrown) {
      // A late answer to a query that we gave up would be taken for the answer to the next one.
      if (breaksConnection(thrown)) broken = true;
      throw explainDatabaseError(thrown);
    }
  };
  return {
    query: query as PostgresPoolClient["query"],
    release: (destroy) => client.release(broken || Boolean(destroy)),
  };
}
