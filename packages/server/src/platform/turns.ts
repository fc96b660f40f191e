/** Work that recurs every few seconds and is done by one process of all: whose turn it is stands in the database. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "@holdfast/kit";
import { sql } from "kysely";
import type { Db } from "./db.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface TurnTaker {
  /** Takes no more turns; waits for one under way up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface TurnParts {
  db: Db;
  ms: number;
  name: string;
  /** The signal is aborted when the process ends, or when the turn was lost because the database was away too long. */
  work: (signal: AbortSignal) => Promise<void>;
  log: Log;
  metrics: Metrics;
}

/** A process that dies in its turn keeps it no longer than this. */
const leaseMs = 15_000;

/** Starts at once; stops with `stop`. */
export function takeTurns(parts: TurnParts): TurnTaker {
  const { ms, name, log } = parts;
  const holder = randomUUID();
  const stopping = new AbortController();
  const failures = parts.metrics.counter({ name: "holdfast_turn_failures_total", help: "Recurring work that failed", labels: ["turn"] });
  const running = (async () => {
    while (!stopping.signal.aborted) {
      let waitMs = ms;
      try {
        waitMs = await takeTurn(parts, holder, stopping.signal);
      } catch (err) {
        if (stopping.signal.aborted) break;
        failures.inc({ turn: name });
        log.warn({ err, turn: name }, "recurring work failed; it is tried again at its next turn");
      }
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop(graceMs) {
      stopping.abort();
      await atMost(graceMs, running);
    },
  };
}

/** Does the work if it is due and nobody else is at it; returns how long to wait before looking again. */
async function takeTurn({ db, ms, name, work }: TurnParts, holder: string, stopped: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const wait = await claim({ db, ms, name }, holder);
  if (wait > 0) return Math.min(wait, ms);
  const lost = new AbortController();
  const renewing = setInterval(() => {
    renew(db, name, holder).then(
      (ours) => ours || lost.abort(),
      () => undefined,
    );
  }, leaseMs / 3);
  try {
    await work(AbortSignal.any([stopped, lost.signal]));
  } finally {
    clearInterval(renewing);
    await release(db, name, holder);
  }
  return Math.max(0, ms - (performance.now() - startedAt));
}

/**
 * 0 when the turn is ours, else the milliseconds until it may be. When the next one may begin is told by the database's clock alone; a
 * turn whose holder died is taken up again at once.
 */
async function claim({ db, ms, name }: Pick<TurnParts, "db" | "ms" | "name">, holder: string): Promise<number> {
  const won = await sql`
    insert into platform.turn as turn (name, holder, held_until, next_at)
    values (${name}, ${holder}, now() + make_interval(secs => ${leaseMs / 1000}), now() + make_interval(secs => ${ms / 1000}))
    on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until, next_at = excluded.next_at
      where turn.held_until <= now() and (turn.next_at <= now() or turn.holder <> '')
    returning name`.execute(db);
  if (won.rows.length > 0) return 0;
  const { rows } = await sql<{ waitMs: number }>`
    select (extract(epoch from case holder when '' then next_at else least(held_until, now() + interval '1 second') end - now()) * 1000)::float8 as "waitMs"
    from platform.turn where name = ${name}`.execute(db);
  return Math.max(1, rows[0]?.waitMs ?? 0);
}

async function renew(db: Db, name: string, holder: string): Promise<boolean> {
  const renewed = await sql`
    update platform.turn set held_until = now() + make_interval(secs => ${leaseMs / 1000})
    where name = ${name} and holder = ${holder} returning name`.execute(db);
  return renewed.rows.length > 0;
}

async function release(db: Db, name: string, holder: string): Promise<void> {
  await sql`update platform.turn set held_until = now(), holder = '' where name = ${name} and holder = ${holder}`.execute(db);
}
