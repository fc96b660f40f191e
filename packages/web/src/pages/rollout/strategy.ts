/** The strategy of a rollout as a person edits it, what it makes of a plan, and how it reads. Pure. */
import { strictest, type Limits, type Plan, type Strategy } from "@holdfast/contract";
import { parseDuration } from "@holdfast/kit";
import { duration, plural } from "../../parts/format.ts";

export type Kind = "canary" | "rolling" | "direct";

export interface Stage {
  /** For lists: stays while stages are added and removed. */
  key: number;
  amount: number | string;
  unit: "percent" | "count";
  /** `60s`, `5m`. */
  bake: string;
}

/** Everything the editor holds, also what the chosen kind does not use. */
export interface Draft {
  /** A strategy of the repository; "" for an own one, which the rest describes. */
  named: string;
  kind: Kind;
  stages: Stage[];
  batch: Pick<Stage, "amount" | "unit">;
  healthyPercent: number | string;
  pause: string;
  reason: string;
  maxUnavailable: number | string;
  perSite: number | string;
  perLabelKey: string;
  perLabel: number | string;
  requireApproval: boolean;
  start: boolean;
}

export const firstDraft: Draft = {
  named: "",
  kind: "canary",
  stages: [
    { key: 1, amount: 5, unit: "percent", bake: "60s" },
    { key: 2, amount: 25, unit: "percent", bake: "60s" },
  ],
  batch: { amount: 10, unit: "percent" },
  healthyPercent: 100,
  pause: "30s",
  reason: "",
  maxUnavailable: "",
  perSite: "",
  perLabelKey: "",
  perLabel: "",
  requireApproval: false,
  start: true,
};

type Amount = { percent: number } | { count: number };

function amountOf({ amount, unit }: Pick<Stage, "amount" | "unit">): Amount | undefined {
  const n = Number(amount);
  if (amount === "" || !Number.isFinite(n)) return undefined;
  if (unit === "percent") return n > 0 && n <= 100 ? { percent: n } : undefined;
  return Number.isInteger(n) && n >= 1 ? { count: n } : undefined;
}

/** The strategy, or the first thing that is not right with it. */
export function strategyOf(draft: Draft): { strategy: Strategy } | { wrong: string } {
  switch (draft.kind) {
    case "canary":
      return canaryOf(draft);
    case "rolling": {
      const batch = amountOf(draft.batch);
      const pauseMs = parseDuration(draft.pause);
      const healthyPercent = Number(draft.healthyPercent);
      if (batch === undefined) return { wrong: "A batch is a share up to 100 %, or a number of devices." };
      if (pauseMs === undefined) return { wrong: "The pause is a time such as 30s or 5m." };
      return { strategy: { kind: "rolling", batch, healthyPercent, pauseMs } };
    }
    case "direct":
      if (draft.reason.trim().length < 3) return { wrong: "Say why all at once." };
      return { strategy: { kind: "direct", reason: draft.reason.trim() } };
  }
}

/** What a rollout of a plan is asked for, and the strategy and limits that it will have; or the first thing that is not right. */
export interface Wish {
  ask: { strategy: Strategy } | { strategyName: string };
  strategy: Strategy;
  limits: Limits;
}

export function wishOf(draft: Draft, plan: Pick<Plan, "strategies" | "limits">): Wish | { wrong: string } {
  const own = limitsOf(draft);
  const named = plan.strategies.find((one) => one.name === draft.named);
  if (named) return { ask: { strategyName: named.name }, strategy: named.strategy, limits: strictest([named.limits, own]) };
  const read = strategyOf(draft);
  if ("wrong" in read) return read;
  const held = read.strategy.kind === "direct" ? {} : plan.limits;
  return { ask: read, strategy: read.strategy, limits: strictest([held, own]) };
}

