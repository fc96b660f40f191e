/** Finds the caller of a request by its access token, API key, session cookie or client certificate, in this order. What cannot be proved is nobody. */
import { Problem } from "@holdfast/kit";
import { readMachineId } from "#core/pki";
import type { Db } from "#platform/db";
import { unauthenticated, type Credentials, type Principal } from "#platform/http/request";
import type { AccessTokens } from "./access-tokens.ts";
import { keyUsed } from "./api-keys.ts";
import type { Parts } from "./deps.ts";
import { accessOf, type Access } from "./permissions.ts";
import type { SessionCache } from "./session-cache.ts";
import { hasEnded } from "./sessions.ts";
import { steppedUpMs } from "./step-up.ts";
import * as store from "./store.ts";
import { seenNow } from "./store-people.ts";
import { findSession, type SessionRow } from "./store-tokens.ts";
import { hashToken, isToken, parseApiKey, sameHash } from "./tokens.ts";

/** The cookie that holds a session's token. */
export const sessionCookie = "holdfast_session";

/** A principal with what this module needs of it. */
export interface Caller extends Principal {
  name: string;
  /** What the session is for; absent for an API key. */
  client?: SessionRow["client"];
}

/** Times of use are kept to the minute, so that a busy key does not write all the time. */
const grainMs = 60_000;
/** When a user was last seen is asked about in days. */
const seenGrainMs = 3_600_000;
/** Compared with when there is no such key, so that the answer takes as long. */
const noKey = Buffer.alloc(32);

type Finding = Parts & { cache: SessionCache };

export function createAuthenticate(parts: Finding & { accessTokens: Pick<AccessTokens, "verify"> }) {
  const { db, clock, times, cache } = parts;

  /** An Authorization header counts alone: a wrong one is refused whatever the cookie holds. A cookie of a session that ended is none. */
  return async function authenticate({ headers, cookies, spiffeId, passive = false }: Presented): Promise<Caller | undefined> {
    const { authorization } = headers;
    if (authorization !== undefined) {
      const shown = /^Bearer (\S+)$/i.exec(authorization)?.[1] ?? "";
      const caller = await (shown.startsWith("hf_") ? byKey(shown, passive) : byAccessToken(shown, passive));
      if (!caller) throw unauthenticated();
      return caller;
    }
    const token = cookies[sessionCookie];
    if (token === undefined || !isToken(token)) return spiffeId === undefined ? undefined : byCertificate(parts, spiffeId, passive);
    const hash = hashToken(token);
    return bySession(`cookie:${hash.toString("base64")}`, { hash, via: "session", passive });
  };

  async function bySession(key: string, { passive, via, ...by }: Sought): Promise<Caller | undefined> {
    const load = async () => {
      const found = await findSession(db, by);
      return found && { ...found, userId: found.user.id, access: accessOf(found.user.grants, found.session.scopes) };
    };
    const found = await cache.find(key, load, { fresh: passive });
    const nowMs = clock.now();
    if (!found || found.user.disabled || hasEnded(found.session, { nowMs, times })) return undefined;
    const { session, user, access } = found;
    if (!passive && nowMs - session.last_seen_at.getTime() >= grainMs) {
      session.last_seen_at = new Date(nowMs);
      await store.touchSession(db, session.id, session.last_seen_at);
    }
    if (!passive) await noteSeen(db, user, nowMs);
    const steppedUpAt = session.stepped_up_at?.getTime();
    const proof = { via, credentialId: session.id, client: session.client, steppedUpAt, must: session.must };
    if (session.client === "program") return callerOf(user, access, { ...proof, namedScopes: session.scopes });
    return callerOf(user, access, { ...proof, steppedUp: nowMs - (steppedUpAt ?? -Infinity) <= steppedUpMs });
  }

  /** The token names a session; whatever ends that ends it. */
  async function byAccessToken(token: string, passive: boolean): Promise<Caller | undefined> {
    const claims = await parts.accessTokens.verify(token);
    if (!claims) return undefined;
    const caller = await bySession(`session:${claims.sessionId}`, { id: claims.sessionId, via: "token", passive });
    return caller?.userId === claims.userId ? caller : undefined;
  }

  async function byKey(shown: string, passive: boolean): Promise<Caller | undefined> {
    const parsed = parseApiKey(shown);
    if (!parsed) return undefined;
    const load = async () => {
      const found = await store.findKey(db, parsed.id);
      return found && { ...found, userId: found.user.id, access: accessOf(found.user.grants, found.key.scopes) };
    };
    const found = await cache.find(`key:${parsed.id}`, load, { fresh: passive });
    const right = sameHash(hashToken(parsed.secret), found?.key.hash ?? noKey);
    const nowMs = clock.now();
    if (!found || !right || found.user.disabled || found.key.revoked_at !== null || found.key.expires_at.getTime() <= nowMs)
      return undefined;
    const { key, user, access } = found;
    if (!passive && nowMs - (key.last_used_at?.getTime() ?? 0) >= grainMs) await keyUsed(parts, key, `user:${user.name}`);
    if (!passive) await noteSeen(db, user, nowMs);
    return callerOf(user, access, { via: "api_key", credentialId: key.id, namedScopes: key.scopes });
  }
}

/** The certificate was judged when the connection began, and is again while it stands; here it is asked whose it is. */
async function byCertificate({ db, cache, clock }: Finding, spiffeId: string, passive: boolean): Promise<Caller | undefined> {
  const account = readMachineId(spiffeId);
  if (account === undefined) return undefined;
  const load = async () => {
    const user = await store.findUser(db, account);
    return user?.kind === "service" ? { user, userId: user.id, access: accessOf(user.grants) } : undefined;
  };
  const found = await cache.find(`machine:${account}`, load, { fresh: passive });
  if (!found || found.user.disabled) return undefined;
  if (!passive) await noteSeen(db, found.user, clock.now());
  return callerOf(found.user, found.access, { via: "certificate", credentialId: spiffeId, namedScopes: [] });
}

async function noteSeen(db: Db, user: store.UserRow, nowMs: number): Promise<void> {
  if (nowMs - (user.last_seen_at?.getTime() ?? -Infinity) < seenGrainMs) return;
  user.last_seen_at = new Date(nowMs);
  await seenNow(db, user.id, user.last_seen_at);
}

/** `passive`: nobody did anything; it is only asked whether the caller still counts. */
type Presented = Pick<Credentials, "headers" | "cookies" | "spiffeId" | "passive">;
type Sought = ({ hash: Buffer } | { id: string }) & { via: Caller["via"]; passive: boolean };
type Proof = Pick<Caller, "via" | "credentialId" | "steppedUpAt" | "steppedUp" | "namedScopes" | "must" | "client">;

function callerOf(user: store.UserRow, access: Access, proof: Proof): Caller {
  const who = { actor: `user:${user.name}`, userId: user.id, name: user.name };
  return { ...who, ...(user.kind === "service" ? { program: true } : {}), access, ...proof };
}

/** The principal as `authenticate` made it. */
export function ours(principal: Principal): Caller {
  if (isCaller(principal)) return principal;
  throw new Problem("identity_principal_strange", { kind: "broken", say: "The caller was not found by this system." });
}

function isCaller(principal: Principal): principal is Caller {
  return "name" in principal;
}
