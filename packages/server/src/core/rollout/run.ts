/** Finds rollouts that want driving, takes a lease on each, drives them with the carriers, and hands over what it cannot finish. */
import { randomUUID } from "node:crypto";
import { drive, type Hands } from "./drive.ts";
import { createHands, type HandsDeps } from "./hands.ts";
import { holdLease, type HeldLease } from "./lease.ts";
import { claimRollout, isLeaseLost, leaseLost, releaseLease } from "./store.ts";

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
  const ends = { lost, until: renewing.signal };
  const keeping = [keepLease(deps, lease, ends), watchLapse(deps, lease, ends)];
  const { hands, still } = whileHeld(createHands(deps, lease, { ...life, signal: lost.signal }), lost.signal);
  try {
    await drive(hands);
    lost.signal.throwIfAborted();
    await releaseLease(deps.db, lease);
  } catch (thrown) {
    lost.abort(thrown);
    if (isLeaseLost(thrown)) log.warn("another controller has this rollout, or may have it");
    else log.error({ err: thrown }, "driving this rollout failed; its lease runs out and it is taken up again");
  } finally {
    renewing.abort(new Error("done"));
    await Promise.all([...keeping, still()]);
  }
}

/**
 * What was cut short because the rollout may be another's is no word on a target: nothing is written any more. `still` resolves when
 * nothing of it is in flight, so that this controller does not meet itself when it takes the rollout up again.
 */
function whileHeld(hands: Hands, lost: AbortSignal): { hands: Hands; still(): Promise<void> } {
  const inFlight = new Set<Promise<unknown>>();
  const counted = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
    return work;
  };
  const move: Hands["move"] = async (event, lines) => {
    lost.throwIfAborted();
    return hands.move(event, lines);
  };
  const begin: Hands["begin"] = async (event, line) => {
    lost.throwIfAborted();
    return hands.begin(event, line);
  };
  const step: Hands["step"] = (work, machine) => counted(hands.step(work, machine));
  const gate: Hands["gate"] = (wave, machine) => counted(hands.gate(wave, machine));
  return { hands: { ...hands, move, begin, step, gate }, still: async () => void (await Promise.all(inFlight)) };
}

interface Ends {
  lost: AbortController;
  until: AbortSignal;
}

/** Aborts every step in flight when the lease has run out by our own clock: cut off from the database, nobody tells us that another has it. */
async function watchLapse({ clock, log }: RunnerDeps, lease: HeldLease, { lost, until }: Ends): Promise<void> {
  const either = AbortSignal.any([until, lost.signal]);
  while (!either.aborted) {
    await clock.sleep(Math.max(1, lease.leftMs()), either).catch(() => undefined);
    if (either.aborted || lease.leftMs() > 0) continue;
    log.warn({ rollout: lease.id }, "the lease ran out and could not be renewed; what is in flight is stopped");
    lost.abort(leaseLost(lease.id));
  }
}

/** Renews at a third of the lease; one that is surely lost aborts every step in flight. */
async function keepLease(deps: RunnerDeps, lease: HeldLease, ends: Ends): Promise<void> {
  for (;;) {
    await deps.clock.sleep(deps.leaseMs / 3, ends.until).catch(() => undefined);
    if (ends.until.aborted || ends.lost.signal.aborted) return;
    try {
      await lease.renew();
    } catch (thrown) {
      if (isLeaseLost(thrown)) return ends.lost.abort(thrown);
      deps.log.warn({ err: thrown, rollout: lease.id }, "cannot renew the lease; trying again");
    }
  }
}
