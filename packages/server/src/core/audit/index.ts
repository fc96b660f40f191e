/**
 * The audit trail: who did what to what, and why. Every change of state records an entry in its own transaction, so there is
 * no change without an entry and no entry without its change. Entries are chained by SHA-256 and append-only in the database.
 */
import type { AuditEntry } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import type { Db, Tx } from "#platform/db";
import { z } from "zod";
import { canonicalEntry, plainText } from "./canonical.ts";
import { ChainWalk, genesis, readCanonical, type Break, type StoredEntry } from "./chain.ts";
import { append, chainHead, countStrays, entriesAfter, search } from "./store.ts";

export { createAuditRoutes } from "./routes.ts";

/** Who does something, and through which request; what modules take to say it here. */
export interface By {
  /** `user:<name>` or `system:<what>`; for a caller over HTTP, `principal.actor`. */
  actor: string;
  requestId?: string | undefined;
}

/** What a module says of a change it makes. */
export interface AuditRecord extends By {
  /** `<module>.<thing>.<verb>`, e.g. `devices.device.create`. */
  action: string;
  /** `<kind>:<id>`. */
  subject: string;
  /** JSON. Values under secret-looking keys are hidden, and more than 64 KiB is kept as length and hash only. */
  before?: unknown;
  after?: unknown;
  reason?: string | undefined;
  /** Milliseconds since 1970 UTC; now unless told. */
  at?: number | undefined;
}

export interface AuditQuery {
  actor?: string | undefined;
  /** Exact, or a beginning when it ends in `.` or `*`. */
  action?: string | undefined;
  subject?: string | undefined;
  /** Anywhere in the entry, whatever the case. */
  q?: string | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  /** 50 unless told. */
  limit?: number | undefined;
}

/** What a look at the whole chain found. `entries` counts those that hold together; `brokenAt` is the first place that is wrong. */
export interface Verification {
  ok: boolean;
  entries: number;
  head: string;
  brokenAt?: number;
  say: string;
}

export interface Audit {
  /** Records an entry; it gets its place in the chain when `tx` commits, and is not there when `tx` rolls back. */
  record(tx: Tx, entry: AuditRecord): Promise<void>;
  /** A page, newest first. @throws Problem `cursor_invalid` */
  list(query: AuditQuery): Promise<{ items: AuditEntry[]; next?: string }>;
  /** Recomputes every hash, in batches, while others go on recording. */
  verify(): Promise<Verification>;
  /** The trail as JSON lines `{ seq, hash, canonical }`, oldest first: enough to verify the chain elsewhere. */
  export(): AsyncIterable<string>;
}

const batch = 1000;
const seqCursor = z.number().int().positive();

export function createAudit(deps: { db: Db; clock?: Clock }): Audit {
  const { db, clock = systemClock } = deps;

  async function* batches(): AsyncIterable<StoredEntry[]> {
    for (let last = 0; ;) {
      const entries = await entriesAfter(db, last, batch);
      if (entries.length > 0) yield entries;
      if (entries.length < batch) return;
      last = entries.at(-1)?.seq ?? last;
    }
  }

  return {
    async record(tx, entry) {
      const at = new Date(entry.at ?? clock.now());
      const actor = plainText(entry.actor);
      const action = plainText(entry.action);
      const subject = plainText(entry.subject);
      const reason = entry.reason === undefined ? undefined : plainText(entry.reason);
      const requestId = entry.requestId === undefined ? undefined : plainText(entry.requestId);
      const facts = { actor, action, subject, reason, requestId, before: entry.before, after: entry.after };
      const canonical = canonicalEntry({ at: at.toISOString(), ...facts });
      await append(tx, { at, actor, action, subject, reason: reason ?? null, request_id: requestId ?? null, canonical });
    },

    async list({ cursor, limit = 50, ...query }) {
      const [actor, action, subject, text] = [query.actor, query.action, query.subject, query.q].map((term) => term && plainText(term));
      const found = await search(db, { actor, action, subject, text, before: decodeCursor(seqCursor, cursor), limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(toWire), ...(found.length > limit && last ? { next: encodeCursor(last.seq) } : {}) };
    },

    async verify() {
      const walk = new ChainWalk();
      const head = await chainHead(db);
      if (!head) return tell(walk, genesis, { brokenAt: 1, say: "The head row of the chain is missing." });
      for await (const entries of batches()) {
        const broken = walk.follow(entries.filter((entry) => entry.seq <= head.seq));
        if (broken) return tell(walk, head.hash, broken);
        if ((entries.at(-1)?.seq ?? 0) >= head.seq) break;
      }
      return tell(walk, head.hash, walk.finish(head) ?? strays(await countStrays(db), head.seq));
    },

    async *export() {
      for await (const entries of batches()) for (const { seq, hash, canonical } of entries) yield JSON.stringify({ seq, hash, canonical });
    },
  };
}

function strays(found: { outside: number; pending: number }, head: number): Break | undefined {
  if (found.outside > 0) return { brokenAt: head + 1, say: `${found.outside} entries stand outside the chain that the head row covers.` };
  if (found.pending > 0) return { brokenAt: head + 1, say: `${found.pending} entries were recorded and never chained.` };
  return undefined;
}

function tell(walk: ChainWalk, head: string, broken: Break | undefined): Verification {
  if (broken) return { ok: false, entries: walk.entries, head, ...broken };
  return { ok: true, entries: walk.entries, head, say: `All ${walk.entries} entries hold together.` };
}

function toWire(entry: StoredEntry): AuditEntry {
  const { before, after } = readCanonical(entry.canonical);
  return {
    seq: entry.seq,
    at: entry.at.toISOString(),
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    ...(entry.reason === null ? {} : { reason: entry.reason }),
    ...(entry.requestId === null ? {} : { requestId: entry.requestId }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    hash: entry.hash,
  };
}
