/** Strategies as words of the command line. */
import type { Limits, Strategy } from "@holdfast/contract";
import { parseDuration, Problem } from "@holdfast/kit";

export interface StrategyOptions {
  /** A kind, or the name of one of the repository's. */
  strategy?: string;
  stages?: string;
  batch?: string;
  healthy?: string;
  bake?: string;
  groupLabel?: string;
  reason?: string;
  perSite?: string;
  perLabel?: string[];
  maxUnavailable?: string;
}

export const strategyKinds = ["canary", "rolling", "blue-green", "direct"] as const;

/** What an option is where it is not given. */
export const usual = { stages: "5%,25%", batch: "10%", healthy: "100", bake: "5m" } as const;

const details = { stages: "--stages", batch: "--batch", healthy: "--healthy", bake: "--bake", groupLabel: "--group-label" } as const;

/** An own strategy, one of the repository's by its name, or nothing: what the repository says. */
export interface StrategyWish {
  strategy?: Strategy;
  strategyName?: string;
}

/**
 * `--strategy canary --stages 5%:30s,25% --bake 5m`, or `--strategy careful` where `names`, the strategies of the plan, has it.
 * @throws Problem `cli_option_invalid` naming the option
 */
export function strategyOf(options: StrategyOptions, names: string[] = []): StrategyWish {
  const { strategy: word } = options;
  const detail = (Object.keys(details) as (keyof typeof details)[]).find((name) => options[name] !== undefined);
  if (word === undefined) return detail === undefined ? {} : { strategy: canaryOf(options) };
  const isKind = (strategyKinds as readonly string[]).includes(word);
  if (!names.includes(word)) return { strategy: ownOf(word, options, names) };
  if (detail === undefined) return { strategyName: word };
  if (isKind) return { strategy: ownOf(word, options, names) };
  throw invalid(details[detail], `does not go with ${word}, which the repository describes`);
}

function ownOf(kind: string, options: StrategyOptions, names: string[]): Strategy {
  const bakeMs = durationOf("--bake", options.bake ?? usual.bake);
  switch (kind) {
    case "canary":
      return canaryOf(options);
    case "rolling":
      return {
        kind: "rolling",
        batch: amountOf("--batch", options.batch ?? usual.batch),
        healthyPercent: percentOf("--healthy", options.healthy ?? usual.healthy),
        pauseMs: bakeMs,
      };
    case "blue-green":
      if (options.groupLabel === undefined)
        throw invalid("--group-label", "is needed for blue-green: the label whose values change one after the other");
      return { kind: "blue_green", groupLabel: options.groupLabel, bakeMs };
    case "direct":
      if (options.reason === undefined) throw invalid("--reason", "is needed for direct: why all at once");
      return { kind: "direct", reason: options.reason };
    default: {
      const repository = names.length === 0 ? "the repository has none for these devices" : `the repository has ${names.join(", ")}`;
      throw invalid("--strategy", `is canary, rolling, blue-green, direct or one of the repository's, not ${kind}; ${repository}`);
    }
  }
}

/** Each stage with its own time where it has one: `5%:30s`. */
function canaryOf({ stages = usual.stages, bake = usual.bake }: StrategyOptions): Strategy {
  const bakeMs = durationOf("--bake", bake);
  return {
    kind: "canary",
    stages: stages.split(",").map((stage) => {
      const [amount = "", own, more] = stage.split(":");
      if (more !== undefined) throw invalid("--stages", `takes amount:time, not "${stage.trim()}"`);
      return { until: amountOf("--stages", amount), bakeMs: own === undefined ? bakeMs : durationOf("--stages", own.trim()) };
    }),
  };
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
