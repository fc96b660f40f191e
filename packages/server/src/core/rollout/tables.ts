import type { DiffLine, Limits, Plan, RolloutState, Strategy, StrategyFrom } from "@holdfast/contract";
import type { ColumnType, Generated } from "kysely";
import type { Target } from "./change.ts";
import type { TargetMachine, WaveMachine } from "./machine.ts";

/** A jsonb column: read as a value, written as text. */
type Json<T> = ColumnType<T, string, string>;

export interface PlanTable {
  id: string;
  hash: string;
  origin: string;
  title: string;
  repository: string | null;
  revision: string | null;
  unchanged: number;
  problems: Json<Plan["problems"]>;
  strategies: Json<Plan["strategies"]>;
  limits: Json<Limits>;
  created_at: Date;
  created_by: string;
}

/** Each target that a plan looked at, also those that need no change. */
export interface PlanLookTable {
  plan_id: string;
  target_id: string;
}

export interface PlanChangeTable {
  plan_id: string;
  target_id: string;
  position: number;
  kind: string;
  target: Json<Target>;
  summary: string;
  diff: Json<DiffLine[]>;
  added: number;
  removed: number;
  base_hash: string;
  payload_sealed: Buffer;
}

export interface RolloutTable {
  id: string;
  plan_id: string;
  plan_hash: string;
  title: string;
  state: RolloutState;
  strategy: Json<Strategy>;
  strategy_from: Json<StrategyFrom | null>;
  limits: Json<Limits>;
  waves: Json<WaveMachine[]>;
  auto_start: boolean;
  require_approval: boolean;
  parallel: number;
  touches: number;
  halt_reason: string | null;
  created_at: Date;
  created_by: string;
  approved_by: string | null;
  started_at: Date | null;
  ended_at: Date | null;
  revert_of: string | null;
  version: Generated<number>;
  fencing: Generated<number>;
  worker: string | null;
  leased_until: Date | null;
}

export interface TargetTable {
  rollout_id: string;
  target_id: string;
  position: number;
  site: string | null;
  machine: Json<TargetMachine>;
  updated_at: Date | null;
}

export interface HoldTable {
  target_id: string;
  rollout_id: string;
}

/** Of a redundancy group, the one target that is between old and new. */
export interface GroupHoldTable {
  redundancy_group: string;
  rollout_id: string;
  target_id: string;
  target_name: string;
}

export interface JournalTable {
  seq: Generated<number>;
  rollout_id: string;
  at: Date;
  target_id: string | null;
  step: string;
  phase: "begin" | "end" | "note";
  fencing: number;
  say: string;
  detail: Json<Record<string, unknown> | null>;
}

export type RolloutTables = {
  "rollout.plan": PlanTable;
  "rollout.plan_look": PlanLookTable;
  "rollout.plan_change": PlanChangeTable;
  "rollout.rollout": RolloutTable;
  "rollout.target": TargetTable;
  "rollout.hold": HoldTable;
  "rollout.group_hold": GroupHoldTable;
  "rollout.journal": JournalTable;
};
