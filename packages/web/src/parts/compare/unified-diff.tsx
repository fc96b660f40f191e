/** A difference in one column: signs, numbers, and folds that open. */
import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconArrowsVertical } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { DiffLine } from "@holdfast/contract";
import { folded } from "./fold.ts";
import { plural } from "../format.ts";
import classes from "./unified-diff.module.css";
import { scrollable } from "../scrollable.ts";

const signs = { add: "+", remove: "−", keep: " ", move: "↕" };

export function UnifiedDiff({ diff, label }: { diff: DiffLine[]; label: string }) {
  const stretches = useMemo(() => folded(diff), [diff]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (!diff.some((line) => line.op !== "keep")) return <p className={classes["same"]}>No difference.</p>;
  return (
    <figure className={classes["diff"]} aria-label={label} {...scrollable}>
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
    </figure>
  );
}

function Line({ line }: { line: DiffLine }) {
  const Text = line.op === "add" ? "ins" : line.op === "remove" ? "del" : "span";
  return (
    <div className={classes["line"]} data-op={line.op}>
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
      <span className={classes["plus"]} aria-hidden="true">
        +{added}
      </span>{" "}
      <span className={classes["minus"]} aria-hidden="true">
        −{removed}
      </span>
      <VisuallyHidden>
        {added} added, {removed} removed
      </VisuallyHidden>
    </span>
  );
}
