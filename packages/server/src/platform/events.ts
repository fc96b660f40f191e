/**
 * Events: what happened, told to whoever cares. Stored in the transaction that made it happen, and handed on afterwards:
 * to subscribers at least once and in order, and to live listeners (server-sent events) with resume from the last number.
 */
import type { LiveEvent } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { sql } from "kysely";
import type { Database, Tx } from "./db.ts";
import { runSubscriber, type Subscriber } from "./event-subscriber.ts";
import { openTail, type EventTail, type StoredEvent } from "./event-tail.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export type { Subscriber } from "./event-subscriber.ts";
export type { StoredEvent } from "./event-tail.ts";

export interface NewEvent {
  /** `<module>.<thing>.<past participle>`, e.g. `devices.device.added`. */
  type: `${string}.${string}.${string}`;
  /** What it happened to: `<kind>:<id>`. */
  subject: string;
  /** Small and without secrets: whoever may see the subject reads it. */
  payload: Record<string, unknown>;
}

/** Stores an event; it is handed on when the transaction commits, and never was when it rolls back. */
export async function publish(tx: Tx, event: NewEvent): Promise<void> {
  if (!/^[a-z_]+(\.[a-z_]+){2,3}$/.test(event.type)) {
    throw new Problem("platform_event_type", {
      kind: "broken",
      say: `The event type "${event.type}" is not of the form module.thing.happened.`,
    });
  }
  await sql`select platform.publish(${event.type}, ${event.subject}, ${JSON.stringify(event.payload)}::jsonb)`.execute(tx);
}

export interface LiveOptions {
  /** Number of the last event the listener saw; without it the stream begins now. */
  after?: string;
  signal: AbortSignal;
}

export interface Events {
  /** Starts handing events to subscribers; each runs in one process at a time, whatever number starts it. */
  start(subscribers: readonly Subscriber[]): Promise<void>;
  /**
   * Events as they settle, until the signal is aborted. A listener that cannot keep up holds up nobody and misses nothing.
   * One that asks for more than is kept gets `platform.stream.reset` first: it must load its view anew.
   */
  live(options: LiveOptions): AsyncGenerator<LiveEvent, void>;
  /** Removes events older than this that every subscriber has; returns how many. */
  prune(olderThanMs: number): Promise<number>;
  /** Lets handlers under way finish. */
  stop(): Promise<void>;
}

export function createEvents({ database, log, metrics }: { database: Database; log: Log; metrics: Metrics }): Events {
  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  let opening: Promise<EventTail> | undefined;
  const handled = metrics.counter({
    name: "holdfast_events_handled_total",
    help: "Events handed to subscribers",
    labels: ["subscriber", "outcome"],
  });
  const listeners = metrics.gauge({ name: "holdfast_live_listeners", help: "Open live streams" });

  /** A failed opening is forgotten, so that the next caller tries again. */
  function tail(): Promise<EventTail> {
    opening ??= openTail(database, log);
    opening.catch(() => (opening = undefined));
    return opening;
  }

  return {
    async start(subscribers) {
      const events = await tail();
      for (const subscriber of subscribers) {
        running.push(runSubscriber({ subscriber, tail: events, db: database.db, log, handled, signal: stopping.signal }));
      }
    },
    async *live({ after, signal }) {
      const events = await tail();
      listeners.inc();
      try {
        yield* follow(events, after, AbortSignal.any([signal, stopping.signal]));
      } finally {
        listeners.dec();
      }
    },
    prune: (olderThanMs) => prune(database, olderThanMs),
    async stop() {
      stopping.abort();
      await Promise.all(running);
      const open = await opening?.catch(() => undefined);
      await open?.stop();
    },
  };
}

async function* follow(tail: EventTail, after: string | undefined, signal: AbortSignal): AsyncGenerator<LiveEvent, void> {
  let position = after === undefined ? tail.position() : Number(after);
  if (after !== undefined && !(await isKept(tail, position))) {
    position = tail.position();
    yield { id: String(position), type: "platform.stream.reset", subject: "stream", at: new Date().toISOString(), payload: {} };
  }
  while (!signal.aborted) {
    const seen = tail.moved.count();
    const { events, until } = await tail.read(position);
    for (const event of events) {
      if (signal.aborted) return;
      yield toLive(event);
    }
    position = events.at(-1)?.id ?? Math.max(position, until);
    if (events.length === 0) await tail.moved.after(seen, 60_000, signal);
  }
}

/** False for a number of another database's past, or one whose successors have been removed. */
async function isKept(tail: EventTail, position: number): Promise<boolean> {
  if (!Number.isSafeInteger(position) || position < 0) return false;
  if (position > tail.position()) return position <= (await tail.settled());
  const oldest = await tail.oldest();
  return position === tail.position() || (oldest !== undefined && position >= oldest - 1);
}

function toLive({ id, type, subject, payload, at }: StoredEvent): LiveEvent {
  return { id: String(id), type, subject, payload, at: at.toISOString() };
}

/** What a subscriber still has to get is kept four times as long, then goes all the same: it may have been removed from the program. */
async function prune({ db }: Database, olderThanMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from platform.event
    where at < now() - make_interval(secs => ${olderThanMs / 1000})
      and (id <= coalesce((select min(done_until) from platform.subscriber), 9223372036854775807)
           or at < now() - make_interval(secs => ${(4 * olderThanMs) / 1000}))`.execute(db);
  return Number(numAffectedRows ?? 0);
}
