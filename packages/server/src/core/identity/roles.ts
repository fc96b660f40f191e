/** Roles of one's own beside those that are always there. Nobody gives more than they have. */
import type { Grant, Permission, RoleSummary } from "@holdfast/contract";
import { parseSelector, Problem, type Labels } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import type { Parts } from "./deps.ts";
import { accessOf, can, countsForSome, covers, permissionsOfRole, selectorsFor, type Access, type HeldGrant } from "./permissions.ts";
import * as store from "./store-roles.ts";

/** Who grants. */
export interface Granter extends By {
  /** What that one may do; `unlimited` for the program itself and for the administrator of its machine. */
  access: Access | "unlimited";
}

export interface NewRole {
  name: string;
  description?: string | undefined;
  permissions: readonly Permission[];
}

export interface RoleChange {
  id: string;
  etag: string;
  description?: string | undefined;
  secondFactor?: boolean | undefined;
  /** Instead of all it allowed before; of a role of one's own only. */
  permissions?: readonly Permission[] | undefined;
}

export function createRoles({ db, audit, clock }: Parts) {
  async function listRoles(): Promise<{ items: RoleSummary[] }> {
    return { items: (await store.listRoles(db)).map(roleOf) };
  }

  async function createRole({ name, description = "", permissions }: NewRole, by: Granter): Promise<RoleSummary> {
    mustCover(by, { role: name, selector: "", permissions: [...permissions] });
    return inTransaction(db, async (tx) => {
      const now = new Date(clock.now());
      const row = {
        name,
        description: description.replaceAll("\0", ""),
        permissions: unique(permissions),
        created_at: now,
        updated_at: now,
      };
      if (!(await store.insertRole(tx, row))) throw nameTaken(name);
      await audit.record(tx, { ...entryBy(by), action: "identity.role.create", subject: `role:${name}`, after: shown(row) });
      return mustFind(tx, name);
    });
  }

  async function updateRole(change: RoleChange, by: Granter): Promise<RoleSummary> {
    return inTransaction(db, async (tx) => {
      const before = await lock(tx, change);
      if (change.permissions) {
        if (before.permissions === null) throw builtIn(before.name);
        mustCover(by, { role: before.name, selector: "", permissions: unique([...change.permissions, ...before.permissions]) });
      }
      const after = {
        ...before,
        description: change.description?.replaceAll("\0", "") ?? before.description,
        second_factor: change.secondFactor ?? before.second_factor,
        permissions: change.permissions ? unique(change.permissions) : before.permissions,
        version: before.version + 1,
        updated_at: new Date(clock.now()),
      };
      await store.updateRole(tx, after);
      const facts = { before: shown(before), after: shown(after) };
      await audit.record(tx, { ...entryBy(by), action: "identity.role.update", subject: `role:${before.name}`, ...facts });
      return mustFind(tx, before.name);
    });
  }

  async function removeRole(role: { id: string; etag: string }, by: By): Promise<void> {
    await inTransaction(db, async (tx) => {
      const before = await lock(tx, role);
      if (before.permissions === null) throw builtIn(before.name);
      const { users } = await mustFind(tx, before.name);
      if (users > 0) throw inUse(before.name, users);
      await store.deleteRole(tx, before.name);
      await audit.record(tx, { ...entryBy(by), action: "identity.role.remove", subject: `role:${before.name}`, before: shown(before) });
    });
  }

  return {
    listRoles,
    createRole,
    updateRole,
    removeRole,
    previewGrants: (grants: readonly Grant[], labels?: Labels) => previewGrants(db, grants, labels),
  };
}

/** What the grants would allow. @throws Problem `identity_role_unknown`, `selector_invalid` */
async function previewGrants(db: Db, grants: readonly Grant[], labels?: Labels) {
  const held = await inTransaction(db, (tx) => heldGrants(tx, grants));
  const access = accessOf(held);
  return {
    items: [...access].map(([permission, reach]) => ({
      permission,
      selectors: reach === "everywhere" ? [] : selectorsFor(held, permission),
      ...(reach === "everywhere" || countsForSome.has(permission) ? {} : { ofNoUse: true as const }),
      ...(labels === undefined ? {} : { allowed: isAllowed({ access }, permission, labels) }),
    })),
  };
}

