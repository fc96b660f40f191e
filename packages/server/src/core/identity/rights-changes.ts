/** Under which actions a change of somebody's rights is recorded: one entry for each thing that was done, so that each is found by its own type. Pure. */
import type { Grant } from "@holdfast/contract";
import { writeGrant } from "@holdfast/kit";

export interface Standing {
  grants: readonly Grant[];
  disabled: boolean;
}

/** At least one: what changes nothing is a change, too, that somebody made. */
export function rightsChanges(before: Standing, after: Standing): string[] {
  const [had, has] = [before, after].map(({ grants }) => new Set(grants.map(writeGrant)));
  const actions: string[] = [];
  if (after.grants.some((grant) => had?.has(writeGrant(grant)) !== true)) actions.push("identity.user.grant");
  if (before.grants.some((grant) => has?.has(writeGrant(grant)) !== true)) actions.push("identity.user.withdraw");
  if (before.disabled !== after.disabled) actions.push(after.disabled ? "identity.user.disable" : "identity.user.enable");
  return actions.length === 0 ? ["identity.user.update"] : actions;
}
