/**
 * Something is not as it should be: one model for all sources. `raise` is for things that happen, `reconcile` for things that
 * are. Two sayings of the same thing are one finding, told by its fingerprint; one that was resolved and comes back is a new episode.
 */
import type { Finding, Severity } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import { z } from "zod";
import type { Audit, By } from "#core/audit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { reachOf, type Permitted, type Reach } from "#platform/reach";
import { createActing, missing, type Settling } from "./act.ts";
import { createEpisodes } from "./episodes.ts";
import { findingOf, fingerprintOf, plain, type FindingIdentity, type FindingInput, type Hold } from "./finding.ts";
import { createObserving, type Reconciled } from "./observe.ts";
import { findFinding, findLive, search } from "./store.ts";

export { createFindingsPersonKeeper } from "./person-keeper.ts";
export { createFindingsRoutes } from "./routes.ts";
export type { FindingIdentity, FindingInput, Hold } from "./finding.ts";
export type { Settling } from "./act.ts";
export type { Reconciled } from "./observe.ts";

export interface FindingQuery {
  state?: Finding["state"] | undefined;
  severity?: Severity | undefined;
  kind?: string | undefined;
  subject?: string | undefined;
  /** In title, detail or the subject's name, whatever the case. */
  q?: string | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  /** 50 unless told. */
  limit?: number | undefined;
}

export interface Findings {
  /** Something happened: opens a finding, or counts one more occurrence of the open one. */
  raise(tx: Tx, input: FindingInput): Promise<Finding>;
  /**
   * All that is wrong in one scope (e.g. `device:dev_1`) as this source sees it now: opens what is new, keeps what stays, resolves what
   * is gone. The same again changes nothing but the time it was last seen. Findings of other scopes are left alone.
   */
  reconcile(tx: Tx, source: string, scope: string, holds: readonly Hold[]): Promise<Reconciled>;
  /** Closes a finding whose cause is dealt with, on record; false when there is none. `evidence` joins what the finding has. */
  settle(tx: Tx, identity: FindingIdentity, why: Settling): Promise<boolean>;
  /** The id of the finding of this identity that is not resolved. */
  find(db: Db, identity: FindingIdentity): Promise<string | undefined>;
  /** Opens what was suppressed until now; how many. For a job, every minute or so. */
  wake(): Promise<number>;

  /** A page, newest first, of what is about something in the asker's reach. @throws Problem `cursor_invalid` */
  list(query: FindingQuery, asker: Permitted): Promise<{ items: Finding[]; next?: string }>;
  /** Whether what it is about is in this reach. */
  extent(id: string, reach: Reach): Promise<"none" | "all">;
  /** @throws Problem `findings_missing`, also when it is out of reach */
  get(id: string, asker: Permitted): Promise<Finding>;
  /**
   * This and the two below take the `etag` that was read.
   * @throws Problem `findings_missing`, `forbidden_here`, `findings_resolved`, `precondition_failed` when it moved
   */
  acknowledge(act: { id: string; etag?: string | undefined; note?: string | undefined }, by: By & Permitted): Promise<Finding>;
  /** Until then it stays silent, also when it goes and comes back. @throws Problem `findings_missing`, `findings_resolved`, `findings_until_past` */
  suppress(act: { id: string; etag?: string | undefined; until: string; reason: string }, by: By & Permitted): Promise<Finding>;
  /** Closes it by hand; what still holds is opened anew by the next observation. @throws Problem `findings_missing`, `findings_resolved` */
  resolve(act: { id: string; etag?: string | undefined; reason: string }, by: By & Permitted): Promise<Finding>;
}

const seqCursor = z.number().int().positive();

export function createFindings(deps: { db: Db; audit: Audit; clock?: Clock }): Findings {
  const { db, audit, clock = systemClock } = deps;
  const episodes = createEpisodes({ clock });

  return {
    ...createObserving({ clock, episodes }),
    wake: () => inTransaction(db, episodes.wake),
    ...createActing({ db, audit, clock }),
    find: (within, identity) => findLive(within, fingerprintOf(identity)),

    async list({ cursor, limit = 50, ...query }, asker) {
      const [kind, subject, text] = [query.kind, query.subject, query.q].map((term) => term && plain(term));
      const filter = { state: query.state, severity: query.severity, kind, subject, text, reach: reachOf(asker, "findings:read") };
      const rows = await search(db, { ...filter, before: decodeCursor(seqCursor, cursor), limit: limit + 1 });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { items: rows.slice(0, limit).map(findingOf), ...(last ? { next: encodeCursor(last.seq) } : {}) };
    },

    extent: async (id, reach) => ((await findFinding(db, plain(id), reach)) ? "all" : "none"),

    async get(id, asker) {
      const row = await findFinding(db, plain(id), reachOf(asker, "findings:read"));
      if (!row) throw missing(id);
      return findingOf(row);
    },
  };
}
