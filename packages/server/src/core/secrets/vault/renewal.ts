/** Renewal of what has an end: at two thirds of its life, again and again, until it can be renewed no further. */
import { asProblem, systemClock, type Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";

export interface RenewalParts {
  clock?: Clock;
  log: Log;
  /** For the log. */
  what: string;
  ttlMs: number;
  signal: AbortSignal;
  /** Renews it; how long it lives from now on, in milliseconds. */
  renew(): Promise<number>;
  /** It will end: renewals do not lengthen it any more, or were refused. */
  ending(): void;
}

/** Vault gives what is left of the longest life; less than this part of the first one, and the end is near. */
const leastPart = 0.5;

export function keepRenewed(parts: RenewalParts): void {
  void run(parts).catch((thrown: unknown) => {
    if (!parts.signal.aborted) parts.log.error({ error: thrown, what: parts.what }, "a renewal broke off");
  });
}

async function run({ clock = systemClock, log, what, ttlMs, signal, renew, ending }: RenewalParts): Promise<void> {
  let endsMs = clock.now() + ttlMs;
  for (let waitMs = (ttlMs * 2) / 3; ;) {
    await clock.sleep(waitMs, signal);
    const next = await renew().catch((thrown: unknown) => {
      log.warn({ problem: asProblem(thrown).code, what }, "a renewal failed");
      return undefined;
    });
    if (signal.aborted) return;
    const leftMs = endsMs - clock.now();
    if (next === undefined && leftMs > 2000) {
      waitMs = leftMs / 2; // again, ever closer to the end
      continue;
    }
    if (next === undefined || next < ttlMs * leastPart) return ending();
    endsMs = clock.now() + next;
    waitMs = (next * 2) / 3;
  }
}
