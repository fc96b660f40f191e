/** Enrolling second factors of one's own. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import { makeBackupCodes } from "./backup-codes.ts";
import type { Parts } from "./deps.ts";
import { endWhatIsOpen } from "./own-password.ts";
import { optionsToEnrol, readEnrolled, type Options, type Signed } from "./passkeys.ts";
import { mustBeSession } from "./step-up.ts";
import * as store from "./store.ts";
import * as factors from "./store-factors.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";
import { beginTotp, confirmTotp } from "./totp.ts";

const challengeMs = 5 * 60_000;
const mostPasskeys = 20;

/** Shown once, when there was no set before. */
export interface Enrolled {
  backupCodes?: string[];
}

export function createEnrolment(parts: Parts) {
  const { db, clock, site } = parts;

  async function beginOwnTotp(caller: Caller): Promise<{ secret: string; uri: string }> {
    mustBeSession(caller);
    return inTransaction(db, (tx) => beginTotp(tx, { id: caller.userId, name: caller.name }, parts));
  }

  async function confirmOwnTotp(caller: Caller, code: string, requestId?: string): Promise<Enrolled> {
    mustBeSession(caller);
    return inTransaction(db, async (tx) => {
      await store.lockUser(tx, caller.userId);
      if (!(await confirmTotp(tx, caller.userId, code, parts))) throw codeWrong();
      return enrolled(tx, caller, { kind: "totp", requestId }, parts);
    });
  }

  async function beginPasskey(caller: Caller): Promise<{ token: string; options: Options }> {
    mustBeSession(caller);
    const known = await factors.passkeysOf(db, caller.userId);
    if (known.length >= mostPasskeys) throw tooManyPasskeys();
    const { options, nonce } = await optionsToEnrol(site, { id: caller.userId, name: caller.name }, known);
    const token = newToken();
    const row = {
      hash: hashToken(token),
      purpose: "passkey-enrol" as const,
      user_id: caller.userId,
      session_id: caller.credentialId,
      nonce,
    };
    await factors.insertChallenge(db, { ...row, created_at: new Date(clock.now()), expires_at: new Date(clock.now() + challengeMs) });
    return { token, options };
  }

  async function addPasskey(
    caller: Caller,
    shown: { token: string; name: string; passkey: Signed },
    requestId?: string,
  ): Promise<Enrolled> {
    mustBeSession(caller);
    const { token, name, passkey: signed } = shown;
    const now = new Date(clock.now());
    const found = isToken(token) ? await factors.tryChallenge(db, hashToken(token), { now, tries: 1 }) : undefined;
    const mine = found?.purpose === "passkey-enrol" && found.session_id === caller.credentialId;
    const made = mine && found.nonce !== null ? await readEnrolled(site, signed, found.nonce) : undefined;
    if (!made) throw passkeyRefused();
    return inTransaction(db, async (tx) => {
      await store.lockUser(tx, caller.userId);
      const row = { ...made, user_id: caller.userId, name: name.replaceAll("\0", ""), created_at: now, last_used_at: null };
      if (!(await factors.insertPasskey(tx, row))) throw passkeyRefused();
      return enrolled(tx, caller, { kind: "passkey", name, requestId }, parts);
    });
  }

  return { beginOwnTotp, confirmOwnTotp, beginPasskey, addPasskey };
}

interface What {
  kind: "totp" | "passkey";
  name?: string;
  requestId?: string | undefined;
}

/** The first factor frees the session that enrolled it, and ends those that were opened without one. */
async function enrolled(tx: Tx, caller: Caller, what: What, { audit, passwords, clock }: Parts): Promise<Enrolled> {
  const { requestId, ...after } = what;
  const { userId, credentialId, actor, name } = caller;
  await factors.setMustEnrol(tx, userId, false);
  await factors.liftMust(tx, credentialId, new Date(clock.now()));
  const first = (await factors.backupCodesOf(tx, userId)).length === 0;
  const backupCodes = first ? await makeBackupCodes(tx, userId, { passwords, clock }) : undefined;
  const endedSessions = first ? await endWhatIsOpen(tx, userId, credentialId) : 0;
  await audit.record(tx, {
    actor,
    action: "identity.factor.enrol",
    subject: `user:${name}`,
    after: { ...after, endedSessions },
    requestId,
  });
  return backupCodes ? { backupCodes } : {};
}

function codeWrong(): Problem {
  return new Problem("identity_code_wrong", {
    kind: "invalid",
    say: "That is not the code of this moment; check the clock of the phone, and type the newest one.",
    places: [{ at: "code", say: "is not the code of this moment" }],
  });
}

function passkeyRefused(): Problem {
  return new Problem("identity_passkey_refused", { kind: "invalid", say: "This passkey could not be enrolled; begin again." });
}

function tooManyPasskeys(): Problem {
  return new Problem("identity_too_many_passkeys", { kind: "limit", say: `You have ${mostPasskeys} passkeys; remove one first.` });
}
