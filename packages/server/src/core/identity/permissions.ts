/** What roles allow. Pure: the one table of roles, and how grants add up; whether that is enough is asked of `can`. */
import { contract, permissions, routesOf, type BuiltInRole, type Permission } from "@holdfast/contract";
import { parseSelector, type SelectorTerm } from "@holdfast/kit";
import type { Access, Reach } from "#platform/reach";

export { can, type Access, type Reach } from "#platform/reach";

const looking: Permission[] = ["devices:read", "repositories:read", "plans:read", "rollouts:read", "findings:read"];

/** `public` and `self` are no grants: a route asks for them of nobody, and of anybody who is signed in. */
const everything = permissions.filter((permission) => permission !== "public" && permission !== "self");

/** What each role that is always there may do. Proposing and approving are apart, so that an operator needs a second person where approval is asked for. */
export const rolePermissions: Record<BuiltInRole, readonly Permission[]> = {
  admin: everything,
  operator: [
    ...looking,
    "devices:write",
    "repositories:write",
    "plans:write",
    "rollouts:operate",
    "findings:write",
    "secrets:read",
    "pki:read",
  ],
  approver: [...looking, "rollouts:approve", "findings:write"],
  viewer: looking,
  auditor: [...looking, "audit:read", "secrets:read", "pki:read", "users:read"],
};

/**
 * What some route takes also from those for whom it counts for some labels only; revealing is asked for within a route. Every other
 * permission is of use only everywhere.
 */
export const countsForSome: ReadonlySet<Permission> = new Set<Permission>([
  "devices:reveal",
  ...routesOf(contract).flatMap(({ meta: { scoped, permission } }) => (scoped === true && permission !== undefined ? [permission] : [])),
]);

/** A grant as it is kept. `permissions` is null for a role that is always there; an empty `selector` means everywhere. */
export interface HeldGrant {
  role: string;
  selector: string;
  permissions: Permission[] | null;
}

/** What a role may do; a role that nobody knows may do nothing. */
export function permissionsOfRole({ role, permissions: own }: Pick<HeldGrant, "role" | "permissions">): readonly Permission[] {
  return own ?? (Object.hasOwn(rolePermissions, role) ? rolePermissions[role as BuiltInRole] : []);
}

/** All grants together, under the scopes of an API key; no scopes, no limit. A scope never adds. */
export function accessOf(grants: readonly HeldGrant[], scopes: readonly Permission[] = []): Access {
  const access = new Map<Permission, Reach>();
  for (const grant of grants) {
    const terms = parseSelector(grant.selector);
    for (const permission of permissionsOfRole(grant)) {
      if (scopes.length > 0 && !scopes.includes(permission)) continue;
      access.set(permission, wider(access.get(permission), terms));
    }
  }
  return access;
}

function wider(reach: Reach | undefined, terms: SelectorTerm[]): Reach {
  if (reach === "everywhere" || terms.length === 0) return "everywhere";
  return [...(reach ?? []), terms];
}

/**
 * Whether somebody with this access may give the grant away: nobody gives more than they have. A permission that counts for
 * some labels only is given on with the same terms, or with more of them.
 */
export function covers(access: Access, grant: HeldGrant): boolean {
  const asked = parseSelector(grant.selector).map(wordOf);
  return permissionsOfRole(grant).every((permission) => {
    const reach = access.get(permission);
    return reach === "everywhere" || (reach ?? []).some((terms) => terms.every((term) => asked.includes(wordOf(term))));
  });
}

/** Equal for equal terms. */
function wordOf(term: SelectorTerm): string {
  return JSON.stringify("values" in term ? [term.key, term.op, [...term.values].sort()] : [term.key, term.op]);
}

/** Where a permission counts by these grants, each selector once. */
export function selectorsFor(grants: readonly HeldGrant[], permission: Permission): string[] {
  return [...new Set(grants.filter((grant) => permissionsOfRole(grant).includes(permission)).map(({ selector }) => selector))];
}
