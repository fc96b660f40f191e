import { systemClock, type Clock } from "./time.ts";

export interface RetryOptions {
  /** Attempts in all, the first included. */
  attempts: number;
  /** Wait before the second attempt; doubles each time, with full jitter. */
  baseMs: number;
  maxMs?: number;
  /** False stops at once. */
  when?: (thrown: unknown) => boolean;
  clock?: Clock;
  signal?: AbortSignal;
}

/** Runs `work` until it succeeds or the attempts are used up; throws the last failure. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const clock = options.clock ?? systemClock;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (thrown) {
      if (attempt >= options.attempts || options.when?.(thrown) === false) throw thrown;
      await clock.sleep(backoffMs(attempt, options.baseMs, options.maxMs), options.signal);
    }
  }
}

/** Wait before attempt `attempt + 1`: exponential with full jitter, never above `maxMs` (default 30 s). */
export function backoffMs(attempt: number, baseMs: number, maxMs = 30_000): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}