function isAllowed(caller: { access: Access }, permission: Permission, labels: Labels): boolean {
  return caller.access.get(permission) === "everywhere" || (countsForSome.has(permission) && can(caller, permission, labels));
}

/** The role, held for a change. */
async function lock(tx: Tx, { id, etag }: { id: string; etag: string }): Promise<store.RoleRow> {
  const role = await store.lockRole(tx, id);
  if (!role) throw missing(id);
  if (etagOf(role) !== etag) throw preconditionFailed(`the role "${id}"`);
  return role;
}

async function mustFind(tx: Tx, name: string): Promise<RoleSummary> {
  const found = (await store.listRoles(tx, name))[0];
  if (!found) throw missing(name);
  return roleOf(found);
}

/** The grants with what their roles allow; the roles stay until `tx` ends. @throws Problem `identity_role_unknown`, `selector_invalid` */
export async function heldGrants(tx: Tx, grants: readonly Grant[]): Promise<HeldGrant[]> {
  for (const { selector } of grants) parseSelector(selector ?? "");
  const known = new Map((await store.holdRoles(tx, [...new Set(grants.map(({ role }) => role))])).map((role) => [role.name, role]));
  return grants.map(({ role, selector = "" }) => {
    const found = known.get(role);
    if (!found) throw unknown(role);
    return { role, selector, permissions: found.permissions };
  });
}

/** @throws Problem `identity_grant_beyond` when somebody would give away what they do not have */
export function mustCover({ access }: Pick<Granter, "access">, ...grants: HeldGrant[]): void {
  const beyond = access === "unlimited" ? undefined : grants.find((grant) => !covers(access, grant));
  if (!beyond) return;
  throw new Problem("identity_grant_beyond", {
    kind: "forbidden",
    say: `The role "${beyond.role}"${beyond.selector === "" ? "" : ` for ${beyond.selector}`} allows more than you may do yourself; nobody can give that away.`,
  });
}

/** What an audit entry says of who did it. */
export function entryBy({ actor, requestId }: By): By {
  return { actor, requestId };
}

function roleOf(row: store.RoleRow & { users: number }): RoleSummary {
  return {
    id: row.name,
    description: row.description,
    builtIn: row.permissions === null,
    permissions: [...permissionsOfRole({ role: row.name, permissions: row.permissions })],
    secondFactor: row.second_factor,
    users: row.users,
    etag: etagOf(row),
  };
}

function shown({ description, permissions, second_factor: secondFactor }: Partial<store.RoleRow>) {
  return { description, ...(permissions ? { permissions } : {}), ...(secondFactor === undefined ? {} : { secondFactor }) };
}

const etagOf = ({ version }: { version: number }): string => `v${version}`;
const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

function missing(name: string): Problem {
  return new Problem("identity_role_missing", {
    kind: "missing",
    say: `There is no role named "${name}"; \`holdfast roles list\` shows those there are.`,
  });
}

/** Of a role that a grant names. */
function unknown(name: string): Problem {
  return new Problem("identity_role_unknown", {
    kind: "invalid",
    say: `There is no role named "${name}"; \`holdfast roles list\` shows those there are.`,
  });
}

function nameTaken(name: string): Problem {
  return new Problem("identity_role_taken", { kind: "conflict", say: `There is a role named "${name}" already.` });
}

function builtIn(name: string): Problem {
  return new Problem("identity_role_built_in", {
    kind: "conflict",
    say: `The role "${name}" is always there, and what it may do does not change; make a role of your own.`,
  });
}

function inUse(name: string, users: number): Problem {
  return new Problem("identity_role_in_use", {
    kind: "conflict",
    say: `${users === 1 ? "One user has" : `${users} users have`} the role "${name}"; take it from them first.`,
  });
}
