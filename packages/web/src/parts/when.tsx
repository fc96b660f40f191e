/** An instant: relative to now, with the exact UTC and local time on hover and focus. */
import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { serverNow } from "../app/clock.ts";
import { exact, relative } from "./format.ts";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(serverNow() / 1000);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(serverNow() / 1000);
    for (const one of listeners) one();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's time in milliseconds, new each `stepMs` (a second unless told): one timer for the whole page. */
export function useNow(stepMs = 1000): number {
  const step = Math.max(1, Math.round(stepMs / 1000));
  return useSyncExternalStore(subscribe, () => Math.floor(second / step) * step) * 1000;
}

interface WhenProps {
  at: string | undefined;
  /** Where there is no instant. */
  never?: string;
  prefix?: string;
}

export function When({ at, never = "never", prefix = "" }: WhenProps) {
  const atMs = at === undefined ? Number.NaN : Date.parse(at);
  const now = useNow(Math.abs(serverNow() - atMs) < 120_000 ? 1000 : 10_000);
  if (at === undefined || Number.isNaN(atMs)) return <span className="dim">{never}</span>;
  const { utc, local } = exact(at);
  return (
    <Tooltip
      label={
        <>
          {utc}
          <br />
          {local} here
        </>
      }
    >
      <time dateTime={at}>
        {prefix}
        {relative(atMs, Math.max(now, Math.min(serverNow(), now + 1000)))}
      </time>
    </Tooltip>
  );
}
