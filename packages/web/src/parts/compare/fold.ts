/** A difference as numbered lines, with long stretches of unchanged lines folded. Pure. */
import type { DiffLine } from "@holdfast/contract";

export interface NumberedLine extends DiffLine {
  /** Number of the line before, and after; absent where the line is not there. */
  before?: number;
  after?: number;
}

export type Stretch = { kind: "lines" | "fold"; from: number; lines: NumberedLine[] };

/** Numbers both sides, beginning with 1. A moved line is there on both. */
export function numbered(diff: DiffLine[]): NumberedLine[] {
  let before = 0;
  let after = 0;
  return diff.map((line) => {
    if (line.op === "add") return { ...line, after: ++after };
    if (line.op === "remove") return { ...line, before: ++before };
    return { ...line, before: ++before, after: ++after };
  });
}

/** Keeps `margin` unchanged lines around each change; a fold hides at least `least` lines. */
export function folded(diff: DiffLine[], margin = 3, least = 4): Stretch[] {
  const lines = numbered(diff);
  const near = new Set<number>();
  lines.forEach((line, at) => {
    if (line.op === "keep") return;
    for (let i = at - margin; i <= at + margin; i++) near.add(i);
  });
  const stretches: Stretch[] = [];
  lines.forEach((line, at) => {
    const kind = near.has(at) ? "lines" : "fold";
    const last = stretches.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else stretches.push({ kind, from: at, lines: [line] });
  });
  return merged(stretches.map((one) => (one.kind === "fold" && one.lines.length < least ? { ...one, kind: "lines" } : one)));
}

function merged(stretches: Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const one of stretches) {
    const last = out.at(-1);
    if (last && last.kind === one.kind) last.lines = [...last.lines, ...one.lines];
    else out.push({ ...one });
  }
  return out;
}

/** The text before and after, from the difference alone. */
export function sides(diff: DiffLine[]): { before: string; after: string } {
  const text = (leave: DiffLine["op"]): string =>
    diff
      .filter((line) => line.op !== leave)
      .map((line) => `${line.text}\n`)
      .join("");
  return { before: text("add"), after: text("remove") };
}
