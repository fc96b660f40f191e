/** One-time links, made on the machine itself: for the first look, and for whoever forgot a password. */
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction, type Tx } from "#platform/db";
import type { Parts } from "./deps.ts";
import { foldName } from "./names.ts";
import { proceed, type SignInAnswer } from "./challenges.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

/** A link is for somebody who is waiting for it. */
const linkMs = 15 * 60_000;

export function createSignInLinks(parts: Parts) {
  const { db, audit, clock } = parts;

  async function createSignInLink(userName: string, by: By): Promise<{ token: string; expiresAt: Date }> {
    const token = newToken();
    const now = clock.now();
    const expiresAt = new Date(now + linkMs);
    await inTransaction(db, async (tx) => {
      const user = await store.findUserByKey(tx, foldName(userName));
      if (!user || user.disabled || user.kind !== "person") throw noSuchUser(userName);
      await store.insertLink(tx, { hash: hashToken(token), user_id: user.id, created_at: new Date(now), expires_at: expiresAt });
      await audit.record(tx, { ...by, action: "identity.sign_in_link.create", subject: `user:${user.name}`, after: { expiresAt } });
    });
    return { token, expiresAt };
  }

  async function redeemLink(token: string, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    const signedIn = isToken(token) ? await inTransaction(db, (tx) => redeem(tx, token, from)) : undefined;
    if (signedIn) return signedIn;
    parts.counted("failed");
    throw linkRefused();
  }

  /** Undefined when there is no such link, or its user was disabled. */
  async function redeem(tx: Tx, token: string, from: From): Promise<SignInAnswer | undefined> {
    const userId = await store.takeLink(tx, hashToken(token), new Date(clock.now()));
    const user = userId === undefined ? undefined : await store.holdUser(tx, userId);
    return user && !user.disabled ? proceed(tx, { user, from, methods: ["sign-in link"] }, parts) : undefined;
  }

  return { createSignInLink, redeemLink };
}

function linkRefused(): Problem {
  return new Problem("identity_link_refused", {
    kind: "unauthenticated",
    say: "This link was used already, or is out of date; ask whoever runs the server for a new one.",
  });
}

function noSuchUser(name: string): Problem {
  return new Problem("identity_user_missing", { kind: "missing", say: `There is no user "${name}" who may sign in.` });
}
