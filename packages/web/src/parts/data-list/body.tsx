/** The rows of a list: only those in view are drawn, and while the list scrolls only new ones are. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows are placed absolutely on a grid; table elements that are no table boxes lose their roles */
import { Link, type LinkProps } from "@tanstack/react-router";
import type { RowSelectionState } from "@tanstack/react-table";
import { memo, useRef, type CSSProperties, type MouseEvent } from "react";
import type { Column } from "./columns.ts";
import type { MorePages } from "./more.ts";
import { useRows } from "./rows.ts";
import classes from "./data-list.module.css";

/** How a row leads on and is called. */
export interface RowLook<Row> {
  /** Where a row leads; its first cell is the link. */
  rowLink: (row: Row) => LinkProps;
  /** What the first cell says to those who hear it. */
  rowName: (row: Row) => string;
}

interface BodyProps<Row> extends RowLook<Row> {
  rows: Row[];
  keys: string[];
  shown: Column<Row>[];
  picked: RowSelectionState | undefined;
  onToggle: ((key: string) => void) | undefined;
  current: string | undefined;
  more: MorePages | undefined;
  /** In pixels. */
  rowHeight: number;
}

export function Body<Row>({ rows, keys, shown, rowLink, rowName, picked, onToggle, current, more, rowHeight }: BodyProps<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const moves = useRows({ body, keys, rowHeight, ...(more && { more }), ...(onToggle && { onToggle }) });
  const Drawn = ListRow as typeof RowDrawn<Row>;
  return (
    <div
      role="rowgroup"
      ref={body}
      className={classes["body"]}
      style={{ height: moves.height, "--row": `${rowHeight}px` } as CSSProperties}
    >
      {moves.visible.map(({ index, start }) => {
        const [row, id] = [rows[index], keys[index]];
        if (row === undefined || id === undefined) return null;
        return (
          <Drawn
            key={id}
            row={row}
            id={id}
            index={index}
            start={start}
            shown={shown}
            rowLink={rowLink}
            rowName={rowName}
            picked={picked && picked[id] === true}
            onToggle={onToggle}
            current={current === id}
            arrive={moves.arrive}
          />
        );
      })}
    </div>
  );
}

interface RowProps<Row> extends RowLook<Row> {
  row: Row;
  id: string;
  index: number;
  start: number;
  shown: Column<Row>[];
  /** Undefined where rows cannot be selected. */
  picked: boolean | undefined;
  onToggle: ((key: string) => void) | undefined;
  current: boolean;
  arrive: (index: number) => void;
}

function RowDrawn<Row>({ row, id, index, start, shown, rowLink, rowName, picked, onToggle, current, arrive }: RowProps<Row>) {
  return (
    // The link in the first cell does for the keyboard what a click anywhere on the row does for a pointer.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      tabIndex={-1}
      className={classes["row"]}
      aria-rowindex={index + 2}
      data-row={index}
      data-current={current || undefined}
      data-picked={picked || undefined}
      style={{ transform: `translateY(${start}px)` }}
      onFocus={() => arrive(index)}
      onClick={openRow}
    >
      {picked !== undefined && (
        <div role="cell" className={classes["pick"]}>
          <input type="checkbox" aria-label={`Select ${rowName(row)}`} checked={picked} onChange={() => onToggle?.(id)} tabIndex={-1} />
        </div>
      )}
      {shown.map((column, at) => (
        <div role="cell" key={column.id} className={classes["cell"]} data-align={column.align}>
          {at === 0 ? (
            <Link {...rowLink(row)} className={classes["link"] ?? ""} data-row-link>
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </div>
      ))}
    </div>
  );
}

const ListRow = memo(RowDrawn);

function openRow(event: MouseEvent<HTMLDivElement>): void {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("a, button, input, label") || window.getSelection()?.toString()) return;
  event.currentTarget.querySelector<HTMLAnchorElement>("[data-row-link]")?.click();
}
