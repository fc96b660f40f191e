/**
 * Idempotency keys: a request that is sent twice is carried out once (draft-ietf-httpapi-idempotency-key-header).
 *
 * The first request claims its key; a success is kept for 24 hours and given again to every repetition. A failure is not kept:
 * it changed nothing, so a repetition tries again. While the first runs, repetitions are refused. A claim is renewed while its
 * request runs and lapses 60 s after its process died; a repetition then runs again, so a crash between a commit and the keeping
 * of its answer shows as whatever the module says of a second try (usually a conflict of names).
 *
 * Answers that hold a secret (`idempotency: "once"`), and those over 1 MiB, are not kept: only that the work was done.
 */
import { createHash, createHmac, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { Problem } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Log } from "#platform/log";

/** An answer as it goes over the wire. */
export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON text; undefined when the answer has no body. */
  body: string | undefined;
}

export interface KeyedRequest {
  key: string;
  /** Whose key it is: `principal.userId`. */
  principal: string;
  route: string;
  /** All that makes the request what it is: method, path, body. */
  request: string;
  /** False: the answer holds a secret. */
  keepBody: boolean;
}

/** The right to carry a request out. Exactly one of `keep` and `release` ends it. */
export interface Claim {
  /** Keeps the answer of a success. */
  keep(answer: KeptAnswer): Promise<void>;
  /** Lets a repetition try again. */
  release(): Promise<void>;
}

export interface IdempotencyKeys {
  /** Claims a key, or gives the first answer again. @throws Problem 400 (key malformed), 409 (still running, or done but not kept), 422 (another request) */
  claim(request: KeyedRequest): Promise<{ first: Claim } | { again: KeptAnswer }>;
  /** Removes what is older than 24 hours; how many. */
  sweep(): Promise<number>;
}

const leaseMs = 60_000;
const longestBody = 1024 * 1024;

interface Row {
  request_hash: Buffer;
  holder: string | null;
  status: number | null;
  headers: Record<string, string> | null;
  body: string | null;
  body_kept: boolean | null;
}

export function createIdempotencyKeys({ db, log, heldMs = leaseMs }: { db: Db; log: Log; heldMs?: number }): IdempotencyKeys {
  return {
    async claim(request) {
      checkKey(request.key);
      const id = createHash("sha256").update(`${request.principal}\n${request.key}`).digest();
      const requestHash = createHmac("sha256", request.key).update(request.request).digest();
      const holder = randomUUID();
      if (await take(db, { id, requestHash, holder, heldMs, request }))
        return { first: hold({ db, log, id, holder, heldMs, keepBody: request.keepBody }) };
      return { again: answerOf(await find(db, id), requestHash) };
    },
    async sweep() {
      const { numAffectedRows } = await sql`delete from platform.idempotency_key where created_at < now() - interval '24 hours'`.execute(
        db,
      );
      return Number(numAffectedRows ?? 0n);
    },
  };
}

function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return;
  throw new Problem("idempotency_key_invalid", {
    kind: "invalid",
    say: "The Idempotency-Key must be 1 to 255 visible ASCII characters; a random UUID is a good one.",
    places: [{ at: "Idempotency-Key", say: "1 to 255 visible ASCII characters" }],
  });
}

interface Taking {
  id: Buffer;
  requestHash: Buffer;
  holder: string;
  heldMs: number;
  request: KeyedRequest;
}

/** One statement, so that of two requests at once one wins: a new row, or one whose claim lapsed, or one that is out of date. */
async function take(db: Db, { id, requestHash, holder, heldMs, request }: Taking): Promise<boolean> {
  const taken = await sql`
    insert into platform.idempotency_key as kept (id, request_hash, principal, route, holder, held_until)
    values (${id}, ${requestHash}, ${request.principal}, ${request.route}, ${holder}, now() + ${heldMs} * interval '1 millisecond')
    on conflict (id) do update set request_hash = excluded.request_hash, route = excluded.route, created_at = now(),
      holder = excluded.holder, held_until = excluded.held_until, status = null, headers = null, body = null, body_kept = null
    where kept.created_at < now() - interval '24 hours' or (kept.held_until < now() and kept.request_hash = excluded.request_hash)
    returning 1`.execute(db);
  return taken.rows.length === 1;
}

async function find(db: Db, id: Buffer): Promise<Row | undefined> {
  const found =
    await sql<Row>`select request_hash, holder, status, headers, body, body_kept from platform.idempotency_key where id = ${id}`.execute(
      db,
    );
  return found.rows[0];
}

function answerOf(row: Row | undefined, requestHash: Buffer): KeptAnswer {
  // No row: the first request failed and released its key between our two looks.
  if (row === undefined) throw stillRunning();
  if (!row.request_hash.equals(requestHash)) {
    throw new Problem("idempotency_key_reused", {
      kind: "invalid",
      status: 422,
      say: "This Idempotency-Key came with another request before; use a new key for a new request.",
    });
  }
  if (row.status === null) throw stillRunning();
  if (row.body_kept !== true) {
    throw new Problem("idempotency_done", {
      kind: "conflict",
      say: "This request was carried out already, and its answer was shown once and not kept; look at the result, or ask again with a new key.",
    });
  }
  return { status: row.status, headers: row.headers ?? {}, body: row.body ?? undefined };
}

function stillRunning(): Problem {
  return new Problem("idempotency_running", {
    kind: "conflict",
    say: "A request with this Idempotency-Key is still being carried out; try again in a moment.",
  });
}

interface Holding {
  db: Db;
  log: Log;
  id: Buffer;
  holder: string;
  heldMs: number;
  keepBody: boolean;
}

function hold({ db, log, id, holder, heldMs, keepBody }: Holding): Claim {
  const renewal = setInterval(() => {
    sql`update platform.idempotency_key set held_until = now() + ${heldMs} * interval '1 millisecond' where id = ${id} and holder = ${holder}`
      .execute(db)
      .catch((err: unknown) => log.warn({ err }, "an idempotency key could not be renewed"));
  }, heldMs / 3);
  renewal.unref();
  return {
    async keep({ status, headers, body }) {
      clearInterval(renewal);
      const kept = keepBody && (body === undefined || Buffer.byteLength(body) <= longestBody);
      await sql`
        update platform.idempotency_key set holder = null, held_until = null, status = ${status},
          headers = ${JSON.stringify(headers)}::jsonb, body = ${kept ? (body ?? null) : null}, body_kept = ${kept}
        where id = ${id} and holder = ${holder}`.execute(db);
    },
    async release() {
      clearInterval(renewal);
      await sql`delete from platform.idempotency_key where id = ${id} and holder = ${holder}`.execute(db);
    },
  };
}
