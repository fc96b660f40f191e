/** What a preview says of one permission, and which grants give it. Pure; whether somebody may is the server's answer. */
import type { Grant, Permission, RoleSummary } from "@holdfast/contract";
import { matches, parseSelector } from "@holdfast/kit";

interface Asked {
  grants: readonly Grant[];
  roles: readonly Pick<RoleSummary, "id" | "permissions">[];
  /** Without labels: wherever it counts. */
  labels: Record<string, string> | undefined;
}

export function givenBy(permission: Permission, { grants, roles, labels }: Asked): Grant[] {
  return grants.filter(
    ({ role, selector }) =>
      roles.find((one) => one.id === role)?.permissions.includes(permission) === true &&
      (labels === undefined || selector === undefined || matches(parseSelector(selector), labels)),
  );
}

export interface Verdict {
  yes: boolean;
  /** For what, or why not, where that is not all there is. */
  where?: string;
}

/**
 * @param item what the server says of the permission @param asked whether labels were asked about
 * @param byLabels whether any route asks for the permission thing by thing; without one, a permission for some labels opens nothing
 */
export function verdictOf(
  item: { selectors: readonly string[]; allowed?: boolean | undefined },
  asked: boolean,
  byLabels: boolean,
): Verdict {
  const everywhere = item.selectors.length === 0;
  if (asked && item.allowed !== true) return { yes: false };
  if (!everywhere && !byLabels) return { yes: false, where: "(it would have to count everywhere)" };
  return everywhere || asked ? { yes: true } : { yes: true, where: `for ${item.selectors.join(" or ")}` };
}
