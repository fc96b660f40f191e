/** Wakes those who wait for something new, and never misses one who looked just before it came. */

export interface Bell {
  /** How often it rang; take it before looking, and wait for more than it. */
  count(): number;
  ring(): void;
  /** Resolves once it rang more than `seen` times, after `patienceMs`, or when `signal` is aborted. Never rejects. */
  after(seen: number, patienceMs: number, signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = 0;
  const waiting = new Set<() => void>();
  return {
    count: () => rung,
    ring() {
      rung += 1;
      for (const wake of waiting) wake();
    },
    after(seen, patienceMs, signal) {
      if (rung > seen || signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(wake, patienceMs);
        function wake(): void {
          clearTimeout(timer);
          waiting.delete(wake);
          signal?.removeEventListener("abort", wake);
          resolve();
        }
        waiting.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
