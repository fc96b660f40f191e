/** A difference in one column: signs, numbers, and folds that open. */
import { UnstyledButton } from "@mantine/core";
import { IconArrowsVertical } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { DiffLine } from "@holdfast/contract";
import { folded, type NumberedLine } from "./fold.ts";
import { plural } from "../format.ts";
import classes from "./unified-diff.module.css";

const signs = { add: "+", remove: "−", keep: " ", move: "↕" };

export function UnifiedDiff({ diff, label }: { diff: DiffLine[]; label: string }) {
  const stretches = useMemo(() => folded(diff), [diff]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (!diff.some((line) => line.op !== "keep")) return <p className={classes["same"]}>No difference.</p>;
  return (
    // A wide line scrolls; a region that scrolls can be reached with the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes["diff"]} role="group" aria-label={label} tabIndex={0}>
      <div className={classes["inner"]}>
        {stretches.map((one) =>
          one.kind === "lines" || open.has(one.from) ? (
            one.lines.map((line, at) => <Line key={one.from + at} line={line} />)
          ) : (
            <UnstyledButton key={one.from} className={classes["fold"] ?? ""} onClick={() => setOpen(new Set([...open, one.from]))}>
              <IconArrowsVertical size={12} /> {plural(one.lines.length, "unchanged line")}
            </UnstyledButton>
          ),
        )}
      </div>
    </div>
  );
}

function Line({ line }: { line: NumberedLine }) {
  const Text = line.op === "add" ? "ins" : line.op === "remove" ? "del" : "span";
  return (
    <div className={classes["line"]} data-op={line.op}>
      <span className={classes["number"]} aria-hidden="true">
        {line.before}
      </span>
      <span className={classes["number"]} aria-hidden="true">
        {line.after}
      </span>
      <span className={classes["sign"]} aria-hidden="true">
        {signs[line.op]}
      </span>
      <Text className={classes["text"]}>{line.text === "" ? "\u00a0" : line.text}</Text>
    </div>
  );
}

/** `+3 −1`, with words for those who hear it. */
export function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className={classes["counts"]}>
      <span className={classes["plus"]} aria-label={`${added} added`} role="img">
        +{added}
      </span>{" "}
      <span className={classes["minus"]} aria-label={`${removed} removed`} role="img">
        −{removed}
      </span>
    </span>
  );
}
