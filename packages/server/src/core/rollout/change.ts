/** The shapes that every planner and every carrier share. */
import type { Labels } from "@holdfast/kit";
import type { DiffLine } from "@holdfast/contract";
import type { z } from "zod";

/** What a change is made to. `id` is an asset id, unique over all kinds. */
export interface Target {
  id: string;
  name: string;
  site?: string;
  labels: Labels;
  /** Targets of one group never change at one time. */
  redundancyGroup?: string;
}

/** One difference to be made to one target. */
export interface Change<P = unknown> {
  /** Which carrier makes it, e.g. `devices.config`. */
  kind: string;
  target: Target;
  /** One line for a list. Never a secret. */
  summary: string;
  /** For people; secrets masked by the domain that made it. */
  diff: DiffLine[];
  added: number;
  removed: number;
  /** Hash of what was observed on the target when this was planned. A target that moved since is refused. */
  baseHash: string;
  /** What the carrier needs; kept sealed, may hold secrets. */
  payload: P;
}

/** What a carrier gets to look at one target. */
export interface CarrierLook<P = unknown> {
  rolloutId: string;
  change: Change<P>;
  /** What this carrier's `prepare` returned for this target (JSON), or remembered since; undefined in `prepare` itself. */
  memo: unknown;
  /** Aborted when the step's time is up or the controller stops. */
  signal: AbortSignal;
}

/**
 * What a carrier gets for each step that is a controller's to do.
 *
 * A controller can stand still anywhere (a stopped process, a virtual machine that is moved) and go on when another one has its rollout.
 * So a step asks `stillMine` right before anything that it does to the target, and `notLapsed` between the parts of something long. What
 * remains is a stop between the answer and the command itself: for longer than the lease after `stillMine`, or for one line of many after
 * `notLapsed`, or where the clock stood still as well. Such a command can arrive late. A switch armed late fires by itself; a line typed late is
 * taken back by the switch while that is armed, and is found as drift when it is not.
 */
export interface CarrierStep<P = unknown> extends CarrierLook<P> {
  /** Strictly rising over all leases of this target; a carrier that can, refuses a lower one. */
  fencing: number;
  /** A line for the journal of this target; not written once the lease is lost. Never a secret. */
  note(say: string): void;
  /** Asks the database, and keeps the lease for its whole length from now. @throws Problem `rollouts_lease_lost`; `database_unavailable` */
  stillMine(): Promise<void>;
  /** Asks nobody: the lease as it was last kept has not run out by our clock. @throws Problem `rollouts_lease_lost` */
  notLapsed(): void;
  /** Puts another memo in the place of this target's, journalled with this line and under the lease. @throws as `stillMine` */
  remember(memo: unknown, say: string): Promise<void>;
}

export type Prepared =
  | { outcome: "ready"; memo: unknown }
  /** The target has the intended state already. */
  | { outcome: "unchanged" }
  | { outcome: "unreachable" | "refused" | "failed"; say: string };

/** `touched`: whether the target may differ from before. When in doubt, true. */
export type Applied = { outcome: "applied" } | { outcome: "unreachable" | "refused" | "failed"; say: string; touched: boolean };

/** What a gate looked at; shown between waves. */
export interface GateResult {
  check: string;
  ok: boolean;
  say: string;
}

export type Verified = { ok: true; gate: GateResult[] } | { ok: false; say: string; gate: GateResult[] };
export type Confirmed = { ok: true } | { ok: false; say: string };
export type Reverted = { ok: true } | { ok: false; unreachable: boolean; say: string };

/** What a target has now, as far as this change goes. `pending`: a dead-man's switch of ours is still armed. */
export type Observed =
  | { reached: true; side: "old" | "new" | "other"; pending: boolean; gate: GateResult[] }
  | { reached: false; say: string };

/**
 * What a domain hands to the engine: how one kind of change is made and undone.
 * Every step may be called again after a crash in the middle of it and must then end as if called once.
 * Steps return what happened; they throw only for defects.
 */
export interface Carrier<P = unknown> {
  readonly kind: string;
  /** The shape of a change's payload. */
  readonly payload: z.ZodType<P>;
  /** Looks before it leaps: reaches the target, compares with `baseHash`, keeps a backup, takes the health to compare with. Touches nothing. */
  prepare(step: CarrierStep<P>): Promise<Prepared>;
  /** Arms the dead-man's switch where the target has one, then makes the change. */
  apply(step: CarrierStep<P>): Promise<Applied>;
  /** Through a NEW connection: the change is there, and the target is as healthy as before. */
  verify(step: CarrierStep<P>): Promise<Verified>;
  /** Makes it last: disarms the switch and saves. Ok when that was done already. */
  confirm(step: CarrierStep<P>): Promise<Confirmed>;
  /** Brings the target back to what it was before, whatever state it is in, and leaves no switch armed. Ok when it is back already. */
  revert(step: CarrierStep<P>): Promise<Reverted>;
  /** Looks, touches nothing: used at gates and to report. */
  observe(look: CarrierLook<P>): Promise<Observed>;
  /** The change that would bring the target from what it has now to what it had before this one; undefined when it has that already. */
  back(look: CarrierLook<P>): Promise<{ ok: true; change: Change<P> | undefined } | { ok: false; say: string }>;
  /** Everything about a change that a person may want to read, secrets masked. */
  describe(change: Change<P>): ChangeText;
}

export interface ChangeText {
  commands: string[];
  running?: string;
  intended?: string;
  sources?: { line: number; template: string; templateLine: number; data: string[] }[];
}
