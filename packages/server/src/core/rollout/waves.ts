/** Cuts targets into waves. Pure: the same targets, strategy and limits always give the same waves. */
import type { Limits, Strategy } from "@holdfast/contract";
import type { Target } from "./change.ts";

export interface WavePlan {
  targets: string[];
  /** How long the wave is watched after its last target before the next one starts. */
  bakeMs: number;
  /** Below this share of healthy targets the rollout halts and reverts. */
  healthyPercent: number;
}

interface Stage {
  /** How many targets are changed when the stage is done. */
  until: number;
  bakeMs: number;
  /** Only these take part; all unless told. */
  only?: ReadonlySet<string>;
}

/**
 * Waves for a plan. Percentages round up. In no wave are two targets of one redundancy group, more than
 * `perSite` of a site, or more than `perLabel[key]` with one value of a label; a stage that would break
 * this becomes several waves, and its bake time follows the last of them.
 */
export function cutWaves(targets: Target[], strategy: Strategy, limits: Limits): WavePlan[] {
  const waiting = [...targets].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const healthyPercent = strategy.kind === "rolling" ? strategy.healthyPercent : 100;
  const waves: WavePlan[] = [];
  let changed = 0;
  for (const stage of stagesOf(waiting, strategy)) {
    while (changed < stage.until) {
      const picked = pick(waiting, stage.until - changed, limits, stage.only);
      if (picked.length === 0) break;
      for (const target of picked) waiting.splice(waiting.indexOf(target), 1);
      changed += picked.length;
      const last = changed >= stage.until;
      waves.push({ targets: picked.map((target) => target.id), bakeMs: last ? stage.bakeMs : 0, healthyPercent });
    }
  }
  return waves;
}

function stagesOf(targets: Target[], strategy: Strategy): Stage[] {
  const all = targets.length;
  switch (strategy.kind) {
    case "direct":
      return [{ until: all, bakeMs: 0 }];
    case "canary":
      return [...strategy.stages.map((stage) => ({ until: countOf(stage.until, all), bakeMs: stage.bakeMs })), { until: all, bakeMs: 0 }];
    case "rolling": {
      const batch = countOf(strategy.batch, all);
      return Array.from({ length: Math.ceil(all / batch) }, (_, i) => ({
        until: Math.min(all, (i + 1) * batch),
        bakeMs: strategy.pauseMs,
      }));
    }
    case "blue_green":
      return halves(targets, strategy.groupLabel, strategy.bakeMs);
  }
}

/** One stage for each value of the label, in the order of the values; targets without the label come last. */
function halves(targets: Target[], label: string, bakeMs: number): Stage[] {
  const byValue = Map.groupBy(targets, (target) => target.labels[label] ?? "");
  const values = [...byValue.keys()].sort((a, b) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  let until = 0;
  return values.map((value) => {
    const members = byValue.get(value) ?? [];
    until += members.length;
    return { until, bakeMs, only: new Set(members.map((target) => target.id)) };
  });
}

/** A percentage of `all` rounded up, or a count; at least 1, at most `all`. */
export function countOf(amount: { percent: number } | { count: number }, all: number): number {
  const wanted = "percent" in amount ? Math.ceil((amount.percent * all) / 100 - 1e-9) : amount.count;
  return Math.max(Math.min(1, all), Math.min(all, wanted));
}

function pick(waiting: Target[], most: number, limits: Limits, only?: ReadonlySet<string>): Target[] {
  const picked: Target[] = [];
  const taken = new Map<string, number>();
  for (const target of waiting) {
    if (picked.length >= most) break;
    if (only && !only.has(target.id)) continue;
    const caps = capsOf(target, limits);
    if (caps.some(([key, cap]) => (taken.get(key) ?? 0) >= cap)) continue;
    for (const [key] of caps) taken.set(key, (taken.get(key) ?? 0) + 1);
    picked.push(target);
  }
  return picked;
}

/** What a target counts against in its wave, and how many each allows. */
function capsOf(target: Target, limits: Limits): [key: string, cap: number][] {
  const caps: [string, number][] = [];
  if (target.redundancyGroup !== undefined) caps.push([`group:${target.redundancyGroup}`, 1]);
  if (limits.perSite !== undefined && target.site !== undefined) caps.push([`site:${target.site}`, limits.perSite]);
  for (const [label, cap] of Object.entries(limits.perLabel ?? {})) {
    const value = target.labels[label];
    if (value !== undefined) caps.push([`label:${label}=${value}`, cap]);
  }
  return caps;
}
