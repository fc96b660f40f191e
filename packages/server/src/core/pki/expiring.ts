/** What ends soon, for people: certificates, authorities, revocation lists. */
import type { ExpiringThing } from "@holdfast/contract";
import { dayMs, type Parts } from "./deps.ts";
import { renewalAt } from "./profiles.ts";
import { authorities, endingBefore } from "./store.ts";
import type { AuthorityTable } from "./tables.ts";

export function createExpiring({ db, clock }: Parts) {
  /** What ends within so many days, the first to end first. What renews by itself, or is not yet due, is left out. */
  return async function expiring(days: number): Promise<ExpiringThing[]> {
    const nowMs = clock.now();
    const until = new Date(nowMs + days * dayMs);
    const thing = (of: { id: string; name: string }, what: ExpiringThing["what"], end: Date): ExpiringThing => {
      const daysLeft = Math.round(((end.getTime() - nowMs) / dayMs) * 10) / 10;
      return { id: of.id, what, name: of.name, notAfter: end.toISOString(), daysLeft };
    };
    const found: ExpiringThing[] = [];
    for (const row of await authorities(db)) {
      if (row.role === "ssh" || row.retired_at !== null) continue;
      if (row.not_after && row.not_after < until) found.push(thing(row, row.role, row.not_after));
      if (row.crl_next_update && row.crl_next_update < warnFrom(row, nowMs, until)) found.push(thing(row, "crl", row.crl_next_update));
    }
    for (const row of await endingBefore(db, until)) {
      if (renewalAt({ notBefore: row.not_before, notAfter: row.not_after }) <= nowMs) found.push(thing(row, row.kind, row.not_after));
    }
    return found.sort((a, b) => a.daysLeft - b.daysLeft);
  };
}

/** A list whose key is here is signed anew in time; it is told of only when that did not happen. */
function warnFrom({ sealed_key }: AuthorityTable, nowMs: number, until: Date): Date {
  return sealed_key === null ? until : new Date(nowMs + dayMs);
}
