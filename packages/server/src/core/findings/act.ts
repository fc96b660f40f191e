/** What people do to a finding: say that somebody is on it, silence it, close it. Each act is on record. */
import type { Finding } from "@holdfast/contract";
import { Problem, type Clock } from "@holdfast/kit";
import type { Updateable } from "kysely";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import { outOfReach, reachOf, reachOfAny, type Permitted } from "#platform/reach";
import { tell } from "./episodes.ts";
import { etagOf, evidenceText, findingOf, fingerprintOf, peoplesPart, plain, type FindingIdentity, type FindingRow } from "./finding.ts";
import * as store from "./store.ts";
import type { FindingTable } from "./tables.ts";

/** The one to act on, and the `etag` that was read of it. */
interface Which {
  id: string;
  etag?: string | undefined;
}

interface Act {
  verb: "acknowledge" | "suppress" | "resolve";
  told: "acknowledged" | "suppressed" | "resolved";
  set: Updateable<FindingTable>;
  reason?: string | undefined;
}

/** Why a finding is closed: by whom, in a sentence, and what shows it. */
export interface Settling extends By {
  reason: string;
  evidence?: Record<string, unknown> | undefined;
}

export function createActing({ db, audit, clock }: { db: Db; audit: Audit; clock: Clock }) {
  async function act(tx: Tx, before: FindingRow, { verb, told, set, reason }: Act, by: By): Promise<FindingRow> {
    const after = await store.updateFinding(tx, before.id, set);
    const facts = { subject: `finding:${before.id}`, before: shown(before), after: shown(after), reason };
    await audit.record(tx, { ...by, action: `findings.finding.${verb}`, ...facts });
    await tell(tx, after, told);
    return after;
  }

  async function actOn({ id, etag }: Which, deed: Act, { access, ...by }: By & Permitted): Promise<Finding> {
    const reaches = { seen: reachOfAny({ access }, "findings:read", "findings:write"), open: reachOf({ access }, "findings:write") };
    return inTransaction(db, async (tx) => {
      const found = await store.lockFinding(tx, plain(id), reaches);
      if (!found) throw missing(id);
      if (!found.open) throw outOfReach("findings:write", "this finding");
      const before = found.row;
      if (etag !== undefined && peoplesPart(etag) !== peoplesPart(etagOf(before))) throw preconditionFailed("this finding");
      if (before.state === "resolved") throw over(before);
      return findingOf(await act(tx, before, deed, by));
    });
  }

  async function acknowledge({ note, ...which }: Which & { note?: string | undefined }, by: By & Permitted): Promise<Finding> {
    const said = note === undefined ? {} : { note: plain(note) };
    const set = { state: "acknowledged" as const, suppressed_until: null, acknowledged_by: by.actor, ...said };
    return actOn(which, { verb: "acknowledge", told: "acknowledged", set, reason: note }, by);
  }

  async function suppress({ until, reason, ...which }: Which & { until: string; reason: string }, by: By & Permitted): Promise<Finding> {
    const end = new Date(until);
    if (!(end.getTime() > clock.now())) throw past(until);
    const set = { state: "suppressed" as const, suppressed_until: end, note: plain(reason) };
    return actOn(which, { verb: "suppress", told: "suppressed", set, reason }, by);
  }

  async function resolve({ reason, ...which }: Which & { reason: string }, by: By & Permitted): Promise<Finding> {
    return actOn(which, closing(reason), by);
  }

  async function settle(tx: Tx, identity: FindingIdentity, { reason, evidence, ...by }: Settling): Promise<boolean> {
    const [there] = await store.lockLive(tx, [fingerprintOf(identity)]);
    if (!there) return false;
    const deed = closing(reason);
    const more = evidence === undefined ? {} : { evidence: evidenceText({ ...there.evidence, ...evidence }) };
    await act(tx, there, { ...deed, set: { ...deed.set, ...more } }, by);
    return true;
  }

  /** Closed on purpose: a silence ends with it. */
  function closing(reason: string): Act {
    const set = { state: "resolved" as const, resolved_at: new Date(clock.now()), suppressed_until: null, note: plain(reason) };
    return { verb: "resolve", told: "resolved", set, reason };
  }

  return { acknowledge, suppress, resolve, settle };
}

function shown({ state, suppressed_until: suppressedUntil, title, subject }: FindingRow) {
  return { state, suppressedUntil, title, subject };
}

export function missing(id: string): Problem {
  return new Problem("findings_missing", { kind: "missing", say: `There is no finding with the id "${id}".` });
}

function over(finding: FindingRow): Problem {
  return new Problem("findings_resolved", {
    kind: "conflict",
    say: `This finding was resolved at ${finding.resolved_at?.toISOString() ?? ""}; nothing more can be done to it.`,
  });
}

function past(until: string): Problem {
  return new Problem("findings_until_past", {
    kind: "invalid",
    say: `"${until}" is not in the future; say until when it is to be silent.`,
    places: [{ at: "until", say: "must be in the future" }],
  });
}
