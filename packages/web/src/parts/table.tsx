/** A short table whose rows hold fields and acts; the list is for what is long, sorted and filtered. */
import type { ReactNode } from "react";
import { scrollable } from "./scrollable.ts";
import classes from "./table.module.css";

export interface Heading {
  label: string;
  align?: "end";
  /** Narrower screens leave the column out; its cells carry the same class. */
  from?: "wide";
}

interface TableProps {
  label: string;
  head: Heading[];
  /** The last column holds what can be done to a row. */
  acts?: boolean;
  /** Inside a panel that has a frame of its own. */
  flush?: boolean;
  /** `tr` elements; each begins with a `th` of its row. */
  children: ReactNode;
}

/** The class of cells that narrower screens leave out. */
export const wideOnly = classes["wide"] ?? "";
/** The class of cells with numbers and times. */
export const atEnd = classes["end"] ?? "";

export function Table({ label, head, acts = false, flush = false, children }: TableProps) {
  return (
    <div className={classes["scroll"]} data-flush={flush || undefined} {...scrollable}>
      <table className={classes["table"]} aria-label={label}>
        <thead>
          <tr>
            {head.map((one) => (
              <th key={one.label} scope="col" className={`${one.from === "wide" ? wideOnly : ""} ${one.align === "end" ? atEnd : ""}`}>
                {one.label}
              </th>
            ))}
            {acts && (
              <th scope="col" className={atEnd}>
                <span className={classes["heard"]}>Acts</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** The last cell of a row: what can be done to it. */
export function ActsCell({ children }: { children: ReactNode }) {
  return (
    <td className={atEnd}>
      <span className={classes["acts"]}>{children}</span>
    </td>
  );
}
