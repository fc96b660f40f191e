/** One's own password. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import type { Parts } from "./deps.ts";
import { checkPassword } from "./password-rules.ts";
import { forgetProofs, reserveProof } from "./proofs.ts";
import { mustBeSession } from "./step-up.ts";
import * as store from "./store.ts";
import { deleteChallengesOf, endOtherSessions } from "./store-factors.ts";
import { changePassword, deletePersonTokensOf } from "./store-people.ts";

export interface PasswordChange {
  /** Of whoever has one. */
  current?: string | undefined;
  password: string;
}

export function createOwnPassword({ db, audit, clock, passwords, rules }: Parts) {
  /** Ends the caller's other sessions, and whatever could still be redeemed in the caller's name. */
  async function changeOwnPassword(caller: Caller, { current, password }: PasswordChange, requestId?: string): Promise<void> {
    mustBeSession(caller);
    const { userId, actor, name } = caller;
    await reserveProof(userId, { db, clock });
    const known = await store.findUser(db, userId);
    const right = known?.password_hash == null ? caller.steppedUp === true : await passwords.verify(known.password_hash, current ?? "");
    if (!known || !right) {
      const reason = "current password wrong";
      await inTransaction(db, (tx) =>
        audit.record(tx, { actor, action: "identity.password.refuse", subject: `user:${name}`, reason, requestId }),
      );
      throw currentWrong(known?.password_hash == null);
    }
    checkPassword(password, rules, [known.name, ...(known.email === null ? [] : [known.email.split("@")[0] ?? ""])]);
    const hash = await passwords.hash(password);
    await inTransaction(db, async (tx) => {
      const now = await store.lockUser(tx, userId);
      if (now?.password_hash !== known.password_hash) throw currentWrong(false);
      await changePassword(tx, { userId, hash, now: new Date(clock.now()) });
      const endedSessions = await endWhatIsOpen(tx, userId, caller.credentialId);
      await forgetProofs(tx, userId);
      await audit.record(tx, { actor, action: "identity.password.change", subject: `user:${name}`, after: { endedSessions }, requestId });
    });
  }

  return { changeOwnPassword };
}

/** Sessions but one, links and tokens that wait, sign-ins that are half way. How many sessions. */
export async function endWhatIsOpen(tx: Tx, userId: string, exceptSession = ""): Promise<number> {
  await store.deleteLinksOf(tx, userId);
  await deletePersonTokensOf(tx, userId);
  await deleteChallengesOf(tx, userId);
  return endOtherSessions(tx, userId, exceptSession);
}

function currentWrong(none: boolean): Problem {
  const say = none ? "You have no password yet; sign in again, and set one within ten minutes." : "The current password is wrong.";
  return new Problem("identity_password_refused", { kind: "forbidden", say, places: [{ at: "current", say: "is wrong" }] });
}
