/** What is said of plans and rollouts that are not there, alike for those that the asker may not see. */
import { Problem } from "@holdfast/kit";

export function missingPlan(id: string): Problem {
  return new Problem("plans_missing", { kind: "missing", say: `There is no plan ${id}.` });
}

export function missingChange(plan: string, target: string): Problem {
  return new Problem("plans_change_missing", { kind: "missing", say: `Plan ${plan} has no change for ${target}.` });
}

export function missingRollout(id: string): Problem {
  return new Problem("rollouts_missing", { kind: "missing", say: `There is no rollout ${id}.` });
}
