/** Who may do what. Pure: the one table of roles, and the one question. */
import { permissions, type Permission, type Role } from "@holdfast/contract";

const looking: Permission[] = ["devices:read", "repositories:read", "plans:read", "rollouts:read", "findings:read"];

/** `public` and `self` are no grants: a route asks for them of nobody, and of anybody who is signed in. */
const everything = permissions.filter((permission) => permission !== "public" && permission !== "self");

/** What each role may do. Proposing and approving are apart, so that an operator needs a second person where approval is asked for. */
export const rolePermissions: Record<Role, readonly Permission[]> = {
  admin: everything,
  operator: [...looking, "devices:write", "repositories:write", "plans:write", "rollouts:operate", "findings:write", "secrets:read"],
  approver: [...looking, "rollouts:approve", "findings:write"],
  viewer: looking,
  auditor: [...looking, "audit:read", "secrets:read", "users:read"],
};

/** What is left of a role's permissions under the scopes of an API key; no scopes, no limit. A scope never adds. */
export function permissionsOf(role: Role, scopes: readonly Permission[] = []): Set<Permission> {
  const granted = rolePermissions[role];
  return new Set(scopes.length === 0 ? granted : granted.filter((permission) => scopes.includes(permission)));
}

/** Whether this caller (undefined: nobody is signed in) may do what needs `permission`. */
export function can(caller: { permissions: ReadonlySet<Permission> } | undefined, permission: Permission): boolean {
  if (permission === "public") return true;
  if (caller === undefined) return false;
  return permission === "self" || caller.permissions.has(permission);
}
