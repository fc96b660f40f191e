/** Which rows are drawn, and moving among them with the keyboard. */
import { useWindowEvent } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { isTyping } from "../../app/keyboard/keys.ts";
import { useSingleKeys } from "../../app/keyboard/single-keys.ts";
import { moved } from "./columns.ts";
import type { MorePages } from "./more.ts";

export interface RowMoves {
  visible: { index: number; start: number }[];
  /** Of all rows together, in pixels. */
  height: number;
  /** The focus came to a row. */
  arrive: (index: number) => void;
}

interface RowsParts {
  body: RefObject<HTMLDivElement | null>;
  keys: string[];
  more?: MorePages;
  onToggle?: (key: string) => void;
  /** Of each row, in pixels. */
  rowHeight: number;
}

export function useRows({ body, keys, more, onToggle, rowHeight }: RowsParts): RowMoves {
  const margin = useTopOf(body);
  // The rule is about the React compiler, which is not used here.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useWindowVirtualizer({
    count: keys.length,
    estimateSize: () => rowHeight,
    overscan: 16,
    scrollMargin: margin,
    scrollPaddingStart: 88,
    scrollPaddingEnd: 60,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  const visible = virtualizer.getVirtualItems();
  const at = useRef<number | undefined>(undefined);
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more?.hasMore === true && !more.loading && last >= keys.length - 30) more.load();
  }, [more, last, keys.length]);

  const goTo = useCallback(
    (index: number) => {
      at.current = index;
      virtualizer.scrollToIndex(index, { align: "auto" });
      // The row may have to be drawn first.
      requestAnimationFrame(() => requestAnimationFrame(() => linkOf(body.current, index)?.focus({ preventScroll: true })));
    },
    [virtualizer, body],
  );
  const arrive = useCallback((index: number) => {
    at.current = index;
  }, []);
  const single = useSingleKeys();
  useWindowEvent("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || overlaid(body.current)) return;
    const within = body.current?.contains(document.activeElement) === true;
    // The focus may still be on its way to a row; only when it is somewhere else on purpose does the list begin anew.
    if (!within && document.activeElement !== document.body && document.activeElement?.id !== "main") at.current = undefined;
    const arrow = !/^[a-z]$/.test(event.key);
    if (arrow ? !within : !single) return;
    const next = moved(at.current, event.key, keys.length);
    const key = at.current === undefined ? undefined : keys[at.current];
    if (next !== undefined) goTo(next);
    else if (event.key === "x" && key !== undefined && onToggle) onToggle(key);
    else return;
    event.preventDefault();
  });
  return {
    visible: visible.map((item) => ({ index: item.index, start: item.start - margin })),
    height: virtualizer.getTotalSize(),
    arrive,
  };
}

function linkOf(body: HTMLElement | null, index: number): HTMLElement | null {
  return body?.querySelector<HTMLElement>(`[data-row="${index}"] [data-row-link]`) ?? null;
}

/** True when a dialog is open over the list. */
function overlaid(body: HTMLElement | null): boolean {
  const dialog = document.querySelector('[role="dialog"]');
  return dialog !== null && body !== null && !dialog.contains(body);
}

/** Distance of an element from the top of the page; measured again whenever the page's height changes. */
function useTopOf(element: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  const measure = useCallback(() => {
    const box = element.current?.getBoundingClientRect();
    if (box) setTop(Math.round(box.top + window.scrollY));
  }, [element]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [measure]);
  return top;
}
