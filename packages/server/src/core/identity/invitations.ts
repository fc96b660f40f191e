/** Inviting people: an administrator makes the user, the person chooses the password, by a link of 72 hours that counts once. */
import type { Grant, User } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import { proceed, type SignInAnswer } from "./challenges.ts";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import { checkPassword } from "./password-rules.ts";
import { makePersonToken, sendLink, type Sent } from "./person-links.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import * as people from "./store-people.ts";
import { hashToken, isToken } from "./tokens.ts";
import { nameTaken } from "./users.ts";
import { userOf } from "./view.ts";

const invitationMs = 72 * 3_600_000;

export interface Invitation {
  name: string;
  email?: string | undefined;
  grants: readonly Grant[];
}

export function createInvitations(parts: Parts) {
  const { db, audit, clock, passwords, rules } = parts;

  async function invite({ name, email, grants }: Invitation, by: Granter): Promise<{ user: User } & Sent> {
    const kept = checkName(name);
    const made = await inTransaction(db, async (tx) => {
      const now = new Date(clock.now());
      mustCover(by, ...(await heldGrants(tx, grants)));
      const row = { id: newId("usr", now.getTime()), name: kept, name_key: foldName(kept), grants, password_hash: null };
      const user = await store.insertUser(tx, { ...row, created_at: now, updated_at: now });
      if (!user) throw nameTaken(kept);
      if (email !== undefined && !(await people.setEmail(tx, { userId: user.id, email }))) throw emailTaken();
      await audit.record(tx, { ...entryBy(by), action: "identity.user.invite", subject: `user:${kept}`, after: { grants, email } });
      return { user: (await store.findUser(tx, user.id)) ?? user, token: await invitationFor(tx, user.id) };
    });
    return { user: userOf(made.user), ...(await send(made, by)) };
  }

  /** A new link for somebody who has not used theirs; the one before ends. */
  async function inviteAgain(userId: string, by: Granter): Promise<{ user: User } & Sent> {
    const made = await inTransaction(db, async (tx) => {
      const user = await store.lockUser(tx, userId);
      if (!user || user.disabled)
        throw new Problem("identity_user_missing", { kind: "missing", say: "There is no such user who may sign in." });
      mustCover(by, ...user.grants);
      if (user.password_hash !== null || user.password_must_change) throw noInvitation(user.name);
      await audit.record(tx, { ...entryBy(by), action: "identity.user.invite", subject: `user:${user.name}`, after: { again: true } });
      return { user, token: await invitationFor(tx, user.id) };
    });
    return { user: userOf(made.user), ...(await send(made, by)) };
  }

  const invitationFor = (tx: Tx, userId: string) => makePersonToken(tx, { userId, purpose: "invitation", forMs: invitationMs }, parts);

  function send({ user, token }: { user: store.UserRow; token: Awaited<ReturnType<typeof makePersonToken>> }, by: Granter): Promise<Sent> {
    const letter = (link: string) => ({
      subject: "Your invitation to Holdfast",
      text: `${by.actor.replace("user:", "")} invites you to Holdfast as "${user.name}".\n\nChoose your password within 72 hours, by this link, which counts once:\n${link}\n`,
    });
    return sendLink({ page: "invitation", token, to: user.email, letter }, parts);
  }

  async function acceptInvitation({ token, password }: { token: string; password: string }, from: From): Promise<SignInAnswer> {
    const user = await userOfToken(token);
    checkPassword(password, rules, [user.name]);
    const hash = await passwords.hash(password);
    return inTransaction(db, async (tx) => {
      const taken = await people.takePersonToken(tx, hashToken(token), new Date(clock.now()));
      const held = taken?.purpose === "invitation" ? await store.lockUser(tx, taken.user_id) : undefined;
      if (!held || held.disabled) throw linkOver();
      await people.changePassword(tx, { userId: held.id, hash, now: new Date(clock.now()) });
      const facts = { action: "identity.invitation.accept", subject: `user:${held.name}`, requestId: from.requestId };
      await audit.record(tx, { actor: `user:${held.name}`, ...facts });
      return proceed(tx, { user: held, from, methods: ["invitation"] }, parts);
    });
  }

  /** Looked up before the password is hashed, so that a wrong link costs nothing. */
  async function userOfToken(token: string): Promise<store.UserRow> {
    const found = isToken(token) ? await people.findPersonToken(db, hashToken(token), new Date(clock.now())) : undefined;
    const user = found?.purpose === "invitation" ? await store.findUser(db, found.user_id) : undefined;
    if (!user) throw linkOver();
    return user;
  }

  return { invite, inviteAgain, acceptInvitation };
}

/** Also of a reset's link. */
export function linkOver(): Problem {
  return new Problem("identity_link_refused", {
    kind: "unauthenticated",
    say: "This link was used already, or is out of date; ask for a new one.",
  });
}

export function emailTaken(): Problem {
  return new Problem("identity_email_taken", { kind: "conflict", say: "Another user has this mail address." });
}

function noInvitation(name: string): Problem {
  return new Problem("identity_invitation_used", { kind: "conflict", say: `"${name}" has a password already; force a reset instead.` });
}
