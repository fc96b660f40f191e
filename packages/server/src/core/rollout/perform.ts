/** Does one step of one target with its carrier, within its time; whatever goes wrong with the target becomes a result, never an exception. */
import { isProblem, sayError, type Clock } from "@holdfast/kit";
import type { Carrier, CarrierStep } from "./change.ts";
import type { RolloutEvent, Step } from "./machine.ts";
import { isLeaseLost } from "./store.ts";

/** How long each step may take, in milliseconds. */
export type StepTimes = Record<Step | "gate", number>;

export const stepTimes: StepTimes = { prepare: 60_000, apply: 120_000, verify: 90_000, confirm: 30_000, revert: 180_000, gate: 60_000 };

/** After its time a carrier gets this long to stop, so that two steps never drive one target. */
const graceMs = 10_000;

export async function performStep(carrier: Carrier, step: Step, args: CarrierStep): Promise<RolloutEvent> {
  const target = args.change.target.id;
  switch (step) {
    case "prepare":
      return { kind: "prepared", target, result: await orElse(carrier.prepare(args), (say) => ({ outcome: "failed", say })) };
    case "apply":
      return { kind: "applied", target, result: await orElse(carrier.apply(args), (say) => ({ outcome: "failed", say, touched: true })) };
    case "verify":
      return { kind: "verified", target, result: await orElse(carrier.verify(args), (say) => ({ ok: false, say, gate: [] })) };
    case "confirm":
      return { kind: "confirmed", target, result: await orElse(carrier.confirm(args), (say) => ({ ok: false, say })) };
    case "revert":
      return { kind: "reverted", target, result: await orElse(carrier.revert(args), (say) => ({ ok: false, unreachable: false, say })) };
  }
}

async function orElse<T>(work: Promise<T>, failed: (say: string) => T): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (isOurOwn(thrown)) throw thrown;
    return failed(sayError(thrown));
  }
}

/** Our own database was gone, or our lease: that is no failure of the target, and nobody knows how far the step came. */
export function isOurOwn(thrown: unknown): boolean {
  return isProblem(thrown) && (thrown.code === "database_unavailable" || isLeaseLost(thrown));
}

/**
 * Runs `work` with a signal that is aborted after `ms`, or when `outer` is.
 * Rejects at the end of the grace when the work does not stop; else with what the work gives.
 */
export async function within<T>(clock: Clock, ms: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const done = new AbortController();
  const late = clock
    .sleep(ms, done.signal)
    .then(() => {
      own.abort(new Error(`it took longer than ${Math.round(ms / 1000)} s`));
      return clock.sleep(graceMs, done.signal);
    })
    .then(() => {
      throw new Error(`it took longer than ${Math.round(ms / 1000)} s and did not stop when told to`);
    });
  try {
    return await Promise.race([work(AbortSignal.any([own.signal, outer])), late]);
  } finally {
    done.abort(new Error("done"));
    late.catch(ignoreDone);
  }
}

/** The timer's own end is no failure of anybody. */
function ignoreDone(): undefined {
  return undefined;
}
