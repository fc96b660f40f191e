/** Proving again who one is, before an act that would do harm in the wrong hands. It counts for ten minutes. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import type { Parts } from "./deps.ts";
import { proveAgainByPassword } from "./directory-proof.ts";
import { optionsToSign, type Options } from "./passkeys.ts";
import { factorsOf, forgetProofs, prove, reserveProof, type Factor, type Proof } from "./proofs.ts";
import * as store from "./store.ts";
import * as factors from "./store-factors.ts";
import * as links from "./store-providers.ts";
import { findSession } from "./store-tokens.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

/** How long a proof counts. */
export const steppedUpMs = 10 * 60_000;
const challengeMs = 5 * 60_000;

export interface StepUp extends Proof {
  /** Of whoever has no second factor. */
  password?: string | undefined;
  /** Of `stepUpOptions`, beside a passkey. */
  token?: string | undefined;
}

export function createStepUp(parts: Parts) {
  const { db, audit, clock, passwords, site } = parts;

  async function stepUpOptions(caller: Caller): Promise<{ token: string; options: Options }> {
    mustBeSession(caller);
    const known = await factors.passkeysOf(db, caller.userId);
    if (known.length === 0) throw new Problem("identity_factor_missing", { kind: "conflict", say: "You have no passkey." });
    const token = newToken();
    const { options, nonce } = await optionsToSign(site, known);
    const row = { hash: hashToken(token), purpose: "step-up" as const, user_id: caller.userId, session_id: caller.credentialId, nonce };
    await factors.insertChallenge(db, { ...row, created_at: new Date(clock.now()), expires_at: new Date(clock.now() + challengeMs) });
    return { token, options };
  }

  /** The password of whoever has a second factor proves nothing new: it was shown at the sign-in. */
  async function stepUp(caller: Caller, shown: StepUp, requestId?: string): Promise<{ until: string }> {
    mustBeSession(caller);
    const { userId, credentialId, actor } = caller;
    await reserveProof(userId, parts);
    const nonce = await takeNonce(shown, caller);
    const there = await provedInDirectory(shown, caller, parts);
    const method = await inTransaction(db, async (tx) => {
      const proved = await proveAny(shown);
      if (!proved) return undefined;
      await forgetProofs(tx, userId);
      const stepped = await factors.stepUpSession(tx, credentialId, { now: new Date(clock.now()), secondFactor: proved !== "password" });
      if (!stepped) return undefined;
      const after = { method: proved };
      await audit.record(tx, { actor, action: "identity.session.step_up", subject: `session:${credentialId}`, after, requestId });
      return proved;

      async function proveAny({ password, ...proof }: StepUp): Promise<Factor | "password" | undefined> {
        if ((await factorsOf(tx, userId)).length > 0) return prove(tx, { userId, nonce, proof }, parts);
        const hash = (await store.holdUser(tx, userId))?.password_hash;
        if (hash == null) return there ? "password" : undefined;
        return password !== undefined && (await passwords.verify(hash, password)) ? "password" : undefined;
      }
    });
    if (method) return { until: new Date(clock.now() + steppedUpMs).toISOString() };
    const reason = "what was shown does not prove it";
    await inTransaction(db, (tx) =>
      audit.record(tx, { actor, action: "identity.session.step_up_refuse", subject: actor, reason, requestId }),
    );
    throw stepUpRefused();
  }

  async function takeNonce({ token }: StepUp, { userId, credentialId }: Caller): Promise<string | null> {
    if (token === undefined || !isToken(token)) return null;
    const found = await factors.tryChallenge(db, hashToken(token), { now: new Date(clock.now()), tries: 1 });
    const mine = found?.purpose === "step-up" && found.user_id === userId && found.session_id === credentialId;
    return mine ? found.nonce : null;
  }

  return { stepUpWays: (caller: Session) => stepUpWays(db, caller), stepUpOptions, stepUp };
}

type Session = Pick<Caller, "userId" | "credentialId">;

export interface StepUpWays {
  ways: ("password" | "provider" | Factor)[];
  /** Whose password counts, or where to prove it. */
  provider?: { id: string; name: string };
}

/** Where the caller proves it again: the provider of the session, of somebody who has neither password nor second factor here. */
export async function stepUpProvider(db: Db | Tx, { userId, credentialId }: Session): Promise<links.ProviderRow | undefined> {
  const found = await findSession(db, { id: credentialId });
  if (found?.session.provider_id == null || found.user.password_hash !== null) return undefined;
  if ((await factorsOf(db, userId)).length > 0) return undefined;
  const row = await links.findProvider(db, found.session.provider_id);
  return row?.enabled === true ? row : undefined;
}

/** With what the caller can prove it. */
async function stepUpWays(db: Db, caller: Session): Promise<StepUpWays> {
  const known = await factorsOf(db, caller.userId);
  if (known.length > 0) return { ways: known };
  if ((await store.findUser(db, caller.userId))?.password_hash != null) return { ways: ["password"] };
  const row = await stepUpProvider(db, caller);
  if (!row) return { ways: [] };
  return { ways: [row.kind === "ldap" ? "password" : "provider"], provider: { id: row.id, name: row.name } };
}

/** The directory is asked before the transaction, and only about whoever has nothing else. */
async function provedInDirectory({ password }: StepUp, caller: Caller, parts: Parts): Promise<boolean> {
  const row = password === undefined || password === "" ? undefined : await stepUpProvider(parts.db, caller);
  if (password === undefined || row?.kind !== "ldap") return false;
  return proveAgainByPassword({ row, userId: caller.userId, password }, parts);
}

/** @throws Problem `identity_session_needed` */
export function mustBeSession({ via, client }: Pick<Caller, "via" | "client">): void {
  if (via !== "api_key" && via !== "certificate" && client !== "program") return;
  throw new Problem("identity_session_needed", {
    kind: "forbidden",
    say: "Only a person who is signed in can do this; an API key cannot.",
  });
}

/** Not "unauthenticated": the session stays what it was. */
function stepUpRefused(): Problem {
  return new Problem("identity_step_up_refused", {
    kind: "forbidden",
    say: "That does not prove it is you; look again and try once more.",
  });
}
