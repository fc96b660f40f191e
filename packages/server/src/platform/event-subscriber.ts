/** Hands events to one subscriber, in order, at least once, in one process at a time. */
import { backoffMs, isProblem, sayError } from "@holdfast/kit";
import { sql } from "kysely";
import type { Counter } from "prom-client";
import { inTransaction, type Db, type Tx } from "./db.ts";
import { readEvents, type EventTail, type StoredEvent } from "./event-tail.ts";
import type { Log } from "./log.ts";

export interface Subscriber {
  /** Names its place in the stream: never change it. `<module>.<what it does>`. */
  name: string;
  /** Types it cares about; `devices.device.*` for all of a kind. */
  types: readonly string[];
  /**
   * Runs in the transaction that also marks the event as handled: what it writes with `tx` happens exactly once. Whatever
   * else it does may happen again. Short; longer work is a job, enqueued with `tx`. Thrown errors are tried again later,
   * and hold up the events behind.
   */
  handle(tx: Tx, event: StoredEvent): Promise<void>;
}

interface SubscriberParts {
  subscriber: Subscriber;
  tail: EventTail;
  db: Db;
  log: Log;
  handled: Counter<"subscriber" | "outcome">;
  signal: AbortSignal;
}

/** After so many failures, spread over about ten minutes, an event is set aside for a person to look at. */
const attempts = 12;
/** Another process may hold the subscriber; look again after this. */
const idleMs = 5_000;
/** A subscriber that few events are for still takes note of how far it is, this often, so that old events can go. */
const noteEvery = 100;

type Step = { kind: "handled" } | { kind: "idle" } | { kind: "wait"; ms: number };

/** Runs until the signal is aborted; never rejects. */
export async function runSubscriber(parts: SubscriberParts): Promise<void> {
  const { subscriber, db, tail, log, signal } = parts;
  let registered = false;
  while (!signal.aborted) {
    const seen = tail.moved.count();
    try {
      if (!registered) await register(db, subscriber.name);
      registered = true;
      const step = await handleNext(parts);
      if (step.kind !== "handled")
        await tail.moved.after(step.kind === "idle" ? seen : Infinity, step.kind === "idle" ? idleMs : step.ms, signal);
    } catch (err) {
      log.warn({ err, subscriber: subscriber.name }, "a subscriber cannot go on; trying again");
      await tail.moved.after(Infinity, 1_000, signal);
    }
  }
}

async function register(db: Db, name: string): Promise<void> {
  await sql`insert into platform.subscriber (name) values (${name}) on conflict do nothing`.execute(db);
}

async function handleNext(parts: SubscriberParts): Promise<Step> {
  const { subscriber, db, handled } = parts;
  let taken: StoredEvent | undefined;
  try {
    const step = await inTransaction(db, (tx) => handleIn(tx, parts, (event) => (taken = event)));
    if (step.kind === "handled") handled.inc({ subscriber: subscriber.name, outcome: "handled" });
    return step;
  } catch (thrown) {
    if (!taken || (isProblem(thrown) && thrown.code.startsWith("database_"))) throw thrown;
    return await noteFailure(parts, taken, thrown);
  }
}

/** The row lock on the subscriber is what keeps others out; it ends with the transaction, or with this process. */
async function handleIn(tx: Tx, { subscriber, tail }: SubscriberParts, take: (event: StoredEvent) => void): Promise<Step> {
  const { rows } = await sql<{ doneUntil: number; waitMs: number }>`
    select done_until as "doneUntil", greatest(0, extract(epoch from retry_at - now()) * 1000)::float8 as "waitMs"
    from platform.subscriber where name = ${subscriber.name} for update skip locked`.execute(tx);
  const row = rows[0];
  if (!row) return { kind: "idle" };
  if (row.waitMs > 0) return { kind: "wait", ms: row.waitMs };
  const until = tail.position();
  const [event] = await readEvents(tx, { after: row.doneUntil, until, limit: 1, types: typePattern(subscriber.types) });
  if (!event) {
    if (until - row.doneUntil >= noteEvery) await noteDone(tx, subscriber.name, until);
    return { kind: "idle" };
  }
  take(event);
  await subscriber.handle(tx, event);
  await noteDone(tx, subscriber.name, event.id);
  return { kind: "handled" };
}

/** Types as one regular expression; `*` stands for anything. */
function typePattern(types: readonly string[]): string {
  return `^(${types.map((type) => type.replaceAll(".", "\\.").replaceAll("*", ".*")).join("|")})$`;
}

async function noteDone(tx: Tx, name: string, doneUntil: number): Promise<void> {
  await sql`update platform.subscriber set done_until = ${doneUntil}, failures = 0, retry_at = null, updated_at = now() where name = ${name}`.execute(
    tx,
  );
}

async function noteFailure({ subscriber, db, log, handled }: SubscriberParts, event: StoredEvent, err: unknown): Promise<Step> {
  const fields = { err, subscriber: subscriber.name, event: event.id, type: event.type };
  return inTransaction(db, async (tx) => {
    const { rows } = await sql<{ failures: number }>`
      update platform.subscriber set failures = failures + 1, updated_at = now()
      where name = ${subscriber.name} and done_until < ${event.id} returning failures`.execute(tx);
    const failures = rows[0]?.failures ?? 0;
    if (failures >= attempts) {
      await setAside(tx, subscriber.name, event, sayError(err));
      log.error(fields, "an event was set aside: its subscriber failed too often");
      handled.inc({ subscriber: subscriber.name, outcome: "set_aside" });
      return { kind: "handled" };
    }
    const waitMs = Math.round(backoffMs(failures, 500, 60_000));
    await sql`update platform.subscriber set retry_at = now() + make_interval(secs => ${waitMs / 1000}) where name = ${subscriber.name}`.execute(
      tx,
    );
    log.warn({ ...fields, failures, waitMs }, "a subscriber failed; trying again");
    handled.inc({ subscriber: subscriber.name, outcome: "failed" });
    return { kind: "wait", ms: waitMs };
  });
}

async function setAside(tx: Tx, name: string, event: StoredEvent, error: string): Promise<void> {
  await sql`
    insert into platform.refused_event (subscriber, event_id, type, subject, payload, at, error)
    values (${name}, ${event.id}, ${event.type}, ${event.subject}, ${JSON.stringify(event.payload)}::jsonb, ${event.at}, ${error})
    on conflict do nothing`.execute(tx);
  await noteDone(tx, name, event.id);
}
