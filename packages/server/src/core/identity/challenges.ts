/** The step between a first proof and a session, for whoever has a second factor. It is a row of five minutes and five tries, so it is the same on every replica. */
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Parts } from "./deps.ts";
import { optionsToSign, readSigned, type Options, type Signed } from "./passkeys.ts";
import { factorsOf, forgetProofs, proofRefused, prove, reserveAddress, reserveProof, type Factor, type Proof } from "./proofs.ts";
import { openSession, type From, type Opening, type SignedIn } from "./sessions.ts";
import * as store from "./store.ts";
import * as factors from "./store-factors.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

const challengeMs = 5 * 60_000;
export const challengeTries = 5;

/** A second factor has to be shown; `token` finds the challenge again. */
export interface Challenged {
  challenge: { token: string; methods: Factor[]; expiresAt: string };
}
export type SignInAnswer = SignedIn | Challenged;

/**
 * Opens a session, or asks for the second factor of whoever has one; one that was shown at a provider takes the place of none here. The caller
 * has a first proof and holds the user's row.
 */
export async function proceed(tx: Tx, opening: Opening, parts: Parts): Promise<SignInAnswer> {
  const { user, methods, client = "console", provider } = opening;
  const known = opening.secondFactor === true && !provider ? [] : await factorsOf(tx, user.id);
  if (known.length === 0) return openSession(tx, opening, parts);
  const token = newToken();
  const expiresAt = new Date(parts.clock.now() + challengeMs);
  const began = { provider_id: provider?.id ?? null, provider_session: provider?.session ?? null, provider_hint: provider?.hint ?? null };
  const proved = { purpose: "sign-in" as const, user_id: user.id, session_id: null, nonce: null };
  const row = { hash: hashToken(token), ...proved, methods, client, ...began };
  await factors.insertChallenge(tx, { ...row, created_at: new Date(parts.clock.now()), expires_at: expiresAt });
  return { challenge: { token, methods: known, expiresAt: expiresAt.toISOString() } };
}

export function createChallenges(parts: Parts) {
  return { ...createSecondStep(parts), ...createPasskeySignIn(parts) };
}

function createSecondStep(parts: Parts) {
  const { db, audit, clock, site } = parts;

  async function secondFactor({ token, ...proof }: Proof & { token: string }, from: From): Promise<SignedIn> {
    parts.counted("tried");
    const challenge = isToken(token)
      ? await factors.tryChallenge(db, hashToken(token), { now: new Date(clock.now()), tries: challengeTries })
      : undefined;
    if (challenge?.purpose !== "sign-in" || challenge.user_id === null) throw challengeOver();
    const userId = challenge.user_id;
    await reserveProof(userId, parts);
    const signedIn = await inTransaction(db, (tx) => admit(tx, { challenge, userId, proof, from }));
    if (signedIn) return signedIn;
    parts.counted("failed");
    await recordRefusal(userId, from);
    throw proofRefused();
  }

  interface Admitting {
    challenge: factors.ChallengeRow;
    userId: string;
    proof: Proof;
    from: From;
  }

  /** Undefined when the proof does not hold, the user was disabled, or another was first. */
  async function admit(tx: Tx, { challenge, userId, proof, from }: Admitting): Promise<SignedIn | undefined> {
    const user = await store.holdUser(tx, userId);
    const method = user && !user.disabled ? await prove(tx, { userId, nonce: challenge.nonce, proof }, parts) : undefined;
    if (!user || !method || !(await factors.takeChallenge(tx, challenge.hash))) return undefined;
    await forgetProofs(tx, userId);
    const client = challenge.client as Opening["client"] & string;
    const { provider_id: id, provider_session: session, provider_hint: hint } = challenge;
    const began = id === null ? {} : { provider: { id, session: session ?? undefined, hint: hint ?? undefined } };
    return openSession(tx, { user, from, client, methods: [...challenge.methods, method], secondFactor: true, ...began }, parts);
  }

  async function recordRefusal(userId: string, from: From): Promise<void> {
    const user = await store.findUser(db, userId);
    const facts = { action: "identity.session.refuse", subject: `user:${user?.name ?? "(gone)"}`, after: { address: from.address } };
    const entry = { actor: "anonymous", reason: "second factor wrong, used or out of date", requestId: from.requestId, ...facts };
    await inTransaction(db, (tx) => audit.record(tx, entry));
  }

  /** What a passkey has to sign for this challenge. */
  async function secondFactorOptions(token: string): Promise<{ options: Options }> {
    const hash = hashToken(token);
    const now = new Date(clock.now());
    const found = isToken(token) ? await factors.findChallenge(db, hash, now) : undefined;
    const known = found?.user_id == null ? [] : await factors.passkeysOf(db, found.user_id);
    if (known.length === 0) throw challengeOver();
    const { options, nonce } = await optionsToSign(site, known);
    await factors.setNonce(db, hash, nonce);
    return { options };
  }

  return { secondFactor, secondFactorOptions };
}

function createPasskeySignIn(parts: Parts) {
  const { db, clock, site } = parts;

  /** Begins a sign-in by passkey alone, by whoever it is. */
  async function passkeyOptions(): Promise<{ token: string; options: Options }> {
    const token = newToken();
    const { options, nonce } = await optionsToSign(site, []);
    const row = { hash: hashToken(token), purpose: "passkey" as const, user_id: null, session_id: null, nonce };
    await factors.insertChallenge(db, { ...row, created_at: new Date(clock.now()), expires_at: new Date(clock.now() + challengeMs) });
    return { token, options };
  }

  /** Signs in by passkey alone: it was the device and the finger or PIN on it, so it is two factors. */
  async function signInByPasskey({ token, passkey: signed }: { token: string; passkey: Signed }, from: From): Promise<SignedIn> {
    parts.counted("tried");
    await reserveAddress(from, parts);
    const challenge = isToken(token)
      ? await factors.tryChallenge(db, hashToken(token), { now: new Date(clock.now()), tries: 1 })
      : undefined;
    if (challenge?.purpose !== "passkey" || challenge.nonce === null) throw challengeOver();
    const { nonce, hash } = challenge;
    const signedIn = await inTransaction(db, async (tx) => {
      if (!(await factors.takeChallenge(tx, hash))) return undefined;
      const passkey = await readSigned(tx, { site, signed, nonce, clock, verifyUser: true });
      const user = passkey && (await store.holdUser(tx, passkey.user_id));
      if (!user || user.disabled) return undefined;
      return openSession(tx, { user, from, methods: ["passkey"], secondFactor: true }, parts);
    });
    if (signedIn) return signedIn;
    parts.counted("failed");
    throw proofRefused();
  }

  return { passkeyOptions, signInByPasskey };
}

function challengeOver(): Problem {
  return new Problem("identity_challenge_over", {
    kind: "unauthenticated",
    say: "This sign-in took too long or too many tries; begin it again.",
  });
}
