import { EventEmitter, on } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, createClient, follow, type Client, type LiveEvent, type Permission } from "@holdfast/contract";
import { Secret } from "@holdfast/kit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "#test/database";
import { inTransaction } from "./db.ts";
import { createEvents, publish } from "./events.ts";
import { createHttp, type Http } from "./http.ts";
import { everywhere } from "./http/request.ts";
import { createLiveRoute, liveSourceOf, maySee, type LiveSource } from "./live.ts";
import { silentLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";

/** Events in memory, numbered from 1. */
function createSource() {
  const events: LiveEvent[] = [];
  const bell = new EventEmitter().setMaxListeners(0);
  const source: LiveSource & { publish(type: string): void; watching(): number } = {
    newest: async () => String(events.length),
    async *live({ after, signal }) {
      let next = Number(after);
      const rings = on(bell, "ring", { signal });
      try {
        for (;;) {
          while (next < events.length) yield events[next++]!;
          await rings.next();
        }
      } catch (thrown) {
        if (!signal.aborted) throw thrown;
      } finally {
        await rings.return?.();
      }
    },
    publish(type) {
      events.push({ id: String(events.length + 1), type, subject: "device:1", at: new Date().toISOString(), payload: {} });
      bell.emit("ring");
    },
    watching: () => bell.listenerCount("ring"),
  };
  return source;
}

let database: TestDatabase;
let http: Http;
let url: string;
let source: ReturnType<typeof createSource>;
let people: Record<string, Permission[]>;
/** Called when a caller's rights were looked up, before they are told. */
let looked: () => Promise<void>;
const home = mkdtempSync(join(tmpdir(), "holdfast-live-"));

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});
beforeEach(async () => {
  source = createSource();
  people = { ada: ["devices:read", "rollouts:read"], bob: ["rollouts:read"] };
  looked = async () => undefined;
  await start(0);
});
afterEach(() => http.close());

async function start(port: number): Promise<void> {
  const events = createLiveRoute({ ...source, recheckMs: 20, mostPerUser: 3 });
  http = await createHttp({
    contract: { system: { events: contract.system.events } },
    router: { system: { events } },
    authenticate: async ({ headers }) => {
      const name = headers.authorization?.replace("Bearer ", "") ?? "";
      const permissions = people[name];
      await looked();
      return permissions && { actor: `user:${name}`, userId: name, credentialId: name, access: everywhere(permissions), via: "api_key" };
    },
    db: database.db,
    log: silentLog,
    metrics: createMetrics(),
    checks: {},
    settings: { port, consoleDirectory: home, version: "0" },
  });
  url = await http.listen();
}

const clientOf = (name: string): Client => createClient({ url, apiKey: new Secret(name) });

/** Follows as `name`; `next` gives the type of the next event. */
function watch(name: string, after?: string) {
  const states: string[] = [];
  const stop = new AbortController();
  const live = Promise.withResolvers<void>();
  const clock = { now: () => Date.now(), sleep: () => new Promise<void>((resolve) => void setImmediate(resolve)) };
  const onState = (state: string) => (states.push(state), state === "live" && live.resolve());
  const events = follow(clientOf(name), { ...(after && { after }), signal: stop.signal, onState, clock });
  const first = events.next();
  let asked = false;
  return {
    states,
    live: live.promise,
    async next() {
      const result = await (asked ? events.next() : ((asked = true), first));
      return result.done ? "ended" : `${result.value.id} ${result.value.type}`;
    },
    stop: () => stop.abort(),
  };
}

