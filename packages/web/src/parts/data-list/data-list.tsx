/** The one list of the console: sorted, selected, driven by the keyboard, smooth with ten thousand rows. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows are placed absolutely on a grid; table elements that are no table boxes lose their roles */
import { Checkbox, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import {
  createSortedRowModel,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
  type RowData,
  type RowSelectionState,
} from "@tanstack/react-table";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useMemo, useRef, type CSSProperties, type ReactNode } from "react";
import { fitting, nextSort, readSort, type Column, type Room } from "./columns.ts";
import { Foot } from "./foot.tsx";
import { useRows, type RowMoves } from "./rows.ts";
import classes from "./data-list.module.css";

const features = tableFeatures({
  rowSelectionFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});

export type Selection = RowSelectionState;
const nonePicked: Selection = {};

interface DataListProps<Row extends RowData> {
  /** Its accessible name, e.g. "Devices". */
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  /** Where a row leads; its first cell is the link. */
  rowLink: (row: Row) => LinkProps;
  /** What the first cell says to those who hear it. */
  rowName: (row: Row) => string;
  /** One of them, and many. */
  noun: [one: string, many: string];
  empty: ReactNode;
  sort?: string | undefined;
  onSort?: (sort: string | undefined) => void;
  selection?: { picked: Selection; onPick: (picked: Selection) => void };
  /** The row whose detail is open. */
  current?: string | undefined;
  more?: { hasMore: boolean; loading: boolean; load: () => void };
}

export function DataList<Row extends RowData>(props: DataListProps<Row>) {
  const { columns, rows, label, sort, selection, more, empty } = props;
  const room: Room = useRoom();
  const shown = useMemo(() => fitting(columns, room), [columns, room]);
  const complete = more?.hasMore !== true;
  const definitions = useMemo(
    () =>
      columns.map((column): ColumnDef<typeof features, Row> => ({
        id: column.id,
        accessorFn: (row: Row) => column.text(row),
        sortFn: bySize,
      })),
    [columns],
  );
  // Only what has been read whole can be sorted honestly; before that it keeps the order in which the server gives it.
  const sorting = useMemo(() => (complete ? readSort(sort) : []), [complete, sort]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: props.rowKey,
    state: { sorting, rowSelection: selection?.picked ?? nonePicked },
  });
  const ordered = table.getRowModel().rows;
  const body = useRef<HTMLDivElement>(null);
  const moves = useRows({
    body,
    keys: ordered.map((row) => row.id),
    ...(more && { more }),
    ...(selection && { onToggle: (key: string) => toggle(selection, key) }),
  });
  if (rows.length === 0) return <>{empty}</>;
  const tracks = [...(selection ? ["32px"] : []), ...shown.map((column) => column.width)].join(" ");
  return (
    <div className={classes["list"]}>
      <div role="table" aria-label={label} aria-rowcount={complete ? rows.length + 1 : -1} style={{ "--tracks": tracks } as CSSProperties}>
        <div role="rowgroup" className={classes["head"]}>
          <div role="row" className={classes["row"]} aria-rowindex={1}>
            {selection && <PickAll keys={ordered.map((row) => row.id)} selection={selection} label={props.noun[1]} />}
            {shown.map((column) => (
              <HeadCell key={column.id} column={column} sort={complete ? sort : undefined} onSort={complete ? props.onSort : undefined} />
            ))}
          </div>
        </div>
        <div role="rowgroup" ref={body} className={classes["body"]} style={{ height: moves.height }}>
          {moves.visible.map((item) => {
            const row = ordered[item.index];
            return row && <ListRow key={row.id} row={row.original} id={row.id} item={item} shown={shown} list={props} moves={moves} />;
          })}
        </div>
      </div>
      <Foot
        noun={props.noun}
        rows={ordered.map((row) => row.original)}
        columns={columns}
        picked={picked(selection?.picked)}
        loading={more?.loading === true}
        complete={complete}
      />
    </div>
  );
}

function useRoom(): Room {
  const mid = useMediaQuery("(min-width: 760px)", true, { getInitialValueInEffect: false });
  const wide = useMediaQuery("(min-width: 1180px)", true, { getInitialValueInEffect: false });
  return wide ? "wide" : mid ? "mid" : "narrow";
}

/** Numbers by size, texts as people order them (`edge-2` before `edge-10`). */
function bySize(a: { getValue: (id: string) => unknown }, b: { getValue: (id: string) => unknown }, id: string): number {
  const [x, y] = [a.getValue(id), b.getValue(id)];
  return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
}

function HeadCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string | undefined) => void) | undefined;
}) {
  const up = sort === column.id;
  const down = sort === `-${column.id}`;
  return (
    <div
      role="columnheader"
      className={classes["cell"]}
      data-align={column.align}
      aria-sort={up ? "ascending" : down ? "descending" : undefined}
    >
      {onSort ? (
        <UnstyledButton className={classes["sort"] ?? ""} onClick={() => onSort(nextSort(sort, column.id))}>
          {column.header}
          {up && <IconArrowUp size={12} />}
          {down && <IconArrowDown size={12} />}
        </UnstyledButton>
      ) : (
        column.header
      )}
    </div>
  );
}

interface ListRowProps<Row extends RowData> {
  row: Row;
  id: string;
  item: { index: number; start: number };
  shown: Column<Row>[];
  list: DataListProps<Row>;
  moves: RowMoves;
}

function ListRow<Row extends RowData>({ row, id, item, shown, list, moves }: ListRowProps<Row>) {
  const { selection, rowName, rowLink, current } = list;
  const name = rowName(row);
  return (
    // The link in the first cell does for the keyboard what a click anywhere on the row does for a pointer.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      tabIndex={-1}
      className={classes["row"]}
      aria-rowindex={item.index + 2}
      data-row={item.index}
      data-current={current === id || undefined}
      data-picked={selection?.picked[id] || undefined}
      style={{ transform: `translateY(${item.start}px)` }}
      onFocus={() => moves.arrive(item.index)}
      onClick={(event) => openRow(event)}
    >
      {selection && (
        <div role="cell" className={classes["pick"]}>
          <Checkbox
            aria-label={`Select ${name}`}
            checked={selection.picked[id] === true}
            onChange={() => toggle(selection, id)}
            tabIndex={-1}
          />
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

function openRow(event: React.MouseEvent<HTMLDivElement>): void {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("a, button, input, label") || window.getSelection()?.toString()) return;
  event.currentTarget.querySelector<HTMLAnchorElement>("[data-row-link]")?.click();
}

type Picking = { picked: Selection; onPick: (picked: Selection) => void };

function toggle(selection: Picking, key: string): void {
  const { [key]: was, ...rest } = selection.picked;
  selection.onPick(was === true ? rest : { ...rest, [key]: true });
}

function picked(selection: Selection | undefined): number {
  return selection === undefined ? 0 : Object.values(selection).filter(Boolean).length;
}

function PickAll({ keys, selection, label }: { keys: string[]; selection: Picking; label: string }) {
  const some = keys.some((key) => selection.picked[key]);
  const all = some && keys.every((key) => selection.picked[key]);
  return (
    <div role="columnheader" className={classes["pick"]}>
      <Checkbox
        aria-label={`Select all ${label} of this list`}
        checked={all}
        indeterminate={some && !all}
        onChange={() => selection.onPick(all ? {} : Object.fromEntries(keys.map((key) => [key, true])))}
      />
    </div>
  );
}
