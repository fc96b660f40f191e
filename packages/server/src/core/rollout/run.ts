/** Finds rollouts that want driving, takes a lease on each, drives them with the carriers, and hands over what it cannot finish. */
import { randomUUID } from "node:crypto";
import { drive } from "./drive.ts";
import { createHands, type HandsDeps } from "./hands.ts";
import { holdLease, type HeldLease } from "./lease.ts";
import { claimRollout, isLeaseLost, releaseLease } from "./store.ts";

export interface RunnerDeps extends HandsDeps {
  /** A controller that is silent for this long has lost its rollouts to another one. */
  leaseMs: number;
}

export interface Runner {
  start(): void;
  /** Somebody moved a rollout: look now. */
  wake(): void;
  /** Begins nothing new, lets steps in flight end, gives the leases back. */
  stop(): Promise<void>;
}

const claimEveryMs = 1000;

export function createRunner(deps: RunnerDeps): Runner {
  const worker = randomUUID();
  const driving = new Map<string, Promise<void>>();
  const waiters = new Set<() => void>();
  const end = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  const wake = (): void => {
    for (const resolve of waiters) resolve();
    waiters.clear();
  };
  const wait = async (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters.add(resolve);
    const timer = new AbortController();
    await Promise.race([promise, deps.clock.sleep(ms, timer.signal).catch(() => undefined)]);
    timer.abort(new Error("woken"));
    waiters.delete(resolve);
  };

  const claim = async (): Promise<void> => {
    for (;;) {
      const asked = deps.clock.now();
      // What is driven here already is not claimed again, however late its lease is: it would be interrupted for nothing.
      const claimed = await claimRollout(deps.db, { worker, leaseMs: deps.leaseMs, except: [...driving.keys()] });
      if (!claimed) return;
      const lease = holdLease(deps, claimed, asked);
      const run = driveLease(deps, lease, { wait, stopped: () => end.signal.aborted }).finally(() => driving.delete(lease.id));
      driving.set(lease.id, run);
    }
  };
  const look = async (): Promise<void> => {
    while (!end.signal.aborted) {
      try {
        await claim();
      } catch (thrown) {
        deps.log.warn({ err: thrown }, "cannot look for rollouts; trying again");
      }
      await wait(claimEveryMs);
    }
  };

  return {
    start: () => {
      loop = look();
    },
    wake,
    stop: async () => {
      end.abort(new Error("the controller stops"));
      wake();
      await loop;
      await Promise.all(driving.values());
    },
  };
}

/** Drives one rollout until it rests or the lease is lost; never throws. */
async function driveLease(
  deps: RunnerDeps,
  lease: HeldLease,
  life: { wait(ms: number): Promise<void>; stopped(): boolean },
): Promise<void> {
  const lost = new AbortController();
  const renewing = new AbortController();
  const log = deps.log.child({ rollout: lease.id, fencing: lease.fencing });
  const renewal = keepLease(deps, lease, { lost, until: renewing.signal });
  try {
    await drive(createHands(deps, lease, { ...life, signal: lost.signal }));
    await releaseLease(deps.db, lease);
  } catch (thrown) {
    lost.abort(thrown);
    if (isLeaseLost(thrown)) log.warn("another controller took this rollout over");
    else log.error({ err: thrown }, "driving this rollout failed; its lease runs out and it is taken up again");
  } finally {
    renewing.abort(new Error("done"));
    await renewal;
  }
}

/** Renews at a third of the lease; one that is surely lost aborts every step in flight. */
async function keepLease(deps: RunnerDeps, lease: HeldLease, ends: { lost: AbortController; until: AbortSignal }): Promise<void> {
  for (;;) {
    await deps.clock.sleep(deps.leaseMs / 3, ends.until).catch(() => undefined);
    if (ends.until.aborted) return;
    try {
      await lease.renew();
    } catch (thrown) {
      if (isLeaseLost(thrown)) return ends.lost.abort(new Error("another controller drives this rollout"));
      deps.log.warn({ err: thrown, rollout: lease.id }, "cannot renew the lease; trying again");
    }
  }
}
