/** Lines and words that belong together. Pure. */

/** A stretch of both texts that differs. */
export interface Span {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

interface Pair {
  left?: string;
  right?: string;
}

/** Lines of the same command, in their order: each left line with the next right one that is alike. */
export function pairLines(left: string[], right: string[]): Pair[] {
  const pairs: Pair[] = [];
  let next = 0;
  for (const one of left) {
    const at = right.findIndex((other, index) => index >= next && alike(one, other));
    if (at < 0) {
      pairs.push({ left: one });
      continue;
    }
    for (; next < at; next++) pairs.push({ right: right[next] ?? "" });
    pairs.push({ left: one, right: right[at] ?? "" });
    next = at + 1;
  }
  for (; next < right.length; next++) pairs.push({ right: right[next] ?? "" });
  return pairs;
}

/** True when at least half of the words are the same, the first among them. */
export function alike(one: string, other: string): boolean {
  const [a, b] = [one.trim().split(/\s+/), other.trim().split(/\s+/)];
  if (a[0] !== b[0]) return false;
  return 2 * common(a, b).length >= (a.length + b.length) / 2;
}

/** Where two lines differ, by words. */
export function wordChanges(one: string, other: string): Span[] {
  const [a, b] = [one.split(/(?<=\s)(?=\S)|(?<=\S)(?=\s)/), other.split(/(?<=\s)(?=\S)|(?<=\S)(?=\s)/)];
  const spans: Span[] = [];
  let [i, j, fromA, fromB] = [0, 0, 0, 0];
  for (const [nextA, nextB] of [...common(a, b), [a.length, b.length] as const]) {
    const [lenA, lenB] = [length(a, i, nextA), length(b, j, nextB)];
    if (lenA > 0 || lenB > 0) spans.push({ fromA, toA: fromA + lenA, fromB, toB: fromB + lenB });
    const kept = a[nextA]?.length ?? 0;
    fromA += lenA + kept;
    fromB += lenB + kept;
    [i, j] = [nextA + 1, nextB + 1];
  }
  return spans;
}

function length(words: string[], from: number, to: number): number {
  return words.slice(from, to).reduce((sum, word) => sum + word.length, 0);
}

/** The longest common run of words, as pairs of places. */
function common(a: string[], b: string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const best = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i * width + j] =
        a[i] === b[j] ? (best[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(best[(i + 1) * width + j] ?? 0, best[i * width + j + 1] ?? 0);
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((best[(i + 1) * width + j] ?? 0) >= (best[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return pairs;
}