describe("the live stream", () => {
  test("tells what happens from now on, in order", async () => {
    source.publish("devices.device.created");
    const ada = watch("ada");
    await ada.live;
    source.publish("devices.device.changed");
    source.publish("rollout.rollout.started");
    expect([await ada.next(), await ada.next()]).toEqual(["2 devices.device.changed", "3 rollout.rollout.started"]);
    ada.stop();
  });

  test("goes on after the last event that was seen, across a restart of the server, without loss or repetition", async () => {
    const ada = watch("ada");
    await ada.live;
    source.publish("devices.device.created");
    expect(await ada.next()).toBe("1 devices.device.created");
    const { port } = new URL(url);
    await http.close();
    source.publish("devices.device.changed");
    source.publish("devices.device.removed");
    await start(Number(port));
    expect([await ada.next(), await ada.next()]).toEqual(["2 devices.device.changed", "3 devices.device.removed"]);
    expect(ada.states.slice(0, 2)).toEqual(["live", "stale"]);
    ada.stop();
  });

  test("that broke before its first event misses nothing either", async () => {
    const ada = watch("ada");
    await ada.live;
    const { port } = new URL(url);
    await http.close();
    source.publish("devices.device.created");
    await start(Number(port));
    expect(await ada.next()).toBe("1 devices.device.created");
    ada.stop();
  });

  test("shows to each only what they may read", async () => {
    const bob = watch("bob");
    await bob.live;
    for (const type of ["devices.device.created", "identity.user.created", "unheard.of.thing", "rollout.rollout.started"])
      source.publish(type);
    expect(await bob.next()).toBe("4 rollout.rollout.started");
    bob.stop();
  });

  test("ends when the key or session ends, and says why", async () => {
    const ada = watch("ada");
    await ada.live;
    delete people["ada"];
    await expect(ada.next()).rejects.toThrow(expect.objectContaining({ kind: "unauthenticated" }));
  });

  test("heeds a permission that is taken away meanwhile", async () => {
    const ada = watch("ada");
    await ada.live;
    people["ada"] = ["rollouts:read"];
    source.publish("identity.user.changed");
    source.publish("devices.device.created");
    source.publish("rollout.rollout.started");
    expect(await ada.next()).toBe("3 rollout.rollout.started");
    ada.stop();
  });

  test("does not go back to what somebody might before, when that is answered late", async () => {
    const ada = watch("ada");
    await ada.live;
    const [began, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    looked = () => {
      looked = async () => undefined;
      began.resolve();
      return answer.promise;
    };
    await began.promise;
    people["ada"] = ["rollouts:read"];
    source.publish("identity.user.changed");
    source.publish("rollout.rollout.started");
    expect(await ada.next()).toBe("2 rollout.rollout.started");
    answer.resolve();
    await new Promise(setImmediate);
    source.publish("devices.device.created");
    source.publish("rollout.rollout.ended");
    expect(await ada.next()).toBe("4 rollout.rollout.ended");
    ada.stop();
  });

  test("leaves nothing behind when its watcher hangs up", async () => {
    const ada = watch("ada");
    await ada.live;
    source.publish("devices.device.created");
    await ada.next();
    ada.stop();
    await expect.poll(() => source.watching()).toBe(0);
  });

  test("is refused to one user who opens too many", async () => {
    const many = Array.from({ length: 3 }, () => watch("ada"));
    await Promise.all(many.map((one) => one.live));
    await expect(clientOf("ada").system.events()).rejects.toThrow(expect.objectContaining({ code: "live_too_many", status: 429 }));
    const bob = watch("bob");
    await bob.live;
    for (const one of [...many, bob]) one.stop();
    await expect.poll(() => source.watching()).toBe(0);
    const again = watch("ada");
    await again.live;
    again.stop();
    await expect.poll(() => source.watching()).toBe(0);
  });

  test.each(["", "abc", "-1", "9".repeat(30), "1 or 1=1"])("does not go on after an event %j, which is none of its own", async (id) => {
    const answer = await fetch(`${url}/api/v1/events`, { headers: { authorization: "Bearer ada", "last-event-id": id } });
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "last_event_id_invalid" }]);
    expect(source.watching()).toBe(0);
  });

  test("does not hold up a server that stops", async () => {
    const ada = watch("ada");
    await ada.live;
    const startedMs = performance.now();
    await http.close();
    expect(performance.now() - startedMs).toBeLessThan(2000);
    ada.stop();
  });
});

test("the outbox as a source begins with what happens next", async () => {
  const events = createEvents({ database, log: silentLog, metrics: createMetrics() });
  const outbox = liveSourceOf({ events, db: database.db });
  const say = (type: `${string}.${string}.${string}`) =>
    inTransaction(database.db, (tx) => publish(tx, { type, subject: "device:1", payload: {} }));
  // Over and over: this process hears of an event later than the database has it.
  for (let round = 0; round < 30; round++) {
    await say("devices.device.added");
    const after = await outbox.newest();
    const stop = new AbortController();
    const stream = outbox.live({ after, signal: stop.signal });
    const first = stream.next();
    await say("devices.device.changed");
    expect(await first).toMatchObject({ value: { type: "devices.device.changed" } });
    stop.abort();
    await stream.next();
  }
  await events.stop();
});

test.each([
  ["devices.drift.found", "devices:read", true],
  ["devices.drift.found", "rollouts:read", false],
  ["identity.session.ended", "users:read", true],
  ["rollout.rollout.changed", "rollouts:read", true],
  ["platform.stream.reset", "audit:read", true],
  ["unheard.of.thing", "devices:read", false],
] as const)("an event %s is seen with %s: %s", (type, permission, seen) => {
  expect(maySee({ type }, { access: everywhere([permission]) })).toBe(seen);
});
