/** Columns that several lists have: an instant, a number, a state, a person, a text. */
import { Actor, actorName } from "../actor.tsx";
import { count } from "../format.ts";
import { State } from "../glyph.tsx";
import type { Look } from "../states.ts";
import { When } from "../when.tsx";
import type { Column } from "./columns.ts";

type Place = Pick<Column<unknown>, "id" | "header" | "from" | "only">;

/** When something was; at the right, relative, exact on hover. */
export function whenColumn<Row>(place: Place, at: (row: Row) => string | undefined): Column<Row> {
  return { ...place, cell: (row) => <When at={at(row)} />, text: (row) => at(row) ?? "", width: "96px", align: "end" };
}

/** How many; at the right. */
export function countColumn<Row>(place: Place & { width: string }, n: (row: Row) => number): Column<Row> {
  return { ...place, cell: (row) => count(n(row)), text: n, align: "end" };
}

/** Who did it. */
export function actorColumn<Row>(place: Place, actor: (row: Row) => string): Column<Row> {
  return { ...place, cell: (row) => <Actor actor={actor(row)} />, text: (row) => actorName(actor(row)), width: "minmax(76px, 0.7fr)" };
}

/** A text as it is. */
export function textColumn<Row>(place: Place & { width: string }, text: (row: Row) => string): Column<Row> {
  return { ...place, cell: text, text };
}

/** A state: a shape, a colour and a word. */
export function stateColumn<Row>(place: Place & { width: string }, look: (row: Row) => Look): Column<Row> {
  return { ...place, cell: (row) => <State look={look(row)} />, text: (row) => look(row).word };
}

/** An address, a branch, a URL: as a machine writes it. */
export function monoColumn<Row>(place: Place & { width: string }, text: (row: Row) => string): Column<Row> {
  return { ...place, cell: (row) => <span className="mono">{text(row)}</span>, text };
}

/** A text that may be missing. */
export function maybeColumn<Row>(place: Place & { width: string; without: string }, text: (row: Row) => string | undefined): Column<Row> {
  const { without, ...rest } = place;
  return { ...rest, cell: (row) => text(row) ?? <span className="dim">{without}</span>, text: (row) => text(row) ?? "" };
}
