/** What a device has configured: an ordered tree of statements, keyed by what each of them is about. */
import type { Around, Rule } from "./rules.ts";

export type Args = Record<string, string>;

export interface Statement {
  /** Two statements of one key cannot stand in one block: the later replaces the earlier. */
  key: string;
  text: string;
  rule: Rule;
  args: Args;
  /** Order of entry. */
  order: number;
  child?: Block;
}

export interface Block {
  /** Name of the mode whose commands stand in it. */
  mode: string;
  statements: Map<string, Statement>;
}

export const newBlock = (mode: string): Block => ({ mode, statements: new Map() });

type SortKey = readonly (number | string)[];

/** Compares part by part; a shorter key that agrees comes first. */
export function compareKeys(a: SortKey, b: SortKey): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const [x, y] = [a[index]!, b[index]!];
    if (x === y) continue;
    if (typeof x === "number" && typeof y === "number") return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a.length - b.length;
}

/** The statements of a block in the order in which the device shows them. */
export function shownOrder(around: Around): Statement[] {
  const keyed = [...around.block.statements.values()].map((statement) => ({ statement, key: sortKeyOf(statement, around) }));
  return keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ statement }) => statement);
}

const sortKeyOf = ({ rule, args, order, text }: Statement, around: Around): SortKey => [
  rule.rank ?? 0,
  ...(rule.sort?.(args, text, around) ?? []),
  order,
];

/** Every statement below a block, blocks first. */
export function* everyStatement(block: Block): Generator<Statement> {
  for (const statement of block.statements.values()) {
    yield statement;
    if (statement.child) yield* everyStatement(statement.child);
  }
}
