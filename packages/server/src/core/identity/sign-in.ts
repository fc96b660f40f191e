/** Signing in with name and password. Unknown, wrong and disabled look the same, and take the same time. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import { accountBucket, accountLimit, addressBucket, addressLimit, type Limit } from "./attempts.ts";
import type { Parts } from "./deps.ts";
import { foldName } from "./names.ts";
import { proceed, type SignInAnswer } from "./challenges.ts";
import { isDated } from "./passwords.ts";
import { tooMany } from "./proofs.ts";
import type { From } from "./sessions.ts";
import { setPasswordHash } from "./store-people.ts";
import * as store from "./store.ts";

export function createSignIn(parts: Parts) {
  const { db, audit, clock, passwords } = parts;

  async function signIn({ name, password }: { name: string; password: string }, from: From): Promise<SignInAnswer> {
    parts.counted("tried");
    const counters = countersOf(name, from);
    for (const counter of counters) await reserveTry(counter, from);
    const known = await store.findUserByKey(db, foldName(name).replaceAll("\0", ""));
    const right = await checkPassword(known, password, counters);
    const signedIn = known && right && !known.disabled ? await inTransaction(db, (tx) => admit(tx, known, from)) : undefined;
    if (signedIn) {
      if (known?.password_hash && isDated(known.password_hash)) await renewHash(known.id, known.password_hash, password);
      return signedIn;
    }
    parts.counted("failed");
    await recordRefusal(known, from, "name or password wrong, or user disabled");
    throw refused();
  }

  /** Undefined when the user was disabled. */
  async function admit(tx: Tx, { id, name }: store.UserRow, from: From): Promise<SignInAnswer | undefined> {
    const user = await store.holdUser(tx, id);
    if (!user || user.disabled) return undefined;
    await store.forgetTries(tx, accountBucket(name));
    // Not forgotten: whoever has one account could try all others with it.
    if (from.address !== undefined) await store.giveTryBack(tx, addressBucket(from.address));
    return proceed(tx, { user, from, methods: ["password"] }, parts);
  }

  /** Kept with the parameters of today, unless it was changed meanwhile. It is the same password, so nothing else ends. */
  async function renewHash(userId: string, dated: string, password: string): Promise<void> {
    const hash = await passwords.hash(password);
    await setPasswordHash(db, { userId, hash, onlyIf: dated });
  }

  /** Counts the try before it is made. @throws Problem `identity_too_many_tries` */
  async function reserveTry({ bucket, limit }: Counter, from: From): Promise<void> {
    const now = clock.now();
    const { tries, since } = await store.countTry(db, bucket, { limit, now: new Date(now) });
    if (tries <= limit.tries) return;
    if (tries === limit.tries + 1) await recordRefusal(undefined, from, `more than ${limit.tries} tries in ${limit.windowMs / 1000} s`);
    parts.counted("failed");
    throw tooMany(Math.max(1, Math.ceil((since.getTime() + limit.windowMs - now) / 1000)));
  }

  async function checkPassword(known: store.UserRow | undefined, password: string, counters: Counter[]): Promise<boolean> {
    try {
      return await passwords.verify(known?.password_hash, password);
    } catch (thrown) {
      for (const { bucket } of counters) await store.giveTryBack(db, bucket); // it was not looked at
      throw thrown;
    }
  }

  /** An unknown name is not written down: it may be a password in the wrong field. */
  async function recordRefusal(known: store.UserRow | undefined, from: From, reason: string): Promise<void> {
    const subject = known ? `user:${known.name}` : "user:(unknown)";
    const facts = { action: "identity.session.refuse", subject, reason, after: { address: from.address }, requestId: from.requestId };
    await inTransaction(db, (tx) => audit.record(tx, { actor: "anonymous", ...facts }));
  }

  return { signIn };
}

interface Counter {
  bucket: string;
  limit: Limit;
}

/** The address first: one that is over its limit does not use up the tries of accounts. */
function countersOf(name: string, from: From): Counter[] {
  const account = { bucket: accountBucket(name), limit: accountLimit };
  return from.address === undefined ? [account] : [{ bucket: addressBucket(from.address), limit: addressLimit }, account];
}

function refused(): Problem {
  return new Problem("identity_sign_in_refused", { kind: "unauthenticated", say: "The name or the password is wrong." });
}
