/** Plans: changes bound by hash to what was observed, kept sealed, read like a pull request. */
import { createHash } from "node:crypto";
import { newId, Problem } from "@holdfast/kit";
import type { ChangeDetail, ChangeSummary, Limits, Plan } from "@holdfast/contract";
import type { Db, Tx } from "#platform/db";
import type { Resealer, Secrets } from "#core/secrets";
import type { Carrier, Change } from "./change.ts";
import {
  countStaleChanges,
  insertPlan,
  loadChange,
  loadPlan,
  lockStaleChanges,
  planHead,
  resealChange,
  type ChangeColumns,
  type PlanChangeRow,
} from "./store-reads.ts";

export interface NewPlan {
  /** Where it came from: `repository:<id>@<commit>`, `restore:<version>`, `drift:<device>`, `rollback:<rollout>`, `retry:<rollout>`. */
  origin: string;
  title: string;
  repository?: string;
  revision?: string;
  createdBy: string;
  changes: Change[];
  /** Targets that are as intended already. */
  unchanged: number;
  problems: Plan["problems"];
  /** What the repository's policies say of rollouts of these targets; nothing unless told. */
  strategies?: Plan["strategies"];
  limits?: Limits;
}

export interface PlansDeps {
  db: Db;
  secrets: Pick<Secrets, "seal" | "open" | "addResealer">;
  carrierOf(kind: string): Carrier;
  now(): number;
}

const place = (plan: string, target: string) => ({
  table: "rollout.plan_change",
  row: `${plan}/${target}`,
  column: "payload_sealed",
  version: 1,
});

/** Payloads follow a rotation of keys. */
function resealer(db: Db): Resealer {
  return {
    table: "rollout.plan_change",
    countStale: (activePrefix) => countStaleChanges(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await lockStaleChanges(tx, activePrefix, limit);
      for (const row of rows)
        await resealChange(tx, { ...row, payload_sealed: reseal(place(row.plan_id, row.target_id), row.payload_sealed) });
      return rows.length;
    },
  };
}

export function createPlans(deps: PlansDeps) {
  deps.secrets.addResealer(resealer(deps.db));
  return {
    /** Writes a plan. @throws Problem `plans_payload_invalid` for a change that its carrier does not take. */
    async propose(tx: Tx, plan: NewPlan): Promise<Plan> {
      const id = newId<"plan">("plan", deps.now());
      const payloads = plan.changes.map((change) => JSON.stringify(checked(deps, change)));
      const row = {
        id,
        hash: planHash(plan.changes, payloads),
        origin: plan.origin,
        title: plan.title,
        repository: plan.repository ?? null,
        revision: plan.revision ?? null,
        unchanged: plan.unchanged,
        problems: plan.problems,
        strategies: plan.strategies ?? [],
        limits: plan.limits ?? {},
        created_at: new Date(deps.now()),
        created_by: plan.createdBy,
      };
      const sealed = plan.changes.map((change, i) => ({
        ...change,
        sealed: deps.secrets.seal(place(id, change.target.id), payloads[i] ?? ""),
      }));
      await insertPlan(tx, row, sealed);
      return { ...planHead(row), changes: plan.changes.map(summaryOfChange) };
    },

    async get(id: string): Promise<Plan> {
      const { row, changes } = await loadPlan(deps.db, id);
      return { ...planHead(row), changes: changes.map(summaryOfRow) };
    },

    /** The targets of a plan, in its order. */
    async targets(plan: string): Promise<Pick<Change, "target">[]> {
      return (await loadPlan(deps.db, plan)).changes.map((row) => ({ target: row.target }));
    },

    /** The change of one target with its payload: what a carrier gets. */
    async change(plan: string, target: string): Promise<Change> {
      return unsealed(deps, await loadChange(deps.db, plan, target));
    },

    /** All changes of a plan with their payloads. */
    async changes(plan: string): Promise<Change[]> {
      const { changes } = await loadPlan(deps.db, plan);
      return Promise.all(changes.map(async (row) => unsealed(deps, await loadChange(deps.db, plan, row.target_id))));
    },

    /** Everything about one change that a person may read. */
    async describe(plan: string, target: string): Promise<ChangeDetail> {
      const row = await loadChange(deps.db, plan, target);
      const change = unsealed(deps, row);
      return { ...summaryOfRow(row), diff: row.diff, ...deps.carrierOf(row.kind).describe(change) };
    },
  };
}

function checked(deps: PlansDeps, change: Change): unknown {
  const parsed = deps.carrierOf(change.kind).payload.safeParse(change.payload);
  if (parsed.success) return parsed.data;
  throw new Problem("plans_payload_invalid", {
    kind: "broken",
    say: `The change for ${change.target.name} is not of the shape of ${change.kind}.`,
    because: parsed.error,
  });
}

function unsealed(deps: PlansDeps, row: PlanChangeRow): Change {
  const text = deps.secrets.open(place(row.plan_id, row.target_id), row.payload_sealed).toString("utf8");
  return {
    kind: row.kind,
    target: row.target,
    summary: row.summary,
    diff: row.diff,
    added: row.added,
    removed: row.removed,
    baseHash: row.base_hash,
    payload: deps.carrierOf(row.kind).payload.parse(JSON.parse(text)),
  };
}

/** SHA-256 over every change: its kind, target, base and payload, in order. What was reviewed is what is carried out. */
export function planHash(changes: Change[], payloads: string[]): string {
  const hash = createHash("sha256");
  changes.forEach((change, i) => {
    const payload = createHash("sha256")
      .update(payloads[i] ?? "")
      .digest("hex");
    hash.update(`${JSON.stringify([change.kind, change.target.id, change.baseHash, payload])}\n`);
  });
  return hash.digest("hex");
}

function summaryOfChange(change: Change): ChangeSummary {
  const { target } = change;
  return {
    target: target.id,
    targetName: target.name,
    labels: target.labels,
    kind: change.kind,
    summary: change.summary,
    added: change.added,
    removed: change.removed,
    baseHash: change.baseHash,
    ...(target.site === undefined ? {} : { site: target.site }),
  };
}

function summaryOfRow(row: Omit<ChangeColumns, "diff">): ChangeSummary {
  return summaryOfChange({
    kind: row.kind,
    target: row.target,
    summary: row.summary,
    diff: [],
    added: row.added,
    removed: row.removed,
    baseHash: row.base_hash,
    payload: undefined,
  });
}
