/** Selects every row of a list, or none. */
import { useEffect, useMemo, useRef } from "react";
import type { RowSelectionState } from "@tanstack/react-table";
import classes from "./data-list.module.css";

interface PickAllProps {
  keys: string[];
  picked: RowSelectionState;
  onPick: (change: () => RowSelectionState) => void;
  /** What the rows are, in the plural. */
  label: string;
}

export function PickAll({ keys, picked, onPick, label }: PickAllProps) {
  const box = useRef<HTMLInputElement>(null);
  const some = useMemo(() => keys.some((key) => picked[key]), [keys, picked]);
  const all = useMemo(() => some && keys.every((key) => picked[key]), [some, keys, picked]);
  useEffect(() => {
    // A box that is half ticked can only be said so by script.
    if (box.current) box.current.indeterminate = some && !all;
  }, [some, all]);
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- as in the list itself
    <div role="columnheader" className={classes["pick"]}>
      <input
        ref={box}
        type="checkbox"
        aria-label={`Select all ${label} of this list`}
        checked={all}
        onChange={() => onPick(() => (all ? {} : Object.fromEntries(keys.map((key) => [key, true as const]))))}
      />
    </div>
  );
}
