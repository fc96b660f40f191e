/** From what sources say to findings: opened, kept, resolved. */
import type { Finding } from "@holdfast/contract";
import type { Clock } from "@holdfast/kit";
import type { Tx } from "#platform/db";
import { compare } from "./compare.ts";
import type { Episodes } from "./episodes.ts";
import { contentOf, findingOf, fingerprintOf, saysAnew, type FindingInput, type Hold } from "./finding.ts";
import * as store from "./store.ts";

/** What an observation changed. */
export interface Reconciled {
  opened: Finding[];
  resolved: Finding[];
  /** How many stay as they were. */
  kept: number;
}

export function createObserving({ clock, episodes }: { clock: Clock; episodes: Episodes }) {
  const { open, seen, resolve, isDue } = episodes;

  async function raise(tx: Tx, input: FindingInput): Promise<Finding> {
    const sighting = { fingerprint: fingerprintOf(input), source: input.source, scope: null, hold: input };
    // Somebody else may open or resolve the same one between our look and our insert; then we look again.
    for (;;) {
      const [there] = await store.lockLive(tx, [sighting.fingerprint]);
      if (there) return findingOf(await seen(tx, there, { ...sighting, scope: there.scope }, 1));
      const opened = await open(tx, sighting);
      if (opened) return findingOf(opened);
    }
  }

  async function reconcile(tx: Tx, source: string, scope: string, holds: readonly Hold[]): Promise<Reconciled> {
    await store.lockScope(tx, source, scope);
    const wanted = new Map(holds.map((hold) => [fingerprintOf({ ...hold, source }), hold]));
    const live = await store.lockLive(tx, [...wanted.keys()], { source, scope });
    const { fresh, staying, gone } = compare(live, wanted, { source, scope });
    const result: Reconciled = { opened: [], resolved: [], kept: 0 };
    const unchanged: string[] = [];
    for (const { finding, hold } of staying) {
      const sighting = { fingerprint: finding.fingerprint, source, scope, hold };
      if (isDue(finding)) result.opened.push(findingOf(await seen(tx, finding, sighting, 0)));
      else if (finding.scope !== scope || saysAnew(finding, contentOf(hold))) await seen(tx, finding, sighting, 0);
      else unchanged.push(finding.id);
    }
    await store.seenAgain(tx, unchanged, new Date(clock.now()));
    result.kept = staying.length - result.opened.length;
    for (const finding of gone) result.resolved.push(findingOf(await resolve(tx, finding)));
    for (const { fingerprint, hold } of fresh) {
      const opened = await open(tx, { fingerprint, source, scope, hold });
      if (opened) result.opened.push(findingOf(opened));
      else await raise(tx, { ...hold, source }); // raised by somebody else at this moment
    }
    return result;
  }

  return { raise, reconcile };
}
