/** What driving one rollout does to the database and to targets, under its lease. */
import { sayError, type Clock } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import type { Log } from "#platform/log";
import type { Carrier, CarrierLook, CarrierStep, Change, GateResult } from "./change.ts";
import { moveBy, type Hands } from "./drive.ts";
import type { Machine, RolloutEvent, Work } from "./machine.ts";
import type { Move } from "./moved.ts";
import type { HeldLease, Lease } from "./lease.ts";
import { isOurOwn, performStep, within, type StepTimes } from "./perform.ts";
import { journalNote, transition, type JournalLine } from "./store.ts";

export interface HandsDeps {
  db: Db;
  log: Log;
  clock: Clock;
  times: StepTimes;
  carrierOf(kind: string): Carrier;
  /** The change of one target, unsealed. */
  change(planId: string, target: string): Promise<Change>;
  /** In the transaction of every move: events, audit, metrics. */
  moved(tx: Tx, move: Move): Promise<void>;
  /** Called at every journal point, before and after the write; for crash tests. */
  atPoint?: (point: string) => void;
}

export interface Life {
  /** Resolves when somebody moved a rollout, or after `ms`. */
  wait(ms: number): Promise<void>;
  stopped(): boolean;
  /** Aborted when the lease is lost. */
  signal: AbortSignal;
}

/** What there is to look at, but for the signal, which its time gives. */
type LookArgs = Omit<CarrierLook, "signal">;
type StepArgs = Omit<CarrierStep, "signal">;
type StepWork = Extract<Work, { do: "step" }>;

interface Reach {
  deps: HandsDeps;
  lease: HeldLease;
  life: Life;
  /** The rollout's plan; known after the first move. */
  plan: { id: string };
  change(key: string): Promise<Change>;
}

export function createHands(deps: HandsDeps, lease: HeldLease, life: Life): Hands {
  const change = memoize((key: string) => {
    const [planId = "", target = ""] = key.split(" ");
    return deps.change(planId, target);
  });
  const reach: Reach = { deps, lease, life, plan: { id: "" }, change };
  return {
    clock: deps.clock,
    wait: (ms) => life.wait(ms),
    stopped: () => life.stopped() || life.signal.aborted,
    step: (work, machine) => carryOut(reach, work, machine).catch((thrown: unknown) => failedStep(work, thrown)),
    gate: (_wave, machine) => lookAtAll(reach, machine).catch(unlessOurOwn),
    move: (event, lines) => move(reach, event, lines),
  };
}

async function move({ deps, lease, plan }: Reach, event: RolloutEvent | undefined, lines: JournalLine[]): Promise<Machine> {
  const point = lines[0] ? `${lines[0].step}:${lines[0].phase}:${lines[0].target ?? ""}` : "look";
  deps.atPoint?.(`before ${point}`);
  const moved = await inTransaction(deps.db, async (tx) => {
    const at = new Date(deps.clock.now());
    const { id, fencing } = lease;
    const made = await transition(tx, { id, fencing, at, lines, move: (machine) => moveBy(machine, event, at.getTime()) });
    if (event !== undefined) await deps.moved(tx, made);
    return made;
  });
  plan.id = moved.row.plan_id;
  deps.atPoint?.(`after ${point}`);
  return moved.after;
}

async function lookArgs(reach: Reach, target: string, machine: Machine): Promise<LookArgs> {
  const change = await reach.change(`${reach.plan.id} ${target}`);
  return { rolloutId: reach.lease.id, change, memo: machine.targets[target]?.memo };
}

async function carryOut(reach: Reach, work: StepWork, machine: Machine): Promise<RolloutEvent> {
  const { deps, life } = reach;
  const notes: Promise<void>[] = [];
  const args: StepArgs = { ...(await lookArgs(reach, work.target, machine)), ...stepActs(reach, work, notes) };
  const carrier = deps.carrierOf(args.change.kind);
  const event = await within(deps.clock, deps.times[work.step], life.signal, (signal) =>
    performStep(carrier, work.step, { ...args, signal }),
  );
  await Promise.all(notes);
  return event;
}