function canaryOf(draft: Draft): { strategy: Strategy } | { wrong: string } {
  const stages: { until: Amount; bakeMs: number }[] = [];
  for (const [at, stage] of draft.stages.entries()) {
    const until = amountOf(stage);
    const bakeMs = parseDuration(stage.bake);
    if (until === undefined) return { wrong: `Stage ${at + 1} is a share up to 100 %, or a number of devices.` };
    if (bakeMs === undefined || bakeMs > 86_400_000)
      return { wrong: `The watch of stage ${at + 1} is a time up to a day, such as 60s or 5m.` };
    stages.push({ until, bakeMs });
  }
  return stages.length === 0 ? { wrong: "A canary has one stage at least." } : { strategy: { kind: "canary", stages } };
}

export function limitsOf(draft: Draft): Limits {
  const whole = (value: number | string): number | undefined =>
    value === "" || !Number.isInteger(Number(value)) ? undefined : Number(value);
  const [maxUnavailable, perSite, perLabel] = [whole(draft.maxUnavailable), whole(draft.perSite), whole(draft.perLabel)];
  return {
    ...(maxUnavailable !== undefined && { maxUnavailable }),
    ...(perSite !== undefined && { perSite }),
    ...(perLabel !== undefined && draft.perLabelKey.trim() !== "" && { perLabel: { [draft.perLabelKey.trim()]: perLabel } }),
  };
}

export interface WaveSize {
  targets: number;
  bakeMs: number;
}

/** How large the waves would be by the strategy alone; limits and redundancy groups may cut them further. */
export function waveSizes(strategy: Strategy, all: number): WaveSize[] {
  const untils: [until: number, bakeMs: number][] = [];
  switch (strategy.kind) {
    case "canary":
      for (const stage of strategy.stages) untils.push([countOf(stage.until, all), stage.bakeMs]);
      untils.push([all, 0]);
      break;
    case "rolling": {
      const batch = countOf(strategy.batch, all);
      for (let until = batch; until < all + batch; until += batch) untils.push([Math.min(all, until), strategy.pauseMs]);
      break;
    }
    case "blue_green":
    case "direct":
      untils.push([all, 0]);
  }
  const waves: WaveSize[] = [];
  let changed = 0;
  for (const [until, bakeMs] of untils) {
    if (until <= changed) continue;
    waves.push({ targets: until - changed, bakeMs });
    changed = until;
  }
  return waves;
}

/** A share rounds up, so that a canary has at least one target. */
function countOf(amount: Amount, all: number): number {
  const wanted = "percent" in amount ? Math.ceil((amount.percent * all) / 100 - 1e-9) : amount.count;
  return Math.max(Math.min(1, all), Math.min(all, wanted));
}

/** `canary: 5 %, then 25 %, then all` and so on. */
export function sayStrategy(strategy: Strategy): string {
  const share = (amount: Amount): string => ("percent" in amount ? `${amount.percent} %` : plural(amount.count, "device"));
  switch (strategy.kind) {
    case "canary": {
      const stages = strategy.stages.map(({ until, bakeMs }) => `${share(until)}${bakeMs > 0 ? ` watched for ${duration(bakeMs)}` : ""}`);
      const last = strategy.stages.at(-1)?.until ?? {};
      const whole = "percent" in last && last.percent === 100;
      return `canary: ${[...stages, ...(whole ? [] : ["the rest"])].join(", then ")}`;
    }
    case "rolling":
      return `rolling: ${share(strategy.batch)} at a time, ${duration(strategy.pauseMs)} apart, halted below ${strategy.healthyPercent} % healthy`;
    case "blue_green":
      return `blue-green by ${strategy.groupLabel}, watched for ${duration(strategy.bakeMs)}`;
    case "direct":
      return `direct: all at once, because “${strategy.reason}”`;
  }
}

/** `at most 2 of a site in a wave, 4 at one time`; undefined without limits. */
export function sayLimits(limits: Limits): string | undefined {
  const parts = [
    ...(limits.perSite === undefined ? [] : [`${limits.perSite} of a site in a wave`]),
    ...Object.entries(limits.perLabel ?? {}).map(([key, most]) => `${most} with the same ${key} in a wave`),
    ...(limits.maxUnavailable === undefined ? [] : [`${limits.maxUnavailable} at one time`]),
  ];
  return parts.length === 0 ? undefined : `at most ${parts.join(", ")}`;
}
