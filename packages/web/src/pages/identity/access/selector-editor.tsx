/** Where a role counts: everywhere, or for some labels; says how many devices that is now. */
import { ActionIcon, Autocomplete, Button, Select, TagsInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { read } from "../../../app/reads.ts";
import { useMay } from "../../../app/session.ts";
import { plural } from "../../../parts/format.ts";
import { blankRow, relations, rowsProblem, writeSelector, type Relation, type SelectorRow } from "./selector-rows.ts";
import classes from "./access.module.css";

interface SelectorEditorProps {
  /** Whose rows these are, for those who hear it. */
  of: string;
  rows: readonly SelectorRow[];
  onRows: (rows: SelectorRow[]) => void;
}

export function SelectorEditor({ of, rows, onRows }: SelectorEditorProps) {
  const known = useLabels();
  const set = (at: number, patch: Partial<SelectorRow>): void =>
    onRows(rows.map((row, index) => (index === at ? { ...row, ...patch } : row)));
  return (
    <div className={classes["rows"]}>
      {rows.map((row, at) => (
        // Rows have no other identity than their place.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={at} className={classes["term"]}>
          <Autocomplete
            aria-label={`${of}: label ${at + 1}`}
            placeholder="Label"
            data={[...known.keys()]}
            value={row.key}
            onChange={(key) => set(at, { key })}
          />
          <Select
            aria-label={`${of}: what label ${at + 1} must be`}
            allowDeselect={false}
            data={Object.entries(relations).map(([value, label]) => ({ value, label }))}
            value={row.relation}
            onChange={(relation) => set(at, { relation: relation as Relation })}
          />
          {row.relation === "in" || row.relation === "notin" ? (
            <TagsInput
              className={classes["values"] ?? ""}
              aria-label={`${of}: values of label ${at + 1}`}
              placeholder={row.values.length === 0 ? "Values, one of which it is" : ""}
              size="xs"
              acceptValueOnBlur
              data={known.get(row.key) ?? []}
              value={row.values}
              onChange={(values) => set(at, { values })}
            />
          ) : (
            <span className={classes["values"]} />
          )}
          <ActionIcon
            size={30}
            aria-label={`${of}: take label ${at + 1} out`}
            onClick={() => onRows(rows.filter((_, index) => index !== at))}
          >
            <IconTrash size={14} />
          </ActionIcon>
        </div>
      ))}
      <div className={classes["under"]}>
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          onClick={() => onRows([...rows, { ...blankRow, key: "" }])}
        >
          And another label
        </Button>
        <Fits rows={rows} />
      </div>
    </div>
  );
}

/** How much of the network the rows are. */
function Fits({ rows }: { rows: readonly SelectorRow[] }) {
  const may = useMay();
  const problem = rowsProblem(rows);
  const selector = writeSelector(rows);
  const ready = problem === undefined && may("devices.list");
  const found = useQuery({
    ...read("devices.list", { selector, limit: 500 }),
    enabled: ready,
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (problem !== undefined) return <span>{problem}</span>;
  return (
    <span>
      <span className="mono">{selector}</span>
      {found.data !== undefined &&
        ` · ${found.data.next === undefined ? plural(found.data.items.length, "device") : "more than 500 devices"} now`}
    </span>
  );
}

/** Labels that devices carry, with their values. */
function useLabels(): Map<string, string[]> {
  const may = useMay();
  const devices = useQuery({ ...read("devices.list", { limit: 500 }), enabled: may("devices.list") }).data?.items ?? [];
  const known = new Map<string, Set<string>>([["site", new Set()]]);
  for (const { labels, site } of devices)
    for (const [key, value] of Object.entries({ ...labels, ...(site !== undefined && { site }) }))
      known.set(key, (known.get(key) ?? new Set()).add(value));
  return new Map([...known].map(([key, values]) => [key, [...values].sort()]));
}
