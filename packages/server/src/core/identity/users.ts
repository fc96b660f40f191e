/** Users: made, given a role, disabled. One administrator who may sign in always remains. */
import type { Grant, User } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import { z } from "zod";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import { checkPassword } from "./password-rules.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import { rightsChanges } from "./rights-changes.ts";
import * as store from "./store.ts";
import { userOf } from "./view.ts";

export interface NewUser {
  name: string;
  grants: readonly Grant[];
  /** Without one the user signs in by links only. */
  password?: string | undefined;
}

export interface UserChange {
  id: string;
  etag: string;
  /** Instead of all that was granted before. */
  grants?: readonly Grant[] | undefined;
  disabled?: boolean | undefined;
}

const nameCursor = z.string().max(200);

export function createUsers({ db, audit, clock, passwords, rules }: Parts) {
  async function listUsers({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) {
    const from = decodeCursor(nameCursor, cursor)?.replaceAll("\0", "") ?? "";
    const rows = await store.usersAfter(db, from, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items: rows.slice(0, limit).map(userOf), ...(last ? { next: encodeCursor(last.name_key) } : {}) };
  }

  async function createUser({ name, grants, password }: NewUser, by: Granter): Promise<User> {
    const kept = checkName(name);
    if (password !== undefined) checkPassword(password, rules, [kept]);
    const passwordHash = password === undefined ? null : await passwords.hash(password);
    return inTransaction(db, async (tx) => {
      const now = new Date(clock.now());
      const row = { id: newId("usr", now.getTime()), name: kept, name_key: foldName(kept), grants, password_hash: passwordHash };
      mustCover(by, ...(await heldGrants(tx, grants)));
      const user = await store.insertUser(tx, { ...row, created_at: now, updated_at: now });
      if (!user) throw nameTaken(kept);
      await audit.record(tx, { ...entryBy(by), action: "identity.user.create", subject: `user:${kept}`, after: { grants } });
      return userOf(user);
    });
  }

  async function updateUser(change: UserChange, by: Granter): Promise<User> {
    return inTransaction(db, async (tx) => {
      await store.lockAdmins(tx);
      const before = await store.lockUser(tx, change.id);
      if (!before) throw new Problem("identity_user_missing", { kind: "missing", say: `There is no user with the id "${change.id}".` });
      if (userOf(before).etag !== change.etag) throw preconditionFailed(`the user "${before.name}"`);
      const { disabled = before.disabled } = change;
      const { grants } = userOf(before);
      // Who disables or takes away must be able to give, too: otherwise an operator of one site could shut out an administrator.
      mustCover(by, ...before.grants, ...(await heldGrants(tx, change.grants ?? [])));
      await store.updateUser(tx, { ...before, disabled, version: before.version + 1, updated_at: new Date(clock.now()) });
      if (change.grants) await store.replaceGrants(tx, before.id, change.grants);
      const after = userOf((await store.findUser(tx, before.id)) ?? before);
      if (isAdmin(userOf(before)) && !isAdmin(after) && (await store.countAdmins(tx, before.id)) === 0) throw lastAdmin(before.name);
      const ended = disabled ? await shutOut(tx, before.id) : 0;
      const facts = { before: { grants, disabled: before.disabled }, after: { grants: after.grants, disabled, endedSessions: ended } };
      for (const action of rightsChanges(facts.before, facts.after))
        await audit.record(tx, { ...entryBy(by), action, subject: `user:${before.name}`, ...facts });
      return after;
    });
  }

  return { listUsers, createUser, updateUser };
}

/** Ends what the user has in hand. API keys stay, and are refused while the user is disabled. */
async function shutOut(tx: Tx, userId: string): Promise<number> {
  await store.deleteLinksOf(tx, userId);
  return store.deleteSessionsOf(tx, userId);
}

function isAdmin(user: User): boolean {
  return user.kind === "person" && !user.disabled && user.grants.some(({ role, selector }) => role === "admin" && selector === undefined);
}

export function nameTaken(name: string): Problem {
  return new Problem("identity_name_taken", {
    kind: "conflict",
    say: `There is a user named "${name}" already (upper and lower case are one).`,
  });
}

function lastAdmin(name: string): Problem {
  return new Problem("identity_last_admin", {
    kind: "conflict",
    say: `"${name}" is the last administrator who can sign in; make another one first.`,
  });
}
