/** An instant: relative to now, with the exact UTC and local time on hover. */
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

/** An instant as the clock here shows it, with UTC on hover. */
export function Exact({ at }: { at: string }) {
  const { utc, local } = exact(at);
  return (
    <time dateTime={at} title={utc}>
      {local}
    </time>
  );
}

interface WhenProps {
  at: string | undefined;
  /** Where there is no instant. */
  never?: string;
  prefix?: string;
}

export function When({ at, never = "never", prefix = "" }: WhenProps) {
  const atMs = at === undefined ? Number.NaN : Date.parse(at);
  // What is a minute old changes each second, what is older does not.
  const step = Math.abs(serverNow() - atMs) < 120_000 ? 1000 : 10_000;
  const now = useNow(step);
  if (at === undefined || Number.isNaN(atMs)) return <span className="dim">{never}</span>;
  const { utc, local } = exact(at);
  return (
    <time dateTime={at} title={`${utc}\n${local} here`}>
      {prefix}
      {relative(atMs, Math.max(now, Math.min(serverNow(), now + step)))}
    </time>
  );
}
