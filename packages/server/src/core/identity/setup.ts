/** The first administrator: made with a one-time token that only the log of the starting process shows. There is no default password. */
import { newId, Problem } from "@holdfast/kit";
import { inTransaction } from "#platform/db";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import { checkPassword } from "./password-rules.ts";
import { openSession, type From, type SignedIn } from "./sessions.ts";
import * as store from "./store.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";
import { nameTaken } from "./users.ts";

const tokenMs = 24 * 3_600_000;

export interface SetupRequest {
  token: string;
  name: string;
  password: string;
}

export function createSetup(parts: Parts) {
  const { db, audit, clock, passwords } = parts;

  async function setupNeeded(): Promise<boolean> {
    return (await store.countAdmins(db)) === 0;
  }

  /** Each starting process makes one of its own, and all of them end with the first that is redeemed. */
  async function setupToken(): Promise<string | undefined> {
    return inTransaction(db, async (tx) => {
      await store.lockAdmins(tx);
      if ((await store.countAdmins(tx)) > 0) return undefined;
      const token = newToken();
      const now = clock.now();
      await store.insertSetupToken(tx, { hash: hashToken(token), created_at: new Date(now), expires_at: new Date(now + tokenMs) });
      await audit.record(tx, { actor: "system:identity", action: "identity.setup_token.create", subject: "setup_token:first" });
      return token;
    });
  }

  async function redeemSetup({ token, name, password }: SetupRequest, from: From): Promise<SignedIn> {
    const hash = hashToken(token);
    const kept = checkName(name);
    // The password is hashed for somebody with a token only, and before the lock that others wait for.
    if (!isToken(token) || !(await store.hasSetupToken(db, hash, new Date(clock.now())))) throw refusal(await setupNeeded());
    checkPassword(password, parts.rules, [kept]);
    const passwordHash = await passwords.hash(password);
    return inTransaction(db, async (tx) => {
      await store.lockAdmins(tx);
      const now = new Date(clock.now());
      const needed = (await store.countAdmins(tx)) === 0;
      if (!needed || !(await store.hasSetupToken(tx, hash, now))) throw refusal(needed);
      await store.deleteSetupTokens(tx);
      const row = { id: newId("usr", now.getTime()), name: kept, name_key: foldName(kept), grants: [{ role: "admin" }] };
      const user = await store.insertUser(tx, { ...row, password_hash: passwordHash, created_at: now, updated_at: now });
      if (!user) throw nameTaken(kept);
      const facts = { subject: `user:${kept}`, after: { grants: row.grants }, reason: "first administrator, by the setup token" };
      await audit.record(tx, { actor: `user:${kept}`, action: "identity.user.create", ...facts, requestId: from.requestId });
      return openSession(tx, { user, from, methods: ["setup token"] }, parts);
    });
  }

  return { setupNeeded, setupToken, redeemSetup };
}

function refusal(needed: boolean): Problem {
  return needed
    ? new Problem("identity_setup_refused", {
        kind: "unauthenticated",
        say: "This setup token is not valid (any more). Restart Holdfast; it prints a new one as long as there is no administrator.",
      })
    : new Problem("identity_setup_done", { kind: "conflict", say: "The first administrator has been made already; sign in." });
}
