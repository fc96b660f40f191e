/** Under a list: how many there are, and the table as a file. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { csvOf, download } from "../csv.ts";
import { count, plural } from "../format.ts";
import type { Column } from "./columns.ts";
import classes from "./data-list.module.css";

interface FootProps<Row> {
  noun: [one: string, many: string];
  rows: Row[];
  columns: Column<Row>[];
  picked: number;
  loading: boolean;
  complete: boolean;
}

export function Foot<Row>({ noun, rows, columns, picked, loading, complete }: FootProps<Row>) {
  const told = columns.filter((column) => column.only === undefined);
  const save = (): void =>
    download(
      `${noun[1].replaceAll(" ", "-")}.csv`,
      csvOf(
        told.map((column) => column.header),
        rows.map((row) => told.map((column) => column.text(row))),
      ),
      "text/csv",
    );
  return (
    <div className={classes["foot"]}>
      <output>
        {complete ? plural(rows.length, ...noun) : `The first ${count(rows.length)} ${noun[1]}${loading ? "; reading more…" : ""}`}
        {picked > 0 && ` · ${count(picked)} selected`}
      </output>
      <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconDownload size={13} />} onClick={save}>
        {complete ? "CSV" : "CSV of these"}
      </Button>
    </div>
  );
}
