/** Where entries stand in a list whose order matters, and how to get from one order to another with the fewest touches. */

/** Indexes of a longest rising run of numbers, in order. */
export function longestRising(numbers: number[]): number[] {
  const tails: number[] = [];
  const before = Array.from({ length: numbers.length }, () => -1);
  for (const [at, number] of numbers.entries()) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[tails[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before[at] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = at;
  }
  const run: number[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) run.push(at);
  return run.reverse();
}

export interface Numbered<T> {
  entry: T;
  /** As the device knows it, or as the author wishes; undefined when nobody said. */
  number: number | undefined;
}

export interface SequencePlan<T> {
  /** Set when the device's numbers must be spread first: the new start and step. */
  renumber?: number;
  /** Entries to take away, by their number on the device (after renumbering). */
  take: { entry: T; number: number }[];
  /** Entries to put in. `moved`: the same entry is taken away elsewhere. */
  put: { entry: T; number: number; moved: boolean }[];
}

interface Gap<T> {
  low: number;
  high: number;
  taken: Set<number>;
  entries: Numbered<T>[];
}

/** Rising free numbers for the entries of a gap; the author's own where they fit. Undefined when there is no room. */
function fit<T>(gap: Gap<T>, step: number): number[] | undefined {
  const own = gap.entries.map(({ number }) => number ?? 0);
  const fits = own.every((number, at) => number > (own[at - 1] ?? gap.low) && number < gap.high && !gap.taken.has(number));
  if (fits) return own;
  const last = gap.high === Infinity;
  const width = last ? step : Math.floor((gap.high - gap.low) / (gap.entries.length + 1));
  const spread = gap.entries.map((_entry, at) => gap.low + (at + 1) * Math.max(width, 1));
  if (width >= 1 && spread.every((number) => number < gap.high && !gap.taken.has(number))) return spread;
  const free: number[] = [];
  for (let number = gap.low + 1; number < gap.high && free.length < gap.entries.length; number++)
    if (!gap.taken.has(number)) free.push(number);
  return free.length === gap.entries.length ? free : undefined;
}

/** How the numbered list `running` becomes `intended`, entries being equal when their keys are. */
export function planSequence<T>(running: Numbered<T>[], intended: Numbered<T>[], keyOf: (entry: T) => string): SequencePlan<T> {
  const known = running.every(({ number }, at) => number !== undefined && number > (running[at - 1]?.number ?? 0));
  const places = new Map(running.map(({ entry }, at) => [keyOf(entry), at]));
  const matched = intended.map(({ entry }) => places.get(keyOf(entry)) ?? -1);
  const candidates = matched.flatMap((place, at) => (place >= 0 ? [at] : []));
  const kept = new Set(longestRising(candidates.map((at) => matched[at] ?? 0)).map((index) => candidates[index] ?? 0));
  const keptPlaces = new Set([...kept].map((at) => matched[at]));
  const gone = running.flatMap((_item, at) => (keptPlaces.has(at) ? [] : [at]));
  if (!gone.length && kept.size === intended.length) return { take: [], put: [] };
  const base = 10;
  for (let step = known ? 0 : base; ; step = step === 0 ? base : step * base) {
    const numberOf = (place: number): number => (step === 0 ? (running[place]?.number ?? 0) : step * (place + 1));
    const numbers = place(intended, { kept, matched, numberOf, taken: new Set(gone.map(numberOf)), step: step || base });
    if (!numbers) continue;
    const take = gone.flatMap((at) => (running[at] ? [{ entry: running[at].entry, number: numberOf(at) }] : []));
    const put = intended.flatMap(({ entry }, at) =>
      kept.has(at) ? [] : [{ entry, number: numbers.get(at) ?? 0, moved: (matched[at] ?? -1) >= 0 }],
    );
    return { ...(step ? { renumber: step } : {}), take, put };
  }
}

interface Known {
  kept: Set<number>;
  matched: number[];
  numberOf(place: number): number;
  taken: Set<number>;
  step: number;
}

/** A number for each entry that is put in, by its index; undefined when some gap has no room. */
function place<T>(intended: Numbered<T>[], known: Known): Map<number, number> | undefined {
  const numbers = new Map<number, number>();
  let low = 0;
  for (let at = 0; at < intended.length; at++) {
    if (known.kept.has(at)) {
      low = known.numberOf(known.matched[at] ?? 0);
      continue;
    }
    let end = at;
    while (end < intended.length && !known.kept.has(end)) end++;
    const high = end < intended.length ? known.numberOf(known.matched[end] ?? 0) : Infinity;
    const found = fit({ low, high, taken: known.taken, entries: intended.slice(at, end) }, known.step);
    if (!found) return undefined;
    for (const [offset, number] of found.entries()) numbers.set(at + offset, number);
    at = end - 1;
  }
  return numbers;
}
