import { setTimeout as sleep } from "node:timers/promises";
import type { LiveEvent } from "@holdfast/contract";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../test/database.ts";
import { inTransaction } from "./db.ts";
import { createEvents, publish, type Events, type StoredEvent, type Subscriber } from "./events.ts";
import { silentLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";

let database: TestDatabase;
const opened: Events[] = [];
beforeAll(async () => {
  database = await testDatabase();
});
beforeEach(() => database.owner.query("truncate platform.event, platform.subscriber, platform.refused_event restart identity"));
afterEach(() => Promise.all(opened.splice(0).map((events) => events.stop())));
afterAll(() => database.drop());

/** The events part of one process. */
function openEvents(): Events {
  const events = createEvents({ database, log: silentLog, metrics: createMetrics() });
  opened.push(events);
  return events;
}

const tell = (n: number, type: "test.thing.made" | "test.other.made" = "test.thing.made"): Promise<void> =>
  inTransaction(database.db, (tx) => publish(tx, { type, subject: `thing:${n}`, payload: { n } }));

function recorder(name = "test.record", types = ["test.thing.*"]): { subscriber: Subscriber; seen: number[] } {
  const seen: number[] = [];
  const handle = async (_: unknown, event: StoredEvent): Promise<void> => void seen.push(event.payload["n"] as number);
  return { subscriber: { name, types, handle }, seen };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe("subscribers", () => {
  test("get what was published before and after their start, in order, and only their types", async () => {
    await tell(1);
    const { subscriber, seen } = recorder();
    await openEvents().start([subscriber]);
    await tell(2);
    await tell(99, "test.other.made");
    await tell(3);
    await expect.poll(() => seen).toEqual([1, 2, 3]);
  });

  test("are never told of a transaction that was rolled back", async () => {
    const { subscriber, seen } = recorder();
    await openEvents().start([subscriber]);
    await inTransaction(database.db, async (tx) => {
      await publish(tx, { type: "test.thing.made", subject: "thing:0", payload: { n: 0 } });
      throw new Error("no");
    }).catch(() => undefined);
    await tell(1);
    await expect.poll(() => seen).toEqual([1]);
  });

  test("wait for a transaction that drew its number earlier and commits later, and then get both in order", async () => {
    const { subscriber, seen } = recorder();
    await openEvents().start([subscriber]);
    const gate = Promise.withResolvers<void>();
    const published = Promise.withResolvers<void>();
    const early = inTransaction(database.db, async (tx) => {
      await publish(tx, { type: "test.thing.made", subject: "thing:1", payload: { n: 1 } });
      published.resolve();
      await gate.promise;
    });
    await published.promise;
    await tell(2);
    const { rows } = await sql`select settled_until, drawn_until from platform.settled()`.execute(database.db);
    expect(rows).toEqual([{ settled_until: 0, drawn_until: 2 }]);
    expect(seen).toEqual([]);
    gate.resolve();
    await early;
    await expect.poll(() => seen).toEqual([1, 2]);
  });

  test("lose nothing and keep the order while many transactions publish at one time, some of which roll back", async () => {
    const { subscriber } = recorder();
    const ids: number[] = [];
    await openEvents().start([{ ...subscriber, handle: async (_, event) => void ids.push(event.id) }]);
    const committed: number[] = [];
    const publisher = async (): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        await inTransaction(database.db, async (tx) => {
          for (let n = 0; n < 2; n++) {
            await publish(tx, { type: "test.thing.made", subject: "thing:x", payload: {} });
            await sql`select pg_sleep(${Math.random() * 0.01})`.execute(tx);
          }
          if (Math.random() < 0.2) throw new Error("rolled back");
          const { rows } = await sql<{ id: number }>`select id from platform.event where xmin::text = pg_current_xact_id()::text`.execute(
            tx,
          );
          committed.push(...rows.map((row) => row.id));
        }).catch((thrown: Error) => expect(thrown.message).toBe("rolled back"));
      }
    };
    await Promise.all(Array.from({ length: 8 }, publisher));
    const all = committed.sort((left, right) => left - right);
    expect(all.length).toBeGreaterThan(200);
    await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(all.length);
    expect(ids).toEqual(all);
  });

  test("of one name in several processes handle each event once between them", async () => {
    const seen: number[] = [];
    const subscriber: Subscriber = {
      name: "test.shared",
      types: ["test.thing.made"],
      handle: async (_, event) => {
        await sleep(1);
        seen.push(event.payload["n"] as number);
      },
    };
    await Promise.all([openEvents(), openEvents(), openEvents()].map((events) => events.start([subscriber])));
    for (const n of upTo(60)) await tell(n);
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(60);
    expect(seen).toEqual(upTo(60));
  });

  test("are told again of an event when the process dies before it was marked; what they wrote is written once", async () => {
    await database.owner.query("create table written (n int); grant all on written to public");
    const tries: number[] = [];
    const subscriber: Subscriber = {
      name: "test.crash",
      types: ["test.thing.made"],
      async handle(tx, event) {
        tries.push(event.payload["n"] as number);
        await sql`insert into written values (${event.payload["n"]})`.execute(tx);
        // Between the work and the mark the connection dies, as it does with its process.
        if (tries.length === 1) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx);
      },
    };
    await openEvents().start([subscriber]);
    await tell(1);
    await tell(2);
    await expect
      .poll(async () => (await sql`select n from written order by n`.execute(database.db)).rows, { timeout: 10_000 })
      .toEqual([{ n: 1 }, { n: 2 }]);
    expect(tries).toEqual([1, 1, 2]);
  });

  test("that fail are tried again, and the events behind wait", async () => {
    const seen: string[] = [];
    let failures = 2;
    const handle: Subscriber["handle"] = async (_, event) => {
      seen.push(String(event.payload["n"]));
      if (failures-- > 0) throw new Error("not yet");
    };
    await openEvents().start([{ name: "test.flaky", types: ["test.thing.made"], handle }]);
    await tell(1);
    await tell(2);
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["1", "1", "1", "2"]);
  });

  test("that fail for good have the event set aside, with the error, and go on", async () => {
    const seen: number[] = [];
    const handle: Subscriber["handle"] = async (_, event) => {
      if (event.payload["n"] === 1) throw new Error("cannot be");
      seen.push(event.payload["n"] as number);
    };
    await sql`insert into platform.subscriber (name, failures) values ('test.poisoned', 11)`.execute(database.db);
    await openEvents().start([{ name: "test.poisoned", types: ["test.thing.made"], handle }]);
    await tell(1);
    await tell(2);
    await expect.poll(() => seen).toEqual([2]);
    const { rows } = await sql`select subscriber, subject, error from platform.refused_event`.execute(database.db);
    expect(rows).toEqual([{ subscriber: "test.poisoned", subject: "thing:1", error: "cannot be" }]);
  });

  test("a malformed type is refused where it is published", async () => {
    const work = inTransaction(database.db, (tx) => publish(tx, { type: "Test.thing.made", subject: "x:1", payload: {} }));
    await expect(work).rejects.toMatchObject({ code: "platform_event_type" });
  });
});

