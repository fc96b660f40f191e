/** The journal: every step, before and after, as the engine wrote it down. Oldest first; the newest is in view. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { RouteOutput } from "../../app/api.ts";
import { readPages } from "../../app/reads.ts";
import { exact, plural, timeOfDay, timesHere } from "../../parts/format.ts";
import { Glyph } from "../../parts/glyph.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Panel } from "../../parts/page.tsx";
import { RowsSkeleton } from "../../parts/skeletons.tsx";
import classes from "./rollout.module.css";
import { isFailure, sayDetail } from "./detail.ts";
import { scrollable } from "../../parts/scrollable.ts";

type Entry = RouteOutput<"rollouts.journal">["items"][number];

interface JournalProps {
  rollout: string;
  /** Only of this target. */
  target?: string;
  /** Asks again now and then: the stream is cut. */
  moving: boolean;
  names: Map<string, string>;
}

export function Journal({ rollout, target, moving, names }: JournalProps) {
  const journal = useInfiniteQuery({
    ...readPages("rollouts.journal", { id: rollout, ...(target !== undefined && { target }) }),
    refetchInterval: moving ? 5000 : false,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = journal;
  useEffect(() => {
    // A journal is read to its end, so that the newest line is there.
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Panel
      id={target === undefined ? "journal" : "target-journal"}
      title={target === undefined ? "Journal" : "Journal of this device"}
      flush
      beside={journal.data && <span className="dim">{plural(journal.data.length, "line")}</span>}
    >
      <Loaded query={journal} skeleton={<RowsSkeleton rows={4} />}>
        {(entries) =>
          entries.length === 0 ? (
            <p className={classes["none"]}>Nothing has been done yet.</p>
          ) : (
            <Entries entries={entries} names={names} plain={target !== undefined} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Entries({ entries, names, plain }: { entries: Entry[]; names: Map<string, string>; plain: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  });
  return (
    <ol
      className={classes["entries"]}
      ref={list}
      {...scrollable}
      aria-label="Journal, oldest first"
      onScroll={(event) => (follows.current = atEnd(event.currentTarget))}
    >
      {entries.map((entry) => (
        <li key={entry.seq} className={classes["entry"]} data-plain={plain || undefined} data-failed={isFailure(entry.detail) || undefined}>
          <time dateTime={entry.at} title={`${exact(entry.at).utc} · lease ${entry.fencing}`}>
            {timeOfDay(entry.at)}
          </time>
          {!plain && (
            <span className="clip">
              {entry.target === undefined ? <span className="dim">rollout</span> : (names.get(entry.target) ?? entry.target)}
            </span>
          )}
          <span className={classes["step"]} data-phase={entry.phase}>
            {entry.step}
          </span>
          <span className={classes["text"]}>
            {isFailure(entry.detail) && <Glyph shape="cross" tone="bad" size={13} />}
            {entry.phase === "begin" ? <span className="dim">begins</span> : timesHere(entry.say)}
            <span className={classes["detail"]}> {sayDetail(entry.detail, entry.say)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function atEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight < 40;
}
