/** Looking people over: who has not been here, who may do what. */
import type { GrantReport, InactiveUser } from "@holdfast/contract";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction } from "#platform/db";
import { preconditionFailed } from "#platform/http/request";
import { Problem } from "@holdfast/kit";
import { z } from "zod";
import type { Parts } from "./deps.ts";
import { emailTaken } from "./invitations.ts";
import { permissionsOfRole } from "./permissions.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import * as store from "./store.ts";
import { hasFactor, needsFactor } from "./store-factors.ts";
import { inactiveSince, setEmail } from "./store-people.ts";
import { userOf } from "./view.ts";

const dayMs = 86_400_000;
const nameCursor = z.string().max(200);

export function createPeople({ db, audit, clock }: Parts) {
  async function showUser(id: string) {
    const user = await store.findUser(db, id);
    if (!user) throw missing(id);
    return userOf(user);
  }

  async function listInactive(days: number): Promise<{ items: InactiveUser[] }> {
    const now = clock.now();
    const rows = await inactiveSince(db, new Date(now - days * dayMs));
    return {
      items: rows.map(({ id, name, kind, created_at, last_seen_at }) => ({
        id,
        name,
        kind,
        days: Math.floor((now - (last_seen_at ?? created_at).getTime()) / dayMs),
        ...(last_seen_at ? { lastSeenAt: last_seen_at.toISOString() } : {}),
      })),
    };
  }

  /** One page of users with all that is granted to each: for the review of permissions. */
  async function reviewGrants({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) {
    const from = decodeCursor(nameCursor, cursor)?.replaceAll("\0", "") ?? "";
    const rows = await store.usersAfter(db, from, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const items: GrantReport[] = [];
    for (const row of rows.slice(0, limit)) items.push(await reportOf(row));
    return { items, ...(last ? { next: encodeCursor(last.name_key) } : {}) };
  }

  async function reportOf(row: store.UserRow): Promise<GrantReport> {
    return {
      id: row.id,
      name: row.name,
      kind: row.kind,
      disabled: row.disabled,
      ...(row.last_seen_at ? { lastSeenAt: row.last_seen_at.toISOString() } : {}),
      secondFactor: (await hasFactor(db, row.id)) ? "enrolled" : (await needsFactor(db, row.id)) ? "missing" : "none",
      grants: row.grants.map((grant) => ({
        role: grant.role,
        ...(grant.selector === "" ? {} : { selector: grant.selector }),
        permissions: [...permissionsOfRole(grant)],
      })),
    };
  }

  async function changeEmail({ id, email, etag }: { id: string; email: string; etag: string }, by: Granter) {
    return inTransaction(db, async (tx) => {
      const user = await store.lockUser(tx, id);
      if (!user) throw missing(id);
      if (userOf(user).etag !== etag) throw preconditionFailed(`the user "${user.name}"`);
      mustCover(by, ...user.grants);
      if (!(await setEmail(tx, { userId: id, email }))) throw emailTaken();
      const facts = { before: { email: user.email }, after: { email } };
      await audit.record(tx, { ...entryBy(by), action: "identity.user.change_email", subject: `user:${user.name}`, ...facts });
      return userOf((await store.findUser(tx, id)) ?? user);
    });
  }

  return { showUser, listInactive, reviewGrants, changeEmail };
}

function missing(id: string): Problem {
  return new Problem("identity_user_missing", { kind: "missing", say: `There is no user with the id "${id}".` });
}
