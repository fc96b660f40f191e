/** The newest end of the event table, read once per process for all who follow it. */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { createBell, type Bell } from "./bell.ts";
import type { Database, Db, Tx } from "./db.ts";
import { listen } from "./listener.ts";
import type { Log } from "./log.ts";

/** An event as it is stored. `id` rises; it has gaps. */
export interface StoredEvent {
  id: number;
  type: string;
  subject: string;
  payload: Record<string, unknown>;
  at: Date;
}

export interface EventTail {
  /** Up to this number all events are settled: seen, or never to come. */
  position(): number;
  /** The same as the database has it: this process may not have come so far yet. */
  settled(): Promise<number>;
  /** Rings whenever the position has moved. */
  moved: Bell;
  /** The next events after `position`, oldest first, and the number up to which they are complete. */
  read(position: number): Promise<{ events: StoredEvent[]; until: number }>;
  /** Number of the oldest event still kept; undefined when there is none. */
  oldest(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** The name in migrations/0001_platform.sql. */
const channel = "holdfast_events";
/** So many of the newest events are kept in memory; who lags further behind reads the table. */
const remembered = 1_000;
const pageSize = 200;
/** How long to sleep on a silent channel, and while an earlier transaction has yet to settle. */
const pollMs = 5_000;
const unsettledMs = 50;

/** Finds the present end and follows it until stopped. */
export async function openTail(database: Pick<Database, "db" | "url" | "tls">, log: Log): Promise<EventTail> {
  const { db, url, tls } = database;
  const stopping = new AbortController();
  const notified = createBell();
  const moved = createBell();
  const recent: StoredEvent[] = [];
  let position = (await settle(db)).settledUntil;
  let forgottenUntil = position;

  async function follow(): Promise<void> {
    const seen = notified.count();
    const { settledUntil, drawnUntil } = await settle(db);
    if (settledUntil > position) {
      const events = await readEvents(db, { after: position, until: settledUntil, limit: remembered });
      recent.push(...events);
      const dropped = recent.splice(0, Math.max(0, recent.length - remembered)).at(-1);
      if (dropped) forgottenUntil = dropped.id;
      position = events.length === remembered ? (events.at(-1)?.id ?? settledUntil) : settledUntil;
      moved.ring();
    } else await notified.after(seen, drawnUntil > settledUntil ? unsettledMs : pollMs, stopping.signal);
  }

  const following = (async () => {
    while (!stopping.signal.aborted) {
      await follow().catch(async (err: unknown) => {
        log.warn({ err }, "events cannot be read; trying again");
        await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
      });
    }
  })();
  const listener = listen({ url, tls, channel, log, onNotice: notified.ring });

  return {
    position: () => position,
    settled: async () => (await settle(db)).settledUntil,
    moved,
    async read(after) {
      const until = position;
      if (after >= forgottenUntil) return { events: recall(recent, after), until };
      return { events: await readEvents(db, { after, until, limit: pageSize }), until };
    },
    async oldest() {
      const { rows } = await sql<{ id: number | null }>`select min(id) as id from platform.event`.execute(db);
      return rows[0]?.id ?? undefined;
    },
    async stop() {
      stopping.abort();
      await Promise.all([listener.stop(), following]);
    },
  };
}

/** From the end: those who keep up want the last few. */
function recall(recent: StoredEvent[], after: number): StoredEvent[] {
  let from = recent.length;
  while (from > 0 && (recent[from - 1]?.id ?? 0) > after) from -= 1;
  return recent.slice(from, from + pageSize);
}

async function settle(db: Db): Promise<{ settledUntil: number; drawnUntil: number }> {
  const { rows } = await sql<{ settledUntil: number; drawnUntil: number }>`
    select settled_until as "settledUntil", drawn_until as "drawnUntil" from platform.settled()`.execute(db);
  return rows[0] ?? { settledUntil: 0, drawnUntil: 0 };
}

interface Range {
  after: number;
  /** Included. */
  until: number;
  limit: number;
  /** Regular expression over the type; all types unless told. */
  types?: string;
}

/** Events of a settled range, oldest first. */
export async function readEvents(db: Db | Tx, { after, until, limit, types = "" }: Range): Promise<StoredEvent[]> {
  const { rows } = await sql<StoredEvent>`
    select id, type, subject, payload, at from platform.event
    where id > ${after} and id <= ${until} and type ~ ${types} order by id limit ${limit}`.execute(db);
  return rows;
}
