/** What a column of a list is, and which columns fit. Pure. */
import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** For sorting and for the exported table. */
  text: (row: Row) => string | number;
  /** A track of a CSS grid, e.g. `minmax(160px, 2fr)`. */
  width: string;
  align?: "end";
  /** Narrower lists leave the column out. */
  from?: "mid" | "wide";
  /** Only where nothing else fits. */
  only?: "narrow";
}

export type Room = "narrow" | "mid" | "wide";

export function fitting<Row>(columns: Column<Row>[], room: Room): Column<Row>[] {
  return columns.filter(
    (column) =>
      (column.only === undefined || column.only === room) &&
      (column.from === undefined || room === "wide" || (room === "mid" && column.from === "mid")),
  );
}

/** `-name` is `name` from high to low. */
export function readSort(sort: string | undefined): { id: string; desc: boolean }[] {
  if (sort === undefined || sort === "") return [];
  return [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }];
}

/** Up, then down, then as it came. */
export function nextSort(sort: string | undefined, id: string): string | undefined {
  if (sort === id) return `-${id}`;
  return sort === `-${id}` ? undefined : id;
}

/** Where `j`, `k`, Home and End lead to in a list; undefined when the key does not move. */
export function moved(at: number | undefined, key: string, rows: number): number | undefined {
  if (rows === 0) return undefined;
  const last = rows - 1;
  switch (key) {
    case "j":
    case "ArrowDown":
      return at === undefined ? 0 : Math.min(last, at + 1);
    case "k":
    case "ArrowUp":
      return at === undefined ? last : Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}
