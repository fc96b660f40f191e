/** Resetting passwords: by mail for whoever asks, by an administrator for one or for all. A reset ends every session of its user. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Letter } from "#platform/mail";
import { accountBucket, type Limit } from "./attempts.ts";
import type { Parts } from "./deps.ts";
import { linkOver } from "./invitations.ts";
import { foldName } from "./names.ts";
import { endWhatIsOpen } from "./own-password.ts";
import { checkPassword } from "./password-rules.ts";
import { linkFor, makePersonToken, sendLink, type Sent, type Token } from "./person-links.ts";
import { forgetProofs } from "./proofs.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import * as people from "./store-people.ts";
import { hashToken, isToken } from "./tokens.ts";

const resetMs = 30 * 60_000;
/** One that an administrator hands on takes longer to arrive. */
const forcedMs = 24 * 3_600_000;
/** So that nobody fills somebody's mailbox. */
const lettersAnHour: Limit = { tries: 3, windowMs: 3_600_000 };

export interface Forced extends Sent {
  name: string;
}

export function createResets(parts: Parts) {
  return { ...createMailedResets(parts), ...createForcedResets(parts) };
}

function createMailedResets(parts: Parts) {
  const { db, audit, clock, passwords, rules, mail, publicUrl } = parts;

  /** Says nothing and looks at nothing before it returns, so its answer is the same for everybody. `who` is a name or a mail address. */
  async function requestReset(who: string, from: From): Promise<void> {
    if (mail && publicUrl !== undefined) mail.sendLater(() => writeReset(who, from));
  }

  async function writeReset(who: string, from: From): Promise<Letter | undefined> {
    const clean = who.replaceAll("\0", "");
    const byMail = await people.findIdByEmail(db, clean);
    const user = byMail === undefined ? await store.findUserByKey(db, foldName(clean)) : await store.findUser(db, byMail);
    if (!user || user.email === null || user.disabled || user.kind !== "person") return undefined;
    const now = new Date(clock.now());
    if ((await store.countTry(db, `reset:${user.id}`, { limit: lettersAnHour, now })).tries > lettersAnHour.tries) return undefined;
    const { token } = await inTransaction(db, async (tx) => {
      const facts = { actor: "anonymous", action: "identity.reset.request", subject: `user:${user.name}`, requestId: from.requestId };
      await audit.record(tx, { ...facts, after: { address: from.address } });
      return makePersonToken(tx, { userId: user.id, purpose: "reset", forMs: resetMs }, parts);
    });
    return { to: user.email, ...resetLetter(user.name, "30 minutes")(linkFor("reset", token, publicUrl)) };
  }

  /** Sets the password; the second factor, if there is one, is asked for at the sign-in that follows. */
  async function redeemReset({ token, password }: { token: string; password: string }, from: From): Promise<void> {
    const now = new Date(clock.now());
    const found = isToken(token) ? await people.findPersonToken(db, hashToken(token), now) : undefined;
    const known = found?.purpose === "reset" ? await store.findUser(db, found.user_id) : undefined;
    if (!known) throw linkOver();
    checkPassword(password, rules, [known.name]);
    const hash = await passwords.hash(password);
    await inTransaction(db, async (tx) => {
      const taken = await people.takePersonToken(tx, hashToken(token), now);
      const user = taken?.purpose === "reset" ? await store.lockUser(tx, taken.user_id) : undefined;
      if (!user || user.disabled) throw linkOver();
      await people.changePassword(tx, { userId: user.id, hash, now });
      const endedSessions = await endWhatIsOpen(tx, user.id);
      await store.forgetTries(tx, accountBucket(user.name));
      await forgetProofs(tx, user.id);
      const facts = {
        action: "identity.password.reset",
        subject: `user:${user.name}`,
        after: { endedSessions },
        requestId: from.requestId,
      };
      await audit.record(tx, { actor: `user:${user.name}`, ...facts });
    });
  }

  return { requestReset, redeemReset };
}

function createForcedResets(parts: Parts) {
  const { db, audit, clock } = parts;

  /** From now on the old password counts no more; a link leads to a new one. */
  async function forceReset(userId: string, by: Granter): Promise<Forced> {
    const made = await inTransaction(db, async (tx) => {
      const user = await store.lockUser(tx, userId);
      if (!user || user.disabled || user.kind !== "person")
        throw new Problem("identity_user_missing", { kind: "missing", say: "There is no such person who may sign in." });
      mustCover(by, ...user.grants);
      return { user, token: await force(tx, user, by) };
    });
    return { name: made.user.name, ...(await send(made)) };
  }

  /** All people but the one who asks, whose sessions would end under the act. With `dryRun` only who it would be. */
  async function forceAllResets(
    { dryRun, exceptId }: { dryRun: boolean; exceptId: string },
    by: Granter,
  ): Promise<{ items: (Forced | { name: string })[] }> {
    const everyone = (await people.activePeople(db)).filter(({ id }) => id !== exceptId);
    if (dryRun) return { items: everyone.map(({ name }) => ({ name })) };
    const made = await inTransaction(db, async (tx) => {
      const all = [];
      for (const { id } of everyone) {
        const user = await store.lockUser(tx, id);
        if (!user || user.disabled) continue;
        mustCover(by, ...user.grants);
        all.push({ user, token: await force(tx, user, by) });
      }
      return all;
    });
    const items: Forced[] = [];
    for (const one of made) items.push({ name: one.user.name, ...(await send(one)) });
    return { items };
  }

  async function force(tx: Tx, user: store.UserRow, by: Granter): Promise<Token> {
    await people.changePassword(tx, { userId: user.id, hash: null, now: new Date(clock.now()) });
    const endedSessions = await endWhatIsOpen(tx, user.id);
    await audit.record(tx, {
      ...entryBy(by),
      action: "identity.password.force_reset",
      subject: `user:${user.name}`,
      after: { endedSessions },
    });
    return makePersonToken(tx, { userId: user.id, purpose: "reset", forMs: forcedMs }, parts);
  }

  function send({ user, token }: { user: store.UserRow; token: Token }): Promise<Sent> {
    return sendLink({ page: "reset", token, to: user.email, letter: resetLetter(user.name, "24 hours") }, parts);
  }

  return { forceReset, forceAllResets };
}

function resetLetter(name: string, within: string): (link: string) => Omit<Letter, "to"> {
  return (link) => ({
    subject: "Your password for Holdfast",
    text: `A new password is to be set for "${name}".\n\nThis link counts once, and for ${within}:\n${link}\n\nIf you did not ask for it, nothing needs to be done: without the link nobody can set one.\n`,
  });
}
