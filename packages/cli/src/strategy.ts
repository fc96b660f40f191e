/** Strategies as words of the command line. */
import type { Limits, Strategy } from "@holdfast/contract";
import { parseDuration, Problem } from "@holdfast/kit";

export interface StrategyOptions {
  strategy: string;
  stages: string;
  batch: string;
  healthy: string;
  bake: string;
  groupLabel?: string;
  reason?: string;
  perSite?: string;
  perLabel?: string[];
  maxUnavailable?: string;
}

/** `--strategy canary --stages 5%,25% --bake 5m`. @throws Problem `cli_option_invalid` naming the option */
export function strategyOf(options: StrategyOptions): Strategy {
  const bakeMs = durationOf("--bake", options.bake);
  switch (options.strategy) {
    case "canary":
      return { kind: "canary", stages: options.stages.split(",").map((stage) => ({ until: amountOf("--stages", stage), bakeMs })) };
    case "rolling":
      return {
        kind: "rolling",
        batch: amountOf("--batch", options.batch),
        healthyPercent: percentOf("--healthy", options.healthy),
        pauseMs: bakeMs,
      };
    case "blue-green":
      if (options.groupLabel === undefined)
        throw invalid("--group-label", "is needed for blue-green: the label whose values change one after the other");
      return { kind: "blue_green", groupLabel: options.groupLabel, bakeMs };
    case "direct":
      if (options.reason === undefined) throw invalid("--reason", "is needed for direct: why all at once?");
      return { kind: "direct", reason: options.reason };
    default:
      throw invalid("--strategy", `is canary, rolling, blue-green or direct, not ${options.strategy}`);
  }
}

export function limitsOf(options: StrategyOptions): Limits {
  const perLabel = (options.perLabel ?? []).map((pair): [string, number] => {
    const at = pair.lastIndexOf("=");
    if (at < 1) throw invalid("--per-label", `takes label=n, not "${pair}"`);
    return [pair.slice(0, at), countOf("--per-label", pair.slice(at + 1))];
  });
  return {
    ...(options.perSite === undefined ? {} : { perSite: countOf("--per-site", options.perSite) }),
    ...(options.maxUnavailable === undefined ? {} : { maxUnavailable: countOf("--max-unavailable", options.maxUnavailable) }),
    ...(perLabel.length === 0 ? {} : { perLabel: Object.fromEntries(perLabel) }),
  };
}

function amountOf(option: string, text: string): { percent: number } | { count: number } {
  const trimmed = text.trim();
  return trimmed.endsWith("%") ? { percent: percentOf(option, trimmed) } : { count: countOf(option, trimmed) };
}

function percentOf(option: string, text: string): number {
  const percent = numberOf(option, text.trim().replace(/%$/, ""));
  if (percent <= 100) return percent;
  throw invalid(option, `takes 100% at most, not ${text}`);
}

function countOf(option: string, text: string): number {
  const count = numberOf(option, text);
  if (Number.isInteger(count)) return count;
  throw invalid(option, `takes a whole number or a share such as 5%, not "${text}"`);
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw invalid(option, `takes a number greater than 0, not "${text}"`);
}

function durationOf(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw invalid(option, `takes a time such as 30s, 5m or 1h, not "${text}"`);
}

function invalid(option: string, say: string): Problem {
  return new Problem("cli_option_invalid", { kind: "invalid", say: `${option} ${say}.` });
}
