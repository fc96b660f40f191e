/** Finds the caller of a request by its API key or session cookie. What cannot be proved is nobody. */
import type { Permission } from "@holdfast/contract";
import { unauthenticated, type Credentials, type Principal } from "#platform/http/request";
import type { Parts } from "./deps.ts";
import { accessOf } from "./permissions.ts";
import * as store from "./store.ts";
import { hashToken, isToken, parseApiKey, sameHash } from "./tokens.ts";

/** The cookie that holds a session's token. */
export const sessionCookie = "holdfast_session";

/** A principal with what this module needs of it. */
export interface Caller extends Principal {
  name: string;
}

/** Times of use are kept to the minute, so that a busy key does not write all the time. */
const grainMs = 60_000;
/** Compared with when there is no such key, so that the answer takes as long. */
const noKey = Buffer.alloc(32);

export function createAuthenticate({ db, clock, times }: Parts) {
  /** An Authorization header counts alone: a wrong one is refused whatever the cookie holds. A cookie of a session that ended is none. */
  return async function authenticate({ headers, cookies }: Pick<Credentials, "headers" | "cookies">): Promise<Caller | undefined> {
    const { authorization } = headers;
    if (authorization !== undefined) {
      const caller = await byKey(authorization);
      if (!caller) throw unauthenticated();
      return caller;
    }
    const token = cookies[sessionCookie];
    return token !== undefined && isToken(token) ? bySession(token) : undefined;
  };

  async function bySession(token: string): Promise<Caller | undefined> {
    const nowMs = clock.now();
    const found = await store.findSession(db, hashToken(token), { now: new Date(nowMs), idleSince: new Date(nowMs - times.idleMs) });
    if (!found) return undefined;
    if (nowMs - found.last_seen_at.getTime() >= grainMs) await store.touchSession(db, found.id, new Date(nowMs));
    return callerOf(found.user, { via: "session", credentialId: found.id, steppedUpAt: found.stepped_up_at?.getTime() });
  }

  async function byKey(authorization: string): Promise<Caller | undefined> {
    const parsed = parseApiKey(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? "");
    if (!parsed) return undefined;
    const found = await store.findKey(db, parsed.id);
    const right = sameHash(hashToken(parsed.secret), found?.key.hash ?? noKey);
    const nowMs = clock.now();
    if (!found || !right || found.user.disabled || found.key.revoked_at !== null || found.key.expires_at.getTime() <= nowMs)
      return undefined;
    const { key, user } = found;
    if (nowMs - (key.last_used_at?.getTime() ?? 0) >= grainMs) await store.touchKey(db, key.id, new Date(nowMs));
    return callerOf(user, { via: "api_key", credentialId: key.id }, key.scopes);
  }
}

type Proof = Pick<Caller, "via" | "credentialId" | "steppedUpAt">;

function callerOf(user: store.UserRow, proof: Proof, scopes: readonly Permission[] = []): Caller {
  return { actor: `user:${user.name}`, userId: user.id, name: user.name, access: accessOf(user.grants, scopes), ...proof };
}
