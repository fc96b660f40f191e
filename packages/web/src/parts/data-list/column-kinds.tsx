/** Columns that several lists have: an instant, a number, a word, a person. */
import { count } from "../format.ts";
import { When } from "../when.tsx";
import { Actor, actorName } from "../actor.tsx";
import type { Column } from "./columns.ts";

type Place = Pick<Column<unknown>, "id" | "header" | "from">;

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
