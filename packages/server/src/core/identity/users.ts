/** Users: made, given a role, disabled. One administrator who may sign in always remains. */
import type { Role, User } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Tx } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import { z } from "zod";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import * as store from "./store.ts";
import { userOf } from "./view.ts";

export interface NewUser {
  name: string;
  role: Role;
  /** Without one the user signs in by links only. */
  password?: string | undefined;
}

export interface UserChange {
  id: string;
  etag: string;
  role?: Role | undefined;
  disabled?: boolean | undefined;
}

const nameCursor = z.string().max(200);

export function createUsers({ db, audit, clock, passwords }: Parts) {
  async function listUsers({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) {
    const from = decodeCursor(nameCursor, cursor)?.replaceAll("\0", "") ?? "";
    const rows = await store.usersAfter(db, from, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items: rows.slice(0, limit).map(userOf), ...(last ? { next: encodeCursor(last.name_key) } : {}) };
  }

  async function createUser({ name, role, password }: NewUser, by: By): Promise<User> {
    const kept = checkName(name);
    const passwordHash = password === undefined ? null : await passwords.hash(password);
    return inTransaction(db, async (tx) => {
      const now = new Date(clock.now());
      const row = { id: newId("usr", now.getTime()), name: kept, name_key: foldName(kept), role, password_hash: passwordHash };
      const user = await store.insertUser(tx, { ...row, created_at: now, updated_at: now });
      if (!user) throw nameTaken(kept);
      await audit.record(tx, { ...by, action: "identity.user.create", subject: `user:${kept}`, after: { role } });
      return userOf(user);
    });
  }

  async function updateUser(change: UserChange, by: By): Promise<User> {
    return inTransaction(db, async (tx) => {
      await store.lockAdmins(tx);
      const before = await store.lockUser(tx, change.id);
      if (!before) throw new Problem("identity_user_missing", { kind: "missing", say: `There is no user with the id "${change.id}".` });
      if (userOf(before).etag !== change.etag) throw preconditionFailed(`the user "${before.name}"`);
      const { role = before.role, disabled = before.disabled } = change;
      const after = { ...before, role, disabled, version: before.version + 1, updated_at: new Date(clock.now()) };
      if (isAdmin(before) && !isAdmin(after) && (await store.countAdmins(tx, before.id)) === 0) throw lastAdmin(before.name);
      await store.updateUser(tx, after);
      const ended = disabled ? await shutOut(tx, before.id) : 0;
      const facts = { before: { role: before.role, disabled: before.disabled }, after: { role, disabled, endedSessions: ended } };
      await audit.record(tx, { ...by, action: "identity.user.update", subject: `user:${before.name}`, ...facts });
      return userOf(after);
    });
  }

  return { listUsers, createUser, updateUser };
}

/** Ends what the user has in hand. API keys stay, and are refused while the user is disabled. */
async function shutOut(tx: Tx, userId: string): Promise<number> {
  await store.deleteLinksOf(tx, userId);
  return store.deleteSessionsOf(tx, userId);
}

function isAdmin(user: store.UserRow): boolean {
  return user.role === "admin" && !user.disabled;
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
