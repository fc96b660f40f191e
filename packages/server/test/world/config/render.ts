/** Writes a configuration the way its platform shows it. */
import { shownOrder, type Block, type Statement } from "./tree.ts";

export interface Style {
  /** Lines before a block inside a block, indented by the caller. */
  before?(statement: Statement, depth: number): string[];
  /** Lines after the statements of a block. */
  after(statement: Statement, depth: number): string[];
  /** Whether a block without statements is left out. */
  hidesEmpty?(statement: Statement): boolean;
}

/** The statements of a configuration as lines, groups parted by `!`. */
export function renderLines(root: Block, style: Style): string[] {
  const lines: string[] = [];
  let group: string | undefined;
  for (const statement of shown(root, root)) {
    const own = statementLines(statement, { root, style, depth: 0 });
    if (own.length === 0) continue;
    const next = groupOf(statement);
    if (group !== undefined && next !== group) lines.push("!");
    group = next;
    lines.push(...own);
  }
  return lines;
}

interface Around {
  root: Block;
  style: Style;
  depth: number;
}

function statementLines(statement: Statement, around: Around): string[] {
  const { style, depth, root } = around;
  const pad = " ".repeat(depth);
  const child = statement.child;
  if (!child) return (pad + statement.text).split("\n");
  const inner = shown(child, root).flatMap((one) => statementLines(one, { ...around, depth: depth + 1 }));
  if (inner.length === 0 && style.hidesEmpty?.(statement)) return [];
  return [...(style.before?.(statement, depth) ?? []), pad + statement.text, ...inner, ...style.after(statement, depth)];
}

const shown = (block: Block, root: Block): Statement[] =>
  shownOrder({ root, block }).filter((statement) => statement.rule.visible?.(statement, { root, block }) ?? true);

function groupOf({ rule, args, key }: Statement): string {
  if (rule.group) return rule.group(args);
  if (rule.mode) return key;
  return rule.place ?? `rule ${rule.rank}`;
}
