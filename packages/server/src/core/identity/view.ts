/** Users and keys as the API shows them. Pure. */
import type { identityContract, Permission, User } from "@holdfast/contract";
import type { InferContractRouterOutputs } from "@orpc/contract";
import { accessOf } from "./permissions.ts";
import type { ApiKeyRow, UserRow } from "./store.ts";

type Outputs = InferContractRouterOutputs<typeof identityContract>;
export type Me = Outputs["me"];
export type ApiKey = Outputs["listKeys"]["items"][number];

export function userOf(row: UserRow): User {
  return { ...nakedUser(row), etag: `v${row.version}` };
}

interface Calling {
  via: Me["via"];
  scopes?: readonly Permission[];
  /** What comes before anything else. */
  must?: readonly string[] | undefined;
}

export function meOf(row: UserRow, { via, scopes = [], must = [] }: Calling): Me {
  const first = must.includes("second-factor") ? { must: ["second-factor" as const] } : {};
  return { user: nakedUser(row), permissions: [...accessOf(row.grants, scopes).keys()], via, ...first };
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
