/** The pool as Kysely sees it: errors explained, and a connection that no longer answers is never given out again. */
import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { breaksConnection, connectionLost, explainDatabaseError } from "./database-errors.ts";

/** Wraps a pool. One wrapper per connection, for as long as the connection lives. */
export function guardPool(pool: pg.Pool): PostgresPool {
  const guarded = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch((thrown: unknown) => {
        throw explainDatabaseError(thrown);
      });
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
