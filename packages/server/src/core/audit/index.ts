/**
 * The audit trail: who did what to what, from where, and why. Every change of state records an entry in its own transaction, so there is
 * no change without an entry and no entry without its change. Entries are chained by SHA-256, append-only in the database, signed by
 * checkpoints outside of it, and hold pseudonyms in place of people's names, so that a person can be forgotten and the chain still holds.
 */
import { auditActionOf, type AuditEntry } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import { currentOrigin } from "#platform/http/origin";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import type { Db, Tx } from "#platform/db";
import { z } from "zod";
import { canonicalEntry, keptValue, plainText } from "./canonical.ts";
import { csvLines, jsonLines } from "./export.ts";
import { createPeople, type People } from "./people.ts";
import { queryOf, type AuditFilter } from "./query.ts";
import { createReading } from "./reading.ts";
import { append, search } from "./store.ts";
import { mentionsOf, namesOf, veil, type Facts } from "./veil.ts";
import { createVerifying, type Verification } from "./verifying.ts";

export type { Archiving } from "./archive.ts";
export type { Checkpoints, KeyRotation, PublicKey } from "./checkpoints.ts";
export { createAuditKeeping, type AuditKeeping } from "./keeping.ts";
export { trailCrypto } from "./signing.ts";
export { createPrivacy, type Individual, type PersonKeeper, type Privacy } from "./privacy.ts";
export { createPrivacyRoutes } from "./routes-privacy.ts";
export { actorPattern } from "./pseudonyms.ts";
export { createAuditRoutes } from "./routes.ts";
export type { AuditFilter } from "./query.ts";
export type { Verification } from "./verifying.ts";

/** Who does something, and through which request; what modules take to say it here. */
export interface By {
  /** `user:<name>` or `system:<what>`; for a caller over HTTP, `principal.actor`. */
  actor: string;
  requestId?: string | undefined;
}

/** What a module says of a change it makes. */
export interface AuditRecord extends By {
  /** `<module>.<thing>.<verb>`, e.g. `devices.device.create`; listed in `auditActions` with its severity. */
  action: string;
  /** `<kind>:<id>`. */
  subject: string;
  /** JSON. Values under secret-looking keys are hidden, and more than 64 KiB is kept as length and hash only. */
  before?: unknown;
  after?: unknown;
  reason?: string | undefined;
  /** From where; that of the request unless told. */
  address?: string | undefined;
  /** Milliseconds since 1970 UTC; now unless told. */
  at?: number | undefined;
}

export interface AuditQuery extends AuditFilter {
  /** `next` of the page before. */
  cursor?: string | undefined;
  /** 50 unless told. */
  limit?: number | undefined;
}

export interface Audit {
  /** Records an entry; it gets its place in the chain when `tx` commits, and is not there when `tx` rolls back. */
  record(tx: Tx, entry: AuditRecord): Promise<void>;
  /** A page of entries, newest first. @throws Problem `cursor_invalid` */
  list(query: AuditQuery): Promise<{ items: AuditEntry[]; next?: string }>;
  /** Recomputes the whole chain; others go on recording. */
  verify(): Promise<Verification>;
  /**
   * The trail, oldest first, in pieces of text. `jsonl`: lines `{ seq, hash, canonical }`, enough to verify the chain elsewhere, and before
   * them lines `{ pseudonym, name, key }` of the people they refer to, when `withNames`. `csv`: for reading, with names; a filter counts here alone.
   */
  export(options?: ExportOptions): AsyncIterable<string>;
  /** Who is behind pseudonyms; for what lets a person be forgotten. */
  readonly people: People;
}

export interface ExportOptions {
  format?: "jsonl" | "csv" | undefined;
  /** Only with `csv`: a chain has no holes. */
  filter?: AuditFilter | undefined;
  withNames?: boolean | undefined;
}

const cursorShape = z.tuple([z.number().int(), z.number().int()]);

export function createAudit(deps: { db: Db; clock?: Clock }): Audit {
  const { db, clock = systemClock } = deps;
  const people = createPeople({ db, clock });
  const reading = createReading(people);

  return {
    people,

    async record(tx, entry) {
      const at = new Date(entry.at ?? clock.now());
      const requestId = entry.requestId === undefined ? undefined : plainText(entry.requestId);
      const { severity } = auditActionOf(entry.action);
      const plain = plainFacts(entry);
      const met = await people.meet(tx, namesOf(plain));
      for (const [name, person] of await people.known(tx, mentionsOf(plain))) met.set(name, person);
      const { address, before, after, ...facts } = veil(plain, met);
      const canonical = canonicalEntry({ at: at.toISOString(), severity, ...facts, address, requestId, before, after });
      await append(tx, { at, severity, ...facts, reason: facts.reason ?? null, request_id: requestId ?? null, canonical });
    },

    async list({ cursor, limit = 50, ...filter }) {
      const place = decodeCursor(cursorShape, cursor);
      const before = place && { at: new Date(place[0]), seq: place[1] };
      const found = await search(db, { ...(await queryOf(filter, people)), before, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return { items: await reading.entries(items), ...(last ? { next: encodeCursor([last.at.getTime(), last.seq]) } : {}) };
    },

    verify: createVerifying(db),

    export({ format = "jsonl", filter = {}, withNames = false } = {}) {
      return format === "csv" ? csvLines({ db, people, reading, filter }) : jsonLines(db, { withNames });
    },
  };
}

function plainFacts(entry: AuditRecord): Facts {
  return {
    actor: plainText(entry.actor),
    action: plainText(entry.action),
    subject: plainText(entry.subject),
    reason: entry.reason === undefined ? undefined : plainText(entry.reason),
    address: entry.address ?? currentOrigin(entry.requestId)?.address,
    before: keptValue(entry.before),
    after: keptValue(entry.after),
  };
}
