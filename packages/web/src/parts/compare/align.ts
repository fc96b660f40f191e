/**
 * Two configurations laid side by side by what they mean: only lines that the semantic difference names are changes; comments, and an
 * order that means nothing, are not. The right side is the intended text as it is; the left side is what runs, in the order of the right. Pure.
 */
import type { DiffLine } from "@holdfast/contract";
import { pairLines, wordChanges, type Span } from "./words.ts";

export interface Aligned {
  /** Both end with a line feed. */
  before: string;
  after: string;
  /** For each line of the left side its number in the running text; 0 where it is not in it. */
  beforeNumbers: number[];
  /** Lines of the running text that are not shown: they mean nothing. */
  leftOut: number;
  changes: Span[];
}

interface Line {
  text: string;
  /** The line and those it is nested in. */
  path: string;
}

type Row = { left?: { text: string; number: number }; right?: string };

/** Undefined when the difference does not fit the texts; then the texts themselves are compared. */
export function align(running: string, intended: string, diff: DiffLine[]): Aligned | undefined {
  const goes = bag(diff, "remove");
  const comes = bag(diff, "add");
  const [left, right] = [linesOf(running), linesOf(intended)];
  const places = placesOf(left);
  const used = new Set<number>();
  const rows: Row[] = right.map((line) => {
    if (take(comes, line.path)) return { right: line.text };
    const at = places.get(line.path)?.shift();
    if (at !== undefined) used.add(at);
    // One `!` is as good as another: its number would say nothing.
    return { left: { text: line.text, number: at === undefined || isNothing(line.text) ? 0 : at + 1 }, right: line.text };
  });
  const removed = left.map((line, at) => !used.has(at) && take(goes, line.path));
  if (some(goes) || some(comes)) return undefined;
  const all = withRemoved(rows, left, removed);
  const leftOut = left.filter((line, at) => !used.has(at) && removed[at] !== true && !isNothing(line.text)).length;
  return { ...texts(all), leftOut };
}

/** Lines with the path of their nesting, by indentation. */
function linesOf(text: string): Line[] {
  const parents: { indent: number; text: string }[] = [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((raw) => {
      const indent = raw.length - raw.trimStart().length;
      while (parents.length > 0 && (parents.at(-1)?.indent ?? 0) >= indent) parents.pop();
      const own = raw.trim();
      const path = [...parents.map((parent) => parent.text), own].join("\n");
      if (!isNothing(raw)) parents.push({ indent, text: own });
      return { text: raw, path };
    });
}

function isNothing(text: string): boolean {
  return /^\s*([!#].*)?$/.test(text);
}

function bag(diff: DiffLine[], op: "add" | "remove"): Map<string, number> {
  const counts = new Map<string, number>();
  const lines = linesOf(diff.map((line) => line.text).join("\n"));
  diff.forEach((line, at) => {
    const path = lines[at]?.path;
    // A moved line is on both sides, in another place.
    if (path !== undefined && (line.op === op || line.op === "move")) counts.set(path, (counts.get(path) ?? 0) + 1);
  });
  return counts;
}

function take(from: Map<string, number>, path: string): boolean {
  const n = from.get(path) ?? 0;
  if (n > 0) from.set(path, n - 1);
  return n > 0;
}

function some(counts: Map<string, number>): boolean {
  return [...counts.values()].some((n) => n > 0);
}

function placesOf(lines: Line[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  lines.forEach((line, at) => {
    const list = places.get(line.path);
    if (list) list.push(at);
    else places.set(line.path, [at]);
  });
  return places;
}

/** Removed lines come after the line that they follow in the running text; before what is new at that place. */
function withRemoved(rows: Row[], left: Line[], removed: boolean[]): Row[] {
  const rowOf = new Map(rows.flatMap((row, at) => (row.left && row.left.number > 0 ? [[row.left.number - 1, at] as const] : [])));
  const before = new Map<number, Row[]>();
  let anchor = -1;
  left.forEach((line, at) => {
    if (removed[at] === true) {
      const place = placeAfter(rows, anchor);
      before.set(place, [...(before.get(place) ?? []), { left: { text: line.text, number: at + 1 } }]);
    } else if (!isNothing(line.text)) anchor = rowOf.get(at) ?? anchor;
  });
  return [...rows.flatMap((row, at) => [...(before.get(at) ?? []), row]), ...(before.get(rows.length) ?? [])];
}

/** Right after a row; but where only comments stand between it and new lines, beside those. */
function placeAfter(rows: Row[], anchor: number): number {
  let at = anchor + 1;
  while (rows[at]?.left !== undefined && isNothing(rows[at]?.right ?? "x")) at++;
  const next = rows[at];
  return next !== undefined && next.left === undefined ? at : anchor + 1;
}

/** Both texts, and where they differ. */
function texts(rows: Row[]): Omit<Aligned, "leftOut"> {
  let before = "";
  let after = "";
  const beforeNumbers: number[] = [];
  const changes: Span[] = [];
  for (let at = 0; at < rows.length;) {
    const run: Row[] = [];
    while (at + run.length < rows.length && isChange(rows[at + run.length])) run.push(rows[at + run.length] ?? {});
    if (run.length === 0) run.push(rows[at] ?? {});
    else changes.push(...runChanges(run, before.length, after.length));
    for (const row of run) {
      if (row.left) {
        before += `${row.left.text}\n`;
        beforeNumbers.push(row.left.number);
      }
      if (row.right !== undefined) after += `${row.right}\n`;
    }
    at += run.length;
  }
  return { before, after, beforeNumbers, changes };
}

function isChange(row: Row | undefined): boolean {
  return row !== undefined && (row.left === undefined || row.right === undefined);
}

/** Changes of lines that follow one another: pairs that are alike by their words, the others whole. */
function runChanges(run: Row[], fromA: number, fromB: number): Span[] {
  const left = run.flatMap((row) => (row.left ? [row.left.text] : []));
  const right = run.flatMap((row) => (row.right === undefined ? [] : [row.right]));
  const spans: Span[] = [];
  let [a, b] = [fromA, fromB];
  for (const { left: one, right: other } of pairLines(left, right)) {
    if (one !== undefined && other !== undefined) spans.push(...wordChanges(one, other).map((span) => shifted(span, a, b)));
    else
      spans.push({
        fromA: a,
        toA: a + (one === undefined ? 0 : one.length + 1),
        fromB: b,
        toB: b + (other === undefined ? 0 : other.length + 1),
      });
    a += one === undefined ? 0 : one.length + 1;
    b += other === undefined ? 0 : other.length + 1;
  }
  return spans;
}

function shifted(span: Span, a: number, b: number): Span {
  return { fromA: span.fromA + a, toA: span.toA + a, fromB: span.fromB + b, toB: span.toB + b };
}
