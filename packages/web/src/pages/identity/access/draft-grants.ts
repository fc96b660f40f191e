/** Grants while they are edited. Pure. */
import type { Grant } from "@holdfast/contract";
import { blankRow, readSelector, rowsProblem, writeSelector, type SelectorRow } from "./selector-rows.ts";

export interface DraftGrant {
  role: string;
  everywhere: boolean;
  rows: SelectorRow[];
}

/** A selector that is not made of rows cannot be here: the server takes no such one. */
export function draftsOf(grants: readonly Grant[]): DraftGrant[] {
  return grants.map(({ role, selector }) => ({
    role,
    everywhere: selector === undefined,
    rows: selector === undefined ? [blankRow] : (readSelector(selector) ?? [blankRow]),
  }));
}

export function grantsOf(drafts: readonly DraftGrant[]): Grant[] {
  return drafts.map(({ role, everywhere, rows }) => ({ role, ...(!everywhere && { selector: writeSelector(rows) }) }));
}

/** Why these cannot be given yet; undefined when they can. A role with no words about where would count everywhere, so it is refused here. */
export function draftsProblem(drafts: readonly DraftGrant[]): string | undefined {
  if (drafts.some(({ role }) => role === "")) return "Choose a role in each block.";
  return drafts.filter(({ everywhere }) => !everywhere).flatMap(({ rows }) => rowsProblem(rows) ?? [])[0];
}
