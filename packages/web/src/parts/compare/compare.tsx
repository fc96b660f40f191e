/** Two configurations compared, with the source of each intended line. Loaded only where it is shown. */
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import { drawMerge, saySource, type LineSource } from "./merge.ts";
import classes from "./compare.module.css";

interface CompareProps {
  before: string;
  after: string;
  names: [before: string, after: string];
  sources?: LineSource[] | undefined;
  /** Everything in one column, whatever the width. */
  unified?: boolean;
}

export function Compare({ before, after, names, sources, unified = false }: CompareProps) {
  const parent = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery("(max-width: 1080px)", false, { getInitialValueInEffect: false }) || unified;
  const [line, setLine] = useState<number>();
  const byLine = useMemo(() => new Map(sources?.map((source) => [source.line, source])), [sources]);
  const [beforeName, afterName] = names;
  useEffect(() => {
    if (parent.current === null) return undefined;
    setLine(undefined);
    return drawMerge({
      parent: parent.current,
      before: before.replace(/\n$/, ""),
      after: after.replace(/\n$/, ""),
      names: [beforeName, afterName],
      narrow,
      ...(byLine.size > 0 && { sourceOf: (at: number) => byLine.get(at), onLine: setLine }),
    });
  }, [before, after, beforeName, afterName, narrow, byLine]);
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
