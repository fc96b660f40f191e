/** A label selector as rows that a person fills in, and back. Pure. */
import { parseSelector, type SelectorTerm } from "@holdfast/kit";

export const relations = {
  in: "is",
  notin: "is not",
  exists: "is there",
  absent: "is not there",
} as const;
export type Relation = keyof typeof relations;

export interface SelectorRow {
  key: string;
  relation: Relation;
  /** Of `in` and `notin`: one of these. */
  values: string[];
}

export const blankRow: SelectorRow = { key: "site", relation: "in", values: [] };

/** `site in (lyon,turin),!lab`. Rows without a key, or without the values that they need, are left out. */
export function writeSelector(rows: readonly SelectorRow[]): string {
  return rows.filter(isWhole).map(writeRow).join(",");
}

function isWhole({ key, relation, values }: SelectorRow): boolean {
  return key.trim() !== "" && (relation === "exists" || relation === "absent" || values.length > 0);
}

function writeRow({ key, relation, values }: SelectorRow): string {
  if (relation === "exists") return key;
  if (relation === "absent") return `!${key}`;
  if (values.length === 1) return `${key}${relation === "in" ? "=" : "!="}${values[0] ?? ""}`;
  return `${key} ${relation} (${values.join(",")})`;
}

/** The rows of a selector; undefined for a text that is none. */
export function readSelector(text: string): SelectorRow[] | undefined {
  try {
    return parseSelector(text).map(rowOf);
  } catch {
    return undefined; // half typed
  }
}

function rowOf(term: SelectorTerm): SelectorRow {
  return { key: term.key, relation: term.op, values: "values" in term ? term.values : [] };
}

/** What is wrong with the rows, in words; undefined when they say something. */
export function rowsProblem(rows: readonly SelectorRow[]): string | undefined {
  if (rows.length === 0) return "Say for which labels, or let it count everywhere.";
  if (rows.some((row) => !isWhole(row))) return "Each line needs a label and what it is.";
  if (rows.some(({ values }) => values.some((value) => /[,()=\s]/.test(value)))) return "A value has no comma, space, = or bracket.";
  return readSelector(writeSelector(rows)) === undefined ? "A label is of letters, digits and . _ - /" : undefined;
}
