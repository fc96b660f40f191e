/** A difference with its long stretches of unchanged lines folded. Pure. */
import type { DiffLine } from "@holdfast/contract";

export type Stretch = { kind: "lines" | "fold"; from: number; lines: DiffLine[] };

/** Keeps `margin` unchanged lines around each change; a fold hides at least `least` lines. */
export function folded(lines: DiffLine[], margin = 3, least = 4): Stretch[] {
  const near = new Set<number>();
  lines.forEach((line, at) => {
    if (line.op === "keep") return;
    for (let i = at - margin; i <= at + margin; i++) near.add(i);
  });
  const stretches: Stretch[] = [];
  lines.forEach((line, at) => add(stretches, { kind: near.has(at) ? "lines" : "fold", from: at, lines: [line] }));
  const out: Stretch[] = [];
  for (const one of stretches) add(out, one.kind === "fold" && one.lines.length < least ? { ...one, kind: "lines" } : one);
  return out;
}

/** Puts a stretch behind the others, as one with the last when both are of one kind. */
function add(stretches: Stretch[], one: Stretch): void {
  const last = stretches.at(-1);
  if (last && last.kind === one.kind) last.lines = [...last.lines, ...one.lines];
  else stretches.push({ ...one });
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
