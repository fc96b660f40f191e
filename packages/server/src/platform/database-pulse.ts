/** Asks the database every second whether it is there, so that callers are told within seconds when it is not, rather than hang. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "@holdfast/kit";
import pg from "pg";
import { connectionTo, type DatabaseTls } from "./database-tls.ts";
import type { Log } from "./log.ts";

export interface Pulse {
  /** False once two questions in a row went unanswered. One alone may be our own delay. */
  beats(): boolean;
  stop(): Promise<void>;
}

interface PulseParts {
  url: string;
  tls?: DatabaseTls | undefined;
  log: Log;
  /** Called for every question that goes unanswered while the pulse is gone. */
  onLost: () => void;
}

const everyMs = 1_000;
const patienceMs = 2_000;

/** Watches over a connection of its own: a busy pool is no lost database. */
export function watchPulse({ url, tls, log, onLost }: PulseParts): Pulse {
  const stopping = new AbortController();
  let missed = 0;
  const watching = (async () => {
    let client: pg.Client | undefined;
    while (!stopping.signal.aborted) {
      try {
        client = await ask(client ?? makeClient(url, tls), client === undefined);
        if (missed > 1) log.info("the database answers again");
        missed = 0;
      } catch (err) {
        client = undefined;
        missed += 1;
        if (missed === 2) log.error({ err }, "the database does not answer");
        if (missed > 1) onLost();
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await client?.end().catch(() => undefined);
  })();
  return {
    beats: () => missed < 2,
    async stop() {
      stopping.abort();
      await atMost(patienceMs, watching);
    },
  };
}

function makeClient(url: string, tls: DatabaseTls | undefined): pg.Client {
  const client = new pg.Client({
    ...connectionTo(url, tls),
    application_name: "holdfast pulse",
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on("error", () => undefined); // The next question meets it.
  return client;
}

async function ask(client: pg.Client, isNew: boolean): Promise<pg.Client> {
  try {
    if (isNew) await client.connect();
    await client.query("select 1");
    return client;
  } catch (thrown) {
    client.end().catch(() => undefined);
    throw thrown;
  }
}
