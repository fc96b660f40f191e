/** One connection that listens for notifications of PostgreSQL, for all of the process; it comes back by itself. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "@holdfast/kit";
import pg from "pg";
import { connectionTo, type DatabaseTls } from "./database-tls.ts";
import type { Log } from "./log.ts";

export interface Listener {
  stop(): Promise<void>;
}

interface ListenerParts {
  url: string;
  tls?: DatabaseTls | undefined;
  channel: string;
  log: Log;
  /** Called for each notification, and after each connect: what was notified before it is lost. */
  onNotice: () => void;
}

const heartbeatMs = 10_000;
const patienceMs = 3_000;

/** Listens until stopped. A dead connection is found by a question every 10 s; the callers poll besides, so a notice is a courtesy. */
export function listen({ url, tls, channel, log, onNotice }: ListenerParts): Listener {
  const stopping = new AbortController();
  const { signal } = stopping;
  const listening = (async () => {
    for (let waitMs = 100; !signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await listenOnce({ url, tls, channel, onNotice, signal, onConnect: () => (waitMs = 100) });
      } catch (err) {
        log.warn({ err, channel }, "not listening to the database; polling until it is back");
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await atMost(patienceMs, listening);
    },
  };
}

interface Once {
  url: string;
  tls: DatabaseTls | undefined;
  channel: string;
  onNotice: () => void;
  onConnect: () => void;
  signal: AbortSignal;
}

/** Resolves when stopped; rejects when the connection breaks. */
async function listenOnce({ url, tls, channel, onNotice, onConnect, signal }: Once): Promise<void> {
  const client = new pg.Client({
    ...connectionTo(url, tls),
    application_name: "holdfast listen",
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  const broken = new AbortController();
  client.on("error", (err) => broken.abort(err));
  client.on("end", () => broken.abort(new Error("the connection ended")));
  client.on("notification", onNotice);
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
    onConnect();
    onNotice();
    const either = AbortSignal.any([signal, broken.signal]);
    while (!either.aborted) {
      await sleep(heartbeatMs, undefined, { signal: either }).catch(() => undefined);
      if (!either.aborted) await client.query("select 1");
    }
    if (!signal.aborted) throw broken.signal.reason;
  } finally {
    client.end().catch(() => undefined);
  }
}
