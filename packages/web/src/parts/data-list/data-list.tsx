/** The one list of the console: sorted, selected, driven by the keyboard, smooth with ten thousand rows. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows are placed absolutely on a grid; table elements that are no table boxes lose their roles */
import { UnstyledButton } from "@mantine/core";
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
import { useCallback, useMemo, type CSSProperties, type ReactNode } from "react";
import { Body, type RowLook } from "./body.tsx";
import { fitting, nextSort, readSort, type Column, type Room } from "./columns.ts";
import { Foot } from "./foot.tsx";
import type { MorePages } from "./more.ts";
import { PickAll } from "./pick-all.tsx";
import classes from "./data-list.module.css";

const features = tableFeatures({
  rowSelectionFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});

export type Selection = RowSelectionState;
const nonePicked: Selection = {};

interface DataListProps<Row extends RowData> extends RowLook<Row> {
  /** Its accessible name, e.g. "Devices". */
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  /** One of them, and many. */
  noun: [one: string, many: string];
  empty: ReactNode;
  sort?: string | undefined;
  onSort?: (sort: string | undefined) => void;
  selection?: { picked: Selection; onPick: (change: (was: Selection) => Selection) => void };
  /** The row whose detail is open. */
  current?: string | undefined;
  more?: MorePages;
}

/** `rowLink`, `rowName` and `columns` should stay the same from one drawing to the next, so that rows are not drawn again while the list scrolls. */
export function DataList<Row extends RowData>(props: DataListProps<Row>) {
  const { columns, rows, label, sort, selection, more, empty } = props;
  const room: Room = useRoom();
  const shown = useMemo(() => fitting(columns, room), [columns, room]);
  const complete = more?.hasMore !== true;
  const ordered = useOrdered(props, complete);
  const keys = useMemo(() => ordered.map((row) => row.id), [ordered]);
  const told = useMemo(() => ordered.map((row) => row.original), [ordered]);
  const onPick = selection?.onPick;
  const onToggle = useCallback((key: string) => onPick?.((was) => toggled(was, key)), [onPick]);
  if (rows.length === 0) return <>{empty}</>;
  const tracks = [...(selection ? ["32px"] : []), ...shown.map((column) => column.width)].join(" ");
  return (
    <div className={classes["list"]} data-room={room}>
      <div role="table" aria-label={label} aria-rowcount={complete ? rows.length + 1 : -1} style={{ "--tracks": tracks } as CSSProperties}>
        <div role="rowgroup" className={classes["head"]}>
          <div role="row" className={classes["row"]} aria-rowindex={1}>
            {selection && <PickAll keys={keys} picked={selection.picked} onPick={selection.onPick} label={props.noun[1]} />}
            {shown.map((column) => (
              <HeadCell key={column.id} column={column} sort={complete ? sort : undefined} onSort={complete ? props.onSort : undefined} />
            ))}
          </div>
        </div>
        <Body
          rows={told}
          keys={keys}
          shown={shown}
          rowLink={props.rowLink}
          rowName={props.rowName}
          picked={selection?.picked}
          onToggle={selection && onToggle}
          current={props.current}
          more={more}
          rowHeight={rowHeights[room]}
        />
      </div>
      <Foot
        noun={props.noun}
        rows={told}
        columns={columns}
        picked={Object.keys(selection?.picked ?? nonePicked).length}
        loading={more?.loading === true}
        complete={complete}
      />
    </div>
  );
}

/** In pixels; where there is room for little else, a name has two lines, and a finger its target. */
const rowHeights: Record<Room, number> = { narrow: 48, mid: 36, wide: 36 };

/** The rows in the order that is asked for. */
function useOrdered<Row extends RowData>({ columns, rows, rowKey, sort, selection }: DataListProps<Row>, complete: boolean) {
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
    getRowId: rowKey,
    state: { sorting, rowSelection: selection?.picked ?? nonePicked },
  });
  return table.getRowModel().rows;
}

function toggled(was: Selection, key: string): Selection {
  const { [key]: before, ...rest } = was;
  return before === true ? rest : { ...rest, [key]: true };
}

function useRoom(): Room {
  const mid = useMediaQuery("(min-width: 760px)", true, { getInitialValueInEffect: false });
  const wide = useMediaQuery("(min-width: 1180px)", true, { getInitialValueInEffect: false });
  return wide ? "wide" : mid ? "mid" : "narrow";
}

const byText = new Intl.Collator("en", { numeric: true });

/** Numbers by size, texts as people order them (`edge-2` before `edge-10`). */
function bySize(a: { getValue: (id: string) => unknown }, b: { getValue: (id: string) => unknown }, id: string): number {
  const [x, y] = [a.getValue(id), b.getValue(id)];
  return typeof x === "number" && typeof y === "number" ? x - y : byText.compare(String(x), String(y));
}

interface HeadCellProps<Row> {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string | undefined) => void) | undefined;
}

function HeadCell<Row>({ column, sort, onSort }: HeadCellProps<Row>) {
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
