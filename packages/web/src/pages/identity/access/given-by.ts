/** Which grants give a permission. Pure; whether somebody may is the server's answer, this only names why. */
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
