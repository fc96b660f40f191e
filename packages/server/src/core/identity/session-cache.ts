/**
 * What was found of sessions and keys a moment ago. The truth is in PostgreSQL: nothing counts longer than five seconds (four, and time
 * for what is under way), and it is forgotten at once when an event says that somebody's rights have changed. Without such events nothing is kept at all.
 */
import { systemClock, type Clock } from "@holdfast/kit";
import type { LiveSource } from "#platform/live";
import type { Log } from "#platform/log";

/** What the database's triggers publish, about `user:<id>` or, when it may be anybody, something else. */
export const accessChanged = "identity.access.changed";

export interface Held {
  userId: string;
}

export interface SessionCache {
  /** What is kept under `key`, else what `load` finds. `fresh`: what is kept does not count. */
  find<T extends Held>(key: string, load: () => Promise<T | undefined>, options?: { fresh?: boolean }): Promise<T | undefined>;
  forgetAll(): void;
  /** Keeps things from now on, and hears what changes, until the signal aborts. Called when keys may have changed as well. */
  follow(source: LiveSource, parts: { signal: AbortSignal; log: Log; onChange?: () => void }): Promise<void>;
}

interface Kept {
  found: Held;
  untilMs: number;
}

export function createSessionCache({ keepMs = 4_000, most = 10_000, clock = systemClock }: CacheOptions = {}): SessionCache {
  const kept = new Map<string, Kept>();
  let following = false;
  // What was read before something changed must not be kept after it.
  let changes = 0;

  function keep(key: string, found: Held, untilMs: number): void {
    kept.delete(key);
    kept.set(key, { found, untilMs });
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
  }

  function forget(userId: string): void {
    changes += 1;
    for (const [key, { found }] of kept) if (found.userId === userId) kept.delete(key);
  }

  function forgetAll(): void {
    changes += 1;
    kept.clear();
  }

  async function hear(source: LiveSource, signal: AbortSignal, onChange: () => void): Promise<void> {
    const after = await source.newest();
    following = true;
    for await (const { type, subject } of source.live({ after, signal })) {
      if (type !== accessChanged && type !== "platform.stream.reset") continue;
      if (subject.startsWith("user:")) forget(subject.slice(5));
      else {
        forgetAll();
        onChange();
      }
    }
  }

  return {
    async find<T extends Held>(key: string, load: () => Promise<T | undefined>, { fresh = false } = {}) {
      const nowMs = performance.now();
      const known = fresh ? undefined : kept.get(key);
      if (known && known.untilMs > nowMs) return known.found as T;
      const before = changes;
      const found = await load();
      if (found && following && before === changes) keep(key, found, nowMs + keepMs);
      else kept.delete(key);
      return found;
    },
    forgetAll,
    async follow(source, { signal, log, onChange = () => undefined }) {
      while (!signal.aborted) {
        await hear(source, signal, onChange).catch((err: unknown) =>
          log.warn({ err }, "changes of rights are not heard; every request is looked up"),
        );
        following = false;
        forgetAll();
        if (!signal.aborted) await clock.sleep(1_000, signal).catch(() => undefined); // rejects only when aborted
      }
    },
  };
}

interface CacheOptions {
  keepMs?: number;
  most?: number;
  clock?: Clock;
}
