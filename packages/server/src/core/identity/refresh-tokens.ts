/**
 * Token pairs for programs that a person signed in: a short access token, and a refresh token that is used once, for the next pair
 * (RFC 9700, section 4.14). The session is the family: a refresh token that comes a second time was stolen, and ends it.
 */
import type { TokenPair } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Principal } from "#platform/http/request";
import type { AccessTokens } from "./access-tokens.ts";
import type { Parts } from "./deps.ts";
import { hasEnded, type From } from "./sessions.ts";
import * as store from "./store-tokens.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";

/** A refresh token that nobody uses for so long has ended. */
export const refreshMs = 7 * 86_400_000;
/** However often it is renewed, the person signs in again after this. */
export const familyMs = 30 * 86_400_000;
/** Whoever trades a cookie for tokens has just proved who they are: a cookie that was stolen is worth no month. */
const recentMs = 5 * 60_000;

interface NamedSession {
  id: string;
  userId: string;
  client: string;
  createdAt: Date;
}

export interface Issued {
  session: NamedSession;
  refreshToken: string;
  endsAt: Date;
}

export interface RefreshTokens {
  /** For a session without a cookie: its next refresh token. */
  issue(tx: Tx, session: NamedSession): Promise<Issued>;
  /** Once that is committed: the pair. A key to sign with is looked for outside of any transaction. */
  pairOf(issued: Issued): Promise<TokenPair>;
  /** Makes the caller's session, which a cookie held, one of the command line. @throws Problem `identity_no_cookie`, `identity_sign_in_again` */
  trade(caller: Principal, from: From): Promise<TokenPair>;
  /** @throws Problem `identity_refresh_refused` */
  refresh(token: string, from: From): Promise<TokenPair>;
  /** Ends the session of this refresh token; what is no such token ends nothing (RFC 7009). */
  revoke(token: string, from: From): Promise<void>;
}

type Made = Parts & { accessTokens: AccessTokens };

export function createRefreshTokens(parts: Made): RefreshTokens {
  const { db, audit, clock, accessTokens } = parts;
  const { issue, pairOf } = createIssuing(parts);
  const turn = createTurn(parts, issue);

  return {
    issue,
    pairOf,

    async trade(caller, from) {
      if (caller.via !== "session") throw noCookie();
      if (clock.now() - (caller.steppedUpAt ?? 0) > recentMs) throw signInAgain();
      await accessTokens.ready();
      const issued = await inTransaction(db, async (tx) => {
        const found = await store.lockSession(tx, caller.credentialId);
        if (!found || found.session.hash === null) throw noCookie();
        const { id, created_at: createdAt } = found.session;
        await store.updateSession(tx, id, { hash: null, client: "cli" });
        const facts = { subject: `session:${id}`, after: { address: from.address } };
        await audit.record(tx, { actor: caller.actor, action: "identity.token.issue", ...facts, requestId: from.requestId });
        return issue(tx, { id, userId: caller.userId, client: "cli", createdAt });
      });
      return pairOf(issued);
    },

    async refresh(token, from) {
      await accessTokens.ready();
      const issued = isToken(token) ? await inTransaction(db, (tx) => turn(tx, hashToken(token), from)) : undefined;
      if (issued) return pairOf(issued);
      throw new Problem("identity_refresh_refused", {
        kind: "unauthenticated",
        say: "This refresh token is not good (any more): it was used, has ended, or its session has. Sign in again.",
      });
    },

    async revoke(token, from) {
      await inTransaction(db, async (tx) => {
        const known = isToken(token) ? await store.findRefreshToken(tx, hashToken(token)) : undefined;
        const found = known && (await store.lockSession(tx, known.session_id));
        if (!found) return;
        const { session, user } = found;
        await store.takeSession(tx, { id: session.id, userId: user.id });
        const facts = { subject: `session:${session.id}`, before: { user: `user:${user.name}` }, requestId: from.requestId };
        await audit.record(tx, { actor: `user:${user.name}`, action: "identity.session.end", ...facts });
      });
    },
  };
}

function createIssuing({ clock, accessTokens }: Made): Pick<RefreshTokens, "issue" | "pairOf"> {
  async function issue(tx: Tx, session: NamedSession): Promise<Issued> {
    const nowMs = clock.now();
    const endsAt = new Date(Math.min(nowMs + refreshMs, session.createdAt.getTime() + familyMs));
    const refreshToken = newToken();
    const row = { hash: hashToken(refreshToken), session_id: session.id, created_at: new Date(nowMs), expires_at: endsAt, used_at: null };
    await store.insertRefreshToken(tx, row);
    await store.updateSession(tx, session.id, { expires_at: endsAt, last_seen_at: new Date(nowMs) });
    return { session, refreshToken, endsAt };
  }

  async function pairOf({ session, refreshToken, endsAt }: Issued): Promise<TokenPair> {
    const { token, expiresAt } = await accessTokens.sign({ ...session, endsAt });
    const expiresIn = Math.round((expiresAt.getTime() - clock.now()) / 1000);
    return { accessToken: token, tokenType: "Bearer", expiresIn, refreshToken, refreshExpiresAt: endsAt.toISOString() };
  }

  return { issue, pairOf };
}

/** One refresh token for the next. */
function createTurn({ audit, clock, times }: Made, issue: RefreshTokens["issue"]) {
  /** Undefined: refused. The session is held first, as everybody does who ends one. */
  return async function turn(tx: Tx, hash: Buffer, from: From): Promise<Issued | undefined> {
    const token = await store.findRefreshToken(tx, hash);
    const found = token && (await store.lockSession(tx, token.session_id));
    if (!found) return undefined;
    const { session, user } = found;
    const now = new Date(clock.now());
    const by = { actor: `user:${user.name}`, subject: `session:${session.id}`, requestId: from.requestId };
    if (!(await store.useRefreshToken(tx, hash, now))) {
      await store.takeSession(tx, { id: session.id, userId: user.id });
      const reason = "a refresh token was used a second time: somebody else has it; the session is ended";
      await audit.record(tx, { ...by, actor: "anonymous", action: "identity.token.reuse", reason, after: { address: from.address } });
      return undefined;
    }
    if (user.disabled || token.expires_at <= now || hasEnded(session, { nowMs: now.getTime(), times })) return undefined;
    await audit.record(tx, { ...by, action: "identity.token.refresh", after: { address: from.address } });
    return issue(tx, { id: session.id, userId: user.id, client: session.client, createdAt: session.created_at });
  };
}

function noCookie(): Problem {
  return new Problem("identity_no_cookie", {
    kind: "forbidden",
    say: "Only a session that a cookie holds becomes one with tokens; sign in first.",
  });
}

function signInAgain(): Problem {
  return new Problem("identity_sign_in_again", {
    kind: "forbidden",
    say: "Tokens are given within five minutes after signing in; prove who you are again.",
  });
}
