/** Drives one rollout under one lease: begins what `workOf` wants, journals before and after, and stops when the lease is lost. */
import { isProblem, type Clock } from "@holdfast/kit";
import { advance } from "./advance.ts";
import type { GateResult } from "./change.ts";
import { finalStates, type Machine, type RolloutEvent, type Work } from "./machine.ts";
import type { JournalLine } from "./store.ts";
import { wakeAt, workOf } from "./work.ts";

/** What driving needs of the world; made by run.ts. */
export interface Hands {
  clock: Clock;
  /** Moves the rollout in the database under the lease. Throws `rollouts_lease_lost` when it is gone, `unavailable` kinds while the database is. */
  move(event: RolloutEvent | undefined, lines: JournalLine[]): Promise<Machine>;
  /** Does a step; never throws. */
  step(work: Extract<Work, { do: "step" }>, machine: Machine): Promise<RolloutEvent>;
  /** Looks at all that was changed so far; undefined when a fault of our own kept it from looking. Never throws. */
  gate(wave: number, machine: Machine): Promise<{ gate: GateResult[]; failing: { target: string; say: string }[] } | undefined>;
  /** Resolves when somebody moved the rollout from outside, or after `ms`. */
  wait(ms: number): Promise<void>;
  stopped(): boolean;
}

/** Longest wait without a look at the database. */
const lookEveryMs = 2000;
/** Wait between tries while the database is gone. */
const databaseRetryMs = 500;

/** Ends when the rollout rests (final, or waiting for a person), when the lease is lost, or when told to stop and nothing is in flight. */
export async function drive(hands: Hands): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const ended: (() => Promise<Machine>)[] = [];
  let bell = Promise.withResolvers<void>();
  let machine = await persistently(hands, () => hands.move({ kind: "recovered" }, [note("rollout", "a controller took it over")]));
  const launch = (work: Work): void => {
    const flight = carryOut(hands, work, machine).then((end) => {
      ended.push(end);
      inFlight.delete(flight);
      bell.resolve();
    });
    inFlight.add(flight);
  };
  for (;;) {
    for (let end = ended.shift(); end; end = ended.shift()) machine = await persistently(hands, end);
    if (hands.stopped() && inFlight.size === 0) return;
    for (const work of hands.stopped() ? [] : workOf(machine, hands.clock.now())) {
      machine = await persistently(hands, () => hands.move(beginning(work), [beginLine(work, machine)]));
      launch(work);
    }
    if (inFlight.size === 0 && ended.length === 0 && rests(machine)) return;
    const wakeMs = Math.min(lookEveryMs, Math.max(0, (wakeAt(machine) ?? Number.POSITIVE_INFINITY) - hands.clock.now()));
    await Promise.race([bell.promise, hands.wait(wakeMs)]);
    bell = Promise.withResolvers<void>();
    if (ended.length === 0) machine = await persistently(hands, () => hands.move(undefined, []));
  }
}

function rests(machine: Machine): boolean {
  return finalStates.has(machine.state) || machine.state === "ready" || machine.state === "awaiting_approval";
}

/** While the database is gone nothing new begins and nothing that was learned is lost. */
async function persistently<T>(hands: Hands, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!isProblem(thrown) || thrown.kind !== "unavailable" || hands.stopped()) throw thrown;
      await hands.clock.sleep(databaseRetryMs);
    }
  }
}

async function carryOut(hands: Hands, work: Work, machine: Machine): Promise<() => Promise<Machine>> {
  if (work.do === "gate") {
    const seen = await hands.gate(work.wave, machine);
    if (!seen) return () => hands.move({ kind: "gate_interrupted", wave: work.wave }, [note("gate", `not known: ${ourOwnFault}`)]);
    const say = seen.failing.length === 0 ? `the gate of wave ${work.wave + 1} holds` : `the gate of wave ${work.wave + 1} does not hold`;
    const line: JournalLine = { step: "gate", phase: "end", say, detail: { gate: seen.gate, failing: seen.failing } };
    return () => hands.move({ kind: "gated", wave: work.wave, ...seen }, [line]);
  }
  const event = await hands.step(work, machine);
  return () => hands.move(event, [endLine(work, event)]);
}

function beginning(work: Work): RolloutEvent {
  return work.do === "gate" ? { kind: "gate_begun", wave: work.wave } : { kind: "begun", target: work.target, step: work.step };
}

function beginLine(work: Work, machine: Machine): JournalLine {
  if (work.do === "gate") return { step: "gate", phase: "begin", say: `looks at the gate of wave ${work.wave + 1}` };
  return { target: work.target, step: work.step, phase: "begin", say: `${work.step} ${machine.targets[work.target]?.name ?? work.target}` };
}

function endLine(work: Extract<Work, { do: "step" }>, event: RolloutEvent): JournalLine {
  return {
    target: work.target,
    step: work.step,
    phase: "end",
    say: resultLine(event),
    ...("result" in event ? { detail: resultDetail(event.result) } : {}),
  };
}

const ourOwnFault = "our own database did not answer in time; it is looked at again";

function resultLine(event: RolloutEvent): string {
  if (event.kind === "interrupted") return `not known: ${ourOwnFault}`;
  if (!("result" in event)) return "done";
  const { result } = event;
  if ("say" in result) return result.say;
  return "outcome" in result ? result.outcome : "ok";
}

/** The result without the carrier's memo, which is the target's and not for reading. */
function resultDetail(result: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(result).filter(([key]) => key !== "memo"));
}

function note(step: string, say: string): JournalLine {
  return { step, phase: "note", say };
}

/** One event on one machine; `undefined` only looks. */
export function moveBy(machine: Machine, event: RolloutEvent | undefined, nowMs: number): Machine {
  return event === undefined ? machine : advance(machine, event, nowMs);
}