/** What a step may do in our own database; all of it under the lease. */
function stepActs(reach: Reach, { target, step }: StepWork, notes: Promise<void>[]): Omit<StepArgs, keyof LookArgs> {
  const { deps, lease } = reach;
  return {
    fencing: lease.fencing,
    note: (say) => void notes.push(writeNote(deps, lease, { target, step, phase: "note", say })),
    stillMine: () => lease.renew(),
    notLapsed: () => lease.notLapsed(),
    async remember(memo, say) {
      await lease.renew();
      await move(reach, { kind: "remembered", target, memo }, [{ target, step, phase: "note", say }]);
    },
  };
}

interface Look {
  target: string;
  gate: GateResult[];
  /** What is wrong with it; undefined when nothing is. */
  say?: string;
}

async function lookAtAll(reach: Reach, machine: Machine): Promise<{ gate: GateResult[]; failing: { target: string; say: string }[] }> {
  const ids = Object.values(machine.targets).flatMap((target) => (target.outcome === "applied" ? [target.id] : []));
  const looks: Look[] = [];
  for (let i = 0; i < ids.length; i += machine.parallel) {
    const some = ids.slice(i, i + machine.parallel);
    const look = (target: string): Promise<Look> => lookAt(reach, target, machine).catch((thrown: unknown) => failedLook(target, thrown));
    looks.push(...(await Promise.all(some.map(look))));
  }
  const named = looks.flatMap((look) => look.gate.map((one) => ({ ...one, check: `${machine.targets[look.target]?.name}: ${one.check}` })));
  return { gate: named.slice(0, mostShown), failing: looks.flatMap(({ target, say }) => (say === undefined ? [] : [{ target, say }])) };
}

/** Most results of a gate that are kept for reading. */
const mostShown = 200;

async function lookAt(reach: Reach, target: string, machine: Machine): Promise<Look> {
  const { deps, life } = reach;
  const args = await lookArgs(reach, target, machine);
  const carrier = deps.carrierOf(args.change.kind);
  const seen = await within(deps.clock, deps.times.gate, life.signal, (signal) => carrier.observe({ ...args, signal }));
  if (!seen.reached) return { target, gate: [], say: seen.say };
  const { gate } = seen;
  if (seen.side !== "new") return { target, gate, say: "does not have the change any more" };
  if (seen.pending) return { target, gate, say: "its dead-man's switch is still armed" };
  const bad = gate.find((one) => !one.ok);
  return bad ? { target, gate, say: bad.say } : { target, gate };
}

function failedLook(target: string, thrown: unknown): Look {
  if (isOurOwn(thrown)) throw thrown;
  return { target, gate: [], say: sayError(thrown) };
}

function unlessOurOwn(thrown: unknown): undefined {
  if (!isOurOwn(thrown)) throw thrown;
}

/** The result of a step that could not even be tried to its end. */
function failedStep(work: StepWork, thrown: unknown): RolloutEvent {
  const { target } = work;
  if (isOurOwn(thrown)) return { kind: "interrupted", target };
  const say = sayError(thrown);
  switch (work.step) {
    case "prepare":
      return { kind: "prepared", target, result: { outcome: "failed", say } };
    case "apply":
      return { kind: "applied", target, result: { outcome: "failed", say, touched: true } };
    case "verify":
      return { kind: "verified", target, result: { ok: false, say, gate: [] } };
    case "confirm":
      return { kind: "confirmed", target, result: { ok: false, say } };
    case "revert":
      return { kind: "reverted", target, result: { ok: false, unreachable: false, say } };
  }
}

/** A note that cannot be written is a log line instead: the step goes on. */
async function writeNote(deps: HandsDeps, { id, fencing }: Lease, line: JournalLine): Promise<void> {
  try {
    await inTransaction(deps.db, (tx) => journalNote(tx, { id, fencing, at: new Date(deps.clock.now()) }, line));
  } catch (thrown) {
    deps.log.warn({ err: thrown, ...line }, "cannot write a note into the journal");
  }
}

/** Changes are large and immutable: keep the promises, forget failures. */
function memoize<T>(load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key) => {
    const known = kept.get(key);
    if (known) return known;
    const fresh = load(key);
    kept.set(key, fresh);
    fresh.catch(() => kept.delete(key));
    return fresh;
  };
}