describe("live listeners", () => {
  /** Reads `count` events, then leaves. */
  async function take(events: Events, count: number, after?: string): Promise<LiveEvent[]> {
    const leaving = new AbortController();
    const taken: LiveEvent[] = [];
    for await (const event of events.live({ signal: leaving.signal, ...(after !== undefined && { after }) })) {
      taken.push(event);
      if (taken.length === count) leaving.abort();
    }
    return taken;
  }
  const numbers = (events: LiveEvent[]): unknown[] => events.map((event) => event.payload["n"]);

  test("resume after the last number they saw and miss nothing", async () => {
    const events = openEvents();
    for (const n of upTo(5)) await tell(n);
    const first = await take(events, 2, "0");
    expect(numbers(first)).toEqual([1, 2]);
    expect(first[0]).toMatchObject({ type: "test.thing.made", subject: "thing:1", at: expect.stringMatching(/Z$/) });
    const rest = take(events, 4, first[1]!.id);
    await tell(6);
    expect(numbers(await rest)).toEqual([3, 4, 5, 6]);
  });

  test("without a number begin with what comes next", async () => {
    const events = openEvents();
    await tell(1);
    await events.start([]);
    const next = take(events, 1);
    await tell(2);
    expect(numbers(await next)).toEqual([2]);
  });

  test("one that stands still holds up nobody, and gets everything when it goes on", async () => {
    const events = openEvents();
    await events.start([]);
    const leaving = new AbortController();
    const slow = events.live({ signal: leaving.signal, after: "0" });
    await sql`select platform.publish('test.thing.made', 'thing:x', jsonb_build_object('n', n)) from generate_series(1, 2500) n`.execute(
      database.db,
    );
    expect((await take(events, 2500, "0")).length).toBe(2500);
    const seen: unknown[] = [];
    for await (const event of slow) {
      seen.push(event.payload["n"]);
      if (seen.length === 2500) leaving.abort();
    }
    expect(seen).toEqual(upTo(2500));
  });

  test("many share one connection that listens", async () => {
    const events = openEvents();
    await events.start([]);
    const all = Promise.all(Array.from({ length: 200 }, () => take(events, 3, "0")));
    for (const n of upTo(3)) await tell(n);
    for (const one of await all) expect(numbers(one)).toEqual([1, 2, 3]);
    const { rows } =
      await sql`select count(*)::int as n from pg_stat_activity where application_name = 'holdfast listen' and datname = current_database()`.execute(
        database.db,
      );
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("one that asks for what is no longer kept, or never was, is told to load anew", async () => {
    const events = openEvents();
    for (const n of upTo(3)) await tell(n);
    await sql`update platform.event set at = now() - interval '8 days' where id < 3`.execute(database.db);
    expect(await events.prune(7 * 86_400_000)).toBe(2);
    for (const after of ["0", "4711", "nonsense"]) {
      const [told] = await take(events, 1, after);
      expect(told).toMatchObject({ id: "3", type: "platform.stream.reset" });
    }
    const kept = take(events, 1, "2");
    expect(numbers(await kept)).toEqual([3]);
  });

  test("an aborted stream ends at once", async () => {
    const events = openEvents();
    const leaving = new AbortController();
    const stream = events.live({ signal: leaving.signal });
    const next = stream.next();
    await events.start([]);
    leaving.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe("pruning", () => {
  test("keeps what a subscriber still has to get, but not for ever", async () => {
    for (const n of upTo(3)) await tell(n);
    await sql`insert into platform.subscriber (name, done_until) values ('test.slow', 1)`.execute(database.db);
    await sql`update platform.event set at = now() - interval '8 days'`.execute(database.db);
    const events = openEvents();
    expect(await events.prune(7 * 86_400_000)).toBe(1);
    await sql`update platform.event set at = now() - interval '29 days'`.execute(database.db);
    expect(await events.prune(7 * 86_400_000)).toBe(2);
  });
});
