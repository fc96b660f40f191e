/** The live stream of the API: server-sent events of what the caller may see, resumed after the last one it saw. */
import { contract, permissions, streamOpened, type LiveEvent } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { implement, withEventMeta } from "@orpc/server";
import { sql } from "kysely";
import type { Db } from "./db.ts";
import type { Events } from "./events.ts";
import { callerOf, type Principal, type RequestContext } from "./http/request.ts";
import { reachOf, type Permitted } from "./reach.ts";

/** Where events come from. */
export interface LiveSource {
  /** Events after the one with the id `after`, as they happen, until `signal` aborts. */
  live(options: { after: string; signal: AbortSignal }): AsyncGenerator<LiveEvent>;
  /** Id of the newest event; what comes after it is what happens from now on. */
  newest(): Promise<string>;
}

/** The outbox as a source. */
export function liveSourceOf({ events, db }: { events: Pick<Events, "live">; db: Db }): LiveSource {
  return {
    live: (options) => events.live(options),
    async newest() {
      const { rows } = await sql<{ at: number }>`select settled_until as at from platform.settled()`.execute(db);
      return String(rows[0]?.at ?? 0);
    },
  };
}

/** What of an event somebody may see; undefined: nothing. Opened for each stream, so that it can remember what it asked. */
export type OpenSight = () => (event: LiveEvent, caller: Permitted) => Promise<LiveEvent | undefined>;

interface LiveParts extends LiveSource {
  /** `maySee` unless told. */
  openSight?: OpenSight;
  /** How often a stream makes sure that its caller still may watch; 5 s unless told. */
  recheckMs?: number;
  /** Most streams of this process, and of one user; 2000 and 50 unless told. */
  most?: number;
  mostPerUser?: number;
}

/** Implements `contract.system.events`. */
export function createLiveRoute({ live, newest, openSight = byModule, recheckMs = 5_000, most = 2000, mostPerUser = 50 }: LiveParts) {
  const seats = createSeats(most, mostPerUser);
  return implement(contract.system.events)
    .$context<RequestContext>()
    .handler(async ({ context, lastEventId }) => {
      mustBeOurs(lastEventId);
      const leave = seats.take(callerOf(context).userId);
      context.signal.addEventListener("abort", leave, { once: true });
      context.resHeaders.set("x-accel-buffering", "no"); // nginx would hold events back to fill its buffer
      // What fails before the first event is answered with a status of its own; afterwards only the stream's end can tell.
      const after = lastEventId ?? (await newest().catch((thrown: unknown) => failed(thrown, leave)));
      return stream({ context, after, recheckMs, leave, openSight, events: (signal) => live({ after, signal }) });
    });
}

/** @throws Problem `last_event_id_invalid` */
function mustBeOurs(lastEventId: string | undefined): void {
  if (lastEventId === undefined || /^\d{1,18}$/.test(lastEventId)) return;
  throw new Problem("last_event_id_invalid", {
    kind: "invalid",
    say: "Last-Event-ID must be the id of an event of this stream; leave it out to begin with what happens from now on.",
    places: [{ at: "Last-Event-ID", say: "not an id of this stream" }],
  });
}

function failed(thrown: unknown, leave: () => void): never {
  leave();
  throw thrown;
}

/** Counts streams. `take` gives the function that ends one; calling it again does nothing. */
function createSeats(most: number, mostPerUser: number): { take(userId: string): () => void } {
  const taken: string[] = [];
  return {
    take(userId) {
      if (taken.length >= most || taken.filter((user) => user === userId).length >= mostPerUser) throw tooMany();
      taken.push(userId);
      let left = false;
      return () => {
        if (!left) taken.splice(taken.indexOf(userId), 1);
        left = true;
      };
    },
  };
}

async function* stream({ after, leave, ...watching }: Watching & { after: string; leave(): void }): AsyncGenerator<LiveEvent> {
  try {
    yield withEventMeta(
      { id: after, type: streamOpened, subject: "system:stream", at: new Date().toISOString(), payload: {} },
      { id: after },
    );
    for await (const event of visible(watching)) yield withEventMeta(event, { id: event.id });
  } finally {
    leave();
  }
}

interface Watching {
  context: RequestContext;
  recheckMs: number;
  openSight: OpenSight;
  events(signal: AbortSignal): AsyncGenerator<LiveEvent>;
}

/** The events that the caller may see, until the caller leaves, the server stops, or the session or key ends. */
async function* visible({ context, recheckMs, openSight, events }: Watching): AsyncGenerator<LiveEvent> {
  let principal: Principal = callerOf(context);
  const see = openSight();
  const ended = new AbortController();
  let [asked, answered] = [0, 0];
  const recheck = async (): Promise<void> => {
    const turn = ++asked;
    const still = await context.reauthenticate().catch(() => undefined); // deny on error: the client signs in or connects again
    // An answer that comes late is older than one that came before it, and may be from before a change.
    if (turn < answered) return;
    answered = turn;
    if (still === undefined) ended.abort();
    else principal = still;
  };
  const timer = setInterval(() => void recheck(), recheckMs);
  timer.unref();
  try {
    for await (const event of events(AbortSignal.any([context.signal, ended.signal]))) {
      // A session, a key or a role may just have changed: this caller's, or one of many.
      if (event.type.startsWith("identity.") && (event.subject === `user:${principal.userId}` || !event.subject.startsWith("user:")))
        await recheck();
      if (ended.signal.aborted) return;
      const seen = await see(event, principal);
      if (seen !== undefined) yield seen;
    }
  } finally {
    clearInterval(timer);
  }
}

const byModule: OpenSight = () => async (event, caller) => (maySee(event, caller) ? event : undefined);

/**
 * True when the caller may read what the event's module has, everywhere: `<module>:read`. For events about what has no labels. An event of a
 * module without such a permission is seen by nobody.
 */
export function maySee({ type }: Pick<LiveEvent, "type">, caller: Permitted): boolean {
  if (type.startsWith("platform.stream.")) return true; // about the stream itself
  const module = type.split(".")[0] ?? "";
  const names = module === "identity" ? ["users:read"] : [`${module}:read`, `${module}s:read`];
  const needed = permissions.find((permission) => names.includes(permission));
  return needed !== undefined && reachOf(caller, needed) === "everywhere";
}

function tooMany(): Problem {
  return new Problem("live_too_many", {
    kind: "limit",
    say: "Too many live streams are open; close some pages that show Holdfast and try again.",
  });
}
