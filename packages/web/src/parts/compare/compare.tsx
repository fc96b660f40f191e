/** Two configurations compared, with the source of each intended line. Loaded only where it is shown. */
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import type { DiffLine } from "@holdfast/contract";
import { plural } from "../format.ts";
import { align } from "./align.ts";
import { drawMerge, saySource, type LineSource } from "./merge.ts";
import classes from "./compare.module.css";

interface CompareProps {
  before: string;
  after: string;
  names: [before: string, after: string];
  /** What the difference means; without it the texts themselves are compared. */
  diff?: DiffLine[] | undefined;
  sources?: LineSource[] | undefined;
}

export function Compare({ before, after, names, diff, sources }: CompareProps) {
  const parent = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery("(max-width: 1080px)", false, { getInitialValueInEffect: false });
  const [line, setLine] = useState<number>();
  const byLine = useMemo(() => new Map(sources?.map((source) => [source.line, source])), [sources]);
  const [beforeName, afterName] = names;
  const aligned = useMemo(() => (diff === undefined ? undefined : align(before, after, diff)), [before, after, diff]);
  useEffect(() => {
    if (parent.current === null) return undefined;
    setLine(undefined);
    return drawMerge({
      parent: parent.current,
      before: aligned?.before ?? before,
      after: aligned?.after ?? after,
      aligned,
      names: [beforeName, afterName],
      narrow,
      ...(byLine.size > 0 && { sourceOf: (at: number) => byLine.get(at), onLine: setLine }),
    });
  }, [before, after, aligned, beforeName, afterName, narrow, byLine]);
  const source = line === undefined ? undefined : byLine.get(line);
  return (
    <div className={classes["compare"]}>
      {!narrow && (
        <div className={classes["names"]}>
          <span>{beforeName}</span>
          <span>{afterName}</span>
        </div>
      )}
      <div ref={parent} />
      {aligned !== undefined && (
        <p className={classes["note"]}>
          Compared by meaning: comments, and an order that means nothing, are not differences
          {aligned.leftOut > 0 && `; ${plural(aligned.leftOut, "line")} of the left side that mean nothing are left out`}.
        </p>
      )}
      {byLine.size > 0 && (
        <output className={classes["source"]}>
          {source ? (
            <>
              Line {line} comes from <span className="mono">{saySource(source)}</span>
            </>
          ) : (
            "Point at an intended line, or walk the lines with the arrow keys, to see which template and data it comes from."
          )}
        </output>
      )}
    </div>
  );
}
