/** Which strategy and limits a rollout has: its author's, or the repository's, whose limits nobody loosens in passing. Pure. */
import { strictest, usualStrategy, type Limits, type NamedStrategy, type Plan, type Strategy, type StrategyFrom } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";

export interface Wanted {
  strategy?: Strategy | undefined;
  strategyName?: string | undefined;
  strategyFrom?: StrategyFrom | undefined;
  limits?: Limits;
  /** The rollout that this one does again or takes back: what was decided for it stays. */
  revertOf?: string | undefined;
}

export interface Choice {
  strategy: Strategy;
  /** Absent where the author wrote the strategy. */
  strategyFrom?: StrategyFrom;
  limits: Limits;
  /** Limits of the repository that a direct rollout does not keep to; for the audit trail. */
  limitsSetAside?: Limits;
}

type Offer = Pick<Plan, "strategies" | "limits">;

/**
 * One by its name, an own one, the repository's default, or the usual canary, in this order. Limits of the policy hold in any case;
 * only a direct rollout, which has a reason, sets them aside.
 * @throws Problem `rollouts_strategy_twice`, `rollouts_strategy_unknown`, `rollouts_limits_loosened`
 */
export function chooseStrategy(plan: Offer, wanted: Wanted): Choice {
  const own = wanted.limits ?? {};
  if (wanted.strategy !== undefined && wanted.strategyName !== undefined)
    throw new Problem("rollouts_strategy_twice", { kind: "invalid", say: "Give a strategy or the name of one, not both." });
  if (wanted.strategy !== undefined) return ownChoice(plan, wanted.strategy, wanted);
  const named = wanted.strategyName === undefined ? plan.strategies.find((one) => one.default) : called(plan, wanted.strategyName);
  if (named === undefined) return { strategy: usualStrategy, limits: held(plan.limits, own, "the repository") };
  return { strategy: named.strategy, strategyFrom: fromOf(named), limits: held(named.limits, own, `the policy ${named.name}`) };
}

function called(plan: Offer, name: string): NamedStrategy {
  const found = plan.strategies.find((one) => one.name === name);
  if (found) return found;
  const names = plan.strategies.map((one) => one.name);
  const mend = names.length === 0 ? "its repository has none for these devices." : `there is ${names.join(", ")}.`;
  throw new Problem("rollouts_strategy_unknown", { kind: "invalid", say: `This plan has no strategy named ${name}; ${mend}` });
}

function fromOf({ name, at, revision }: NamedStrategy): StrategyFrom {
  return { name, at, revision };
}

function ownChoice(plan: Offer, strategy: Strategy, { limits = {}, strategyFrom, revertOf }: Wanted): Choice {
  if (revertOf !== undefined) return { strategy, limits, ...(strategyFrom === undefined ? {} : { strategyFrom }) };
  if (strategy.kind !== "direct") return { strategy, limits: held(plan.limits, limits, "the repository") };
  return { strategy, limits, ...(Object.keys(plan.limits).length === 0 ? {} : { limitsSetAside: plan.limits }) };
}

/** The stricter of both, member by member. */
function held(policy: Limits, own: Limits, who: string): Limits {
  const places = [
    loosened("limits.maxUnavailable", policy.maxUnavailable, own.maxUnavailable),
    loosened("limits.perSite", policy.perSite, own.perSite),
    ...Object.entries(own.perLabel ?? {}).map(([label, most]) => loosened(`limits.perLabel.${label}`, policy.perLabel?.[label], most)),
  ].filter((place) => place !== undefined);
  const [first] = places;
  if (first === undefined) return strictest([policy, own]);
  throw new Problem("rollouts_limits_loosened", {
    kind: "invalid",
    say: `${first.at} ${first.say}, as ${who} says. Ask for less, change the policy, or roll out directly with a reason.`,
    places,
  });
}

function loosened(at: string, most: number | undefined, asked: number | undefined): { at: string; say: string } | undefined {
  if (most === undefined || asked === undefined || asked <= most) return undefined;
  return { at, say: `may be ${most} at most, not ${asked}` };
}
