/**
 * The time of the simulated world. It may run faster than ours, so that a timer of minutes fires within a test,
 * or stand still until told.
 */

export interface WorldClock {
  /** Milliseconds since 1970 UTC, in the world's own time. */
  now(): number;
  /** Runs `fire` once after `ms` of the world's time; answers how to call it off. */
  after(ms: number, fire: () => void): () => void;
  /** How many of the world's seconds pass in one of ours. */
  readonly scale: number;
  /** It only passes when told. */
  readonly held: boolean;
}

const longest = 2_000_000_000;

/** Time that passes `scale` times as fast as ours, from now on. */
export function runningClock(scale = 1, origin: number = Date.now()): WorldClock {
  const start = performance.now();
  return {
    scale,
    held: false,
    now: () => origin + (performance.now() - start) * scale,
    after(ms, fire) {
      const timer = setTimeout(fire, Math.min(Math.max(0, ms / scale), longest));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

export interface HeldClock extends WorldClock {
  /** Lets time pass, and fires what falls due, in order. */
  advance(ms: number): void;
}

/** Time that only passes when told. */
export function heldClock(origin = Date.UTC(2026, 0, 5, 8)): HeldClock {
  let now = origin;
  let due: { at: number; fire: () => void }[] = [];
  return {
    scale: 1,
    held: true,
    now: () => now,
    after(ms, fire) {
      const entry = { at: now + Math.max(0, ms), fire };
      due.push(entry);
      return () => {
        due = due.filter((one) => one !== entry);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const next = due.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due = due.filter((one) => one !== next);
        now = next.at;
        next.fire();
      }
      now = until;
    },
  };
}
