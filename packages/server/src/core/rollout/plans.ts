/** Plans: changes bound by hash to what was observed, kept sealed, read like a pull request. */
import { createHash } from "node:crypto";
import { newId, Problem } from "@holdfast/kit";
import type { ChangeDetail, ChangeSummary, Limits, Permission, Plan, PlanListItem } from "@holdfast/contract";
import type { Db, Tx } from "#platform/db";
import { reachOf, reachOfAny, type Permitted } from "#platform/reach";
import { reached } from "#core/assets";
import type { Resealer, Secrets } from "#core/secrets";
import type { Carrier, Change } from "./change.ts";
import { narrowedItem, narrowedPlan } from "./reach.ts";
import { countSeen, lookedAt } from "./store-reach.ts";
import {
  countStaleChanges,
  insertPlan,
  listPlans,
  loadChange,
  loadPlan,
  lockStaleChanges,
  planHead,
  resealChange,
  type ChangeColumns,
  type PlanChangeRow,
  type PlanListRow,
} from "./store-reads.ts";

export interface NewPlan {
  /** Where it came from: `repository:<id>@<commit>`, `restore:<version>`, `drift:<device>`, `rollback:<rollout>`, `retry:<rollout>`. */
  origin: string;
  title: string;
  repository?: string;
  revision?: string;
  createdBy: string;
  changes: Change[];
  /** Ids of all targets that were looked at, also of those that need no change; those with a change unless told. */
  looked?: string[];
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
    ...createReads(deps),
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
      const planned = plan.changes.map((change) => change.target.id);
      await insertPlan(tx, row, sealed, [...planned, ...(plan.looked ?? [])]);
      return { ...planHead(row), changes: plan.changes.map(summaryOfChange) };
    },

    /** The targets of a plan, in its order. */
    async targets(plan: string): Promise<Pick<Change, "kind" | "target">[]> {
      return (await loadPlan(deps.db, plan, "everywhere")).changes.map(({ kind, target }) => ({ kind, target }));
    },

    /** The targets of these changes are there, and stay until `tx` ends. @throws what their carriers say of those that are gone */
    async stay(tx: Tx, changes: Pick<Change, "kind" | "target">[]): Promise<void> {
      const byKind = Map.groupBy(changes, (change) => change.kind);
      for (const [kind, some] of byKind) {
        await deps.carrierOf(kind).stay?.(
          tx,
          some.map((change) => change.target),
        );
      }
    },

    /** The change of one target with its payload: what a carrier gets. */
    async change(plan: string, target: string): Promise<Change> {
      return unsealed(deps, await loadChange(deps.db, { plan, target, reach: "everywhere" }));
    },

    /** All changes of a plan with their payloads. */
    async changes(plan: string): Promise<Change[]> {
      const { changes } = await loadPlan(deps.db, plan, "everywhere");
      const load = (target: string) => loadChange(deps.db, { plan, target, reach: "everywhere" });
      return Promise.all(changes.map(async (row) => unsealed(deps, await load(row.target_id))));
    },
  };
}

/** What people see of plans, each only as far as it is in their reach. */
function createReads(deps: PlansDeps) {
  return {
    /** As far as it is in the asker's reach for one of these permissions. */
    async get(id: string, asker: Permitted, ...permissions: Permission[]): Promise<Plan> {
      const reach = reachOfAny(asker, "plans:read", ...permissions);
      const { row, changes } = await loadPlan(deps.db, id, reach);
      const plan = { ...planHead(row), changes: changes.map(summaryOfRow) };
      if (reach === "everywhere") return plan;
      const looked = await lookedAt(deps.db, id);
      return narrowedPlan(plan, looked, await reached(deps.db, reach, looked));
    },

    async list(page: { before?: string | undefined; limit: number }, asker: Permitted): Promise<PlanListItem[]> {
      const reach = reachOf(asker, "plans:read");
      const rows = await listPlans(deps.db, { ...page, reach });
      if (reach === "everywhere") return rows.map(planListItem);
      const counted = await countSeen(
        deps.db,
        rows.map((row) => row.id),
        reach,
      );
      const troubled = rows.flatMap((row) => row.problems.map(({ target }) => target));
      const seen = await reached(deps.db, reach, [...new Set(troubled)]);
      return rows.map((row) => {
        const problems = row.problems.filter(({ target }) => seen.has(target));
        return narrowedItem(planListItem(row), { ...counted(row.id), problems });
      });
    },

    /** Everything about one change that a person may read. */
    async describe(plan: string, target: string, asker: Permitted): Promise<ChangeDetail> {
      const row = await loadChange(deps.db, { plan, target, reach: reachOf(asker, "plans:read") });
      const change = unsealed(deps, row);
      return { ...summaryOfRow(row), diff: row.diff, ...deps.carrierOf(row.kind).describe(change) };
    },
  };
}

function planListItem({ targets, ...row }: PlanListRow): PlanListItem {
  const { problems, strategies: _strategies, limits: _limits, ...head } = planHead(row);
  return { ...head, targets, problemCount: problems.length };
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
