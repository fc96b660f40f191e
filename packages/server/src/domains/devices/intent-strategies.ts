/** What a repository's policies say of a rollout of some devices: the strategies that fit it, and the limits that hold. Pure. */
import { strictest, type Limits, type NamedStrategy } from "@holdfast/contract";
import { matches, type Labels } from "@holdfast/kit";
import type { Policies } from "./intent-policies.ts";

export interface RolloutPolicy {
  /** Those that are for every one of the devices; of two with one name, the first. */
  strategies: NamedStrategy[];
  /** What a rollout with a strategy of its author keeps to: the strictest limits of the devices' defaults. */
  limits: Limits;
}

type Policy = Policies["strategies"][number];

/** `devices` by their labels, `platform` and `site` among them. */
export function rolloutPolicyOf(policies: Policies, devices: Labels[], revision: string): RolloutPolicy {
  const known = [...new Map(policies.strategies.toReversed().map((one) => [one.name, one])).values()].toReversed();
  const defaults = new Set(devices.map((labels) => known.findLast((one) => one.isDefault && matches(one.selector, labels))));
  const [only] = defaults.size === 1 ? defaults : [];
  const fitting = known.filter((one) => devices.every((labels) => matches(one.selector, labels)));
  return {
    strategies: fitting.map((one) => named(one, { revision, isDefault: one === only })),
    limits: strictest([...defaults].flatMap((one) => (one ? [one.limits] : []))),
  };
}

function named(policy: Policy, { revision, isDefault }: { revision: string; isDefault: boolean }): NamedStrategy {
  const { name, where, strategy, limits } = policy;
  return { name, strategy, limits, default: isDefault, at: `${where.file}:${where.line}`, revision };
}
