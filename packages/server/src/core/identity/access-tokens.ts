/**
 * Access tokens: JWTs (RFC 9068) that name a session for 15 minutes. They carry no rights: the session, looked up with each request, does.
 * What is not exactly as we sign it is refused; nothing in a token is ever fetched or trusted to name a key but by our own `kid`.
 */
import { randomUUID } from "node:crypto";
import { errors, jwtVerify, SignJWT, type JWTHeaderParameters } from "jose";
import type { Clock } from "@holdfast/kit";
import { accessMs, type SigningKey, type SigningKeys } from "./signing-keys.ts";

/** What a good token says. */
export interface AccessClaims {
  sessionId: string;
  userId: string;
}

export interface AccessTokens {
  /** There is a key to sign with. Called before a transaction in whose outcome a token is signed. */
  ready(): Promise<void>;
  sign(session: { id: string; userId: string; client: string; endsAt: Date }): Promise<{ token: string; expiresAt: Date }>;
  /** Undefined for whatever is not a token of ours that counts now. */
  verify(token: string): Promise<AccessClaims | undefined>;
}

/** Who tokens are for. */
export const audience = "holdfast-api";
const type = "at+jwt";
/** Longer than any of ours. */
const longest = 2_048;
/** What clocks of two replicas may differ by. */
const toleranceS = 5;
const known = new Set(["alg", "kid", "typ"]);

export function createAccessTokens({ keys, clock, issuer }: { keys: SigningKeys; clock: Clock; issuer: string }): AccessTokens {
  const { algorithm } = keys;

  async function keyFor(header: JWTHeaderParameters): Promise<SigningKey["verifiesWith"]> {
    const strange = Object.keys(header).some((name) => !known.has(name));
    const key = !strange && typeof header.kid === "string" ? await keys.find(header.kid) : undefined;
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key.verifiesWith;
  }

  return {
    ready: async () => void (await keys.active()),

    async sign({ id, userId, client, endsAt }) {
      const key = await keys.active();
      const nowS = Math.floor(clock.now() / 1000);
      const expiresS = Math.min(nowS + accessMs / 1000, Math.floor(endsAt.getTime() / 1000));
      const token = await new SignJWT({ sid: id, client_id: client })
        .setProtectedHeader({ alg: algorithm, kid: key.id, typ: type })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(nowS)
        .setExpirationTime(expiresS)
        .setJti(randomUUID())
        .sign(key.signsWith);
      return { token, expiresAt: new Date(expiresS * 1000) };
    },

    async verify(token) {
      if (token.length > longest) return undefined;
      try {
        const { payload } = await jwtVerify(token, keyFor, {
          algorithms: [algorithm],
          typ: type,
          issuer,
          audience,
          requiredClaims: ["sub", "sid", "iat", "exp", "jti"],
          maxTokenAge: accessMs / 1000,
          clockTolerance: toleranceS,
          currentDate: new Date(clock.now()),
        });
        const { sub, sid, aud } = payload;
        return typeof sub === "string" && typeof sid === "string" && aud === audience ? { sessionId: sid, userId: sub } : undefined;
      } catch (thrown) {
        // What is wrong with it is of no use to who forged it. A database that does not answer is no answer about a token.
        if (thrown instanceof errors.JOSEError) return undefined;
        throw thrown;
      }
    },
  };
}
