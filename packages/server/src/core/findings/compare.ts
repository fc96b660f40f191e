/** What an observation means for the findings that are there. Pure. */

/** A finding that is not resolved, as far as a comparison needs it. */
interface Live {
  fingerprint: string;
  source: string;
  scope: string | null;
}

interface Comparison<F extends Live, H> {
  /** Holds and is not there: to be opened. */
  fresh: { fingerprint: string; hold: H }[];
  /** Holds and is there: stays. */
  staying: { finding: F; hold: H }[];
  /** Is there and does not hold any more: to be resolved. */
  gone: F[];
}

/** `live` may also have findings of other scopes: those stay when they are among the holds (and move to this scope), and are left alone when not. */
export function compare<F extends Live, H>(
  live: readonly F[],
  holds: ReadonlyMap<string, H>,
  { source, scope }: { source: string; scope: string },
): Comparison<F, H> {
  const there = new Map(live.map((finding) => [finding.fingerprint, finding]));
  const found: Comparison<F, H> = { fresh: [], staying: [], gone: [] };
  for (const [fingerprint, hold] of holds) {
    const finding = there.get(fingerprint);
    if (finding) found.staying.push({ finding, hold });
    else found.fresh.push({ fingerprint, hold });
  }
  for (const finding of live)
    if (finding.source === source && finding.scope === scope && !holds.has(finding.fingerprint)) found.gone.push(finding);
  return found;
}
