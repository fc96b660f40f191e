/** Users and keys as the API shows them. Pure. */
import type { identityContract, User } from "@holdfast/contract";
import type { InferContractRouterOutputs } from "@orpc/contract";
import { accessOf, countsForSome, selectorsFor, type Access, type HeldGrant } from "./permissions.ts";
import type { ApiKeyRow, UserRow } from "./store.ts";

type Outputs = InferContractRouterOutputs<typeof identityContract>;
export type Me = Outputs["me"];
export type ApiKey = Outputs["listKeys"]["items"][number];

export function userOf(row: UserRow): User {
  return { ...nakedUser(row), etag: `v${row.version}` };
}

interface Calling {
  via: Me["via"];
  /** What the caller may do; all that their grants allow unless told. */
  access?: Access;
  /** What comes before anything else. */
  must?: readonly string[] | undefined;
}

export function meOf(row: UserRow, { via, access = accessOf(row.grants), must = [] }: Calling): Me {
  const first = must.includes("second-factor") ? { must: ["second-factor" as const] } : {};
  return { user: nakedUser(row), ...mayOf(access, row.grants), via, ...first };
}

/** A permission that counts for some labels, and that no route takes so, is none. */
function mayOf(access: Access, grants: readonly HeldGrant[]): Pick<Me, "permissions" | "limited"> {
  const mine = [...access].filter(([permission, reach]) => reach === "everywhere" || countsForSome.has(permission));
  const limited = mine.filter(([, reach]) => reach !== "everywhere");
  return {
    permissions: mine.map(([permission]) => permission),
    ...(limited.length === 0
      ? {}
      : { limited: limited.map(([permission]) => ({ permission, selectors: selectorsFor(grants, permission) })) }),
  };
}

export function apiKeyOf(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: `hf_${row.id}`,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
  };
}

function nakedUser(row: UserRow): Omit<User, "etag"> {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    ...(row.email === null ? {} : { email: row.email }),
    grants: row.grants.map(({ role, selector }) => ({ role, ...(selector === "" ? {} : { selector }) })),
    disabled: row.disabled,
    createdAt: row.created_at.toISOString(),
  };
}
