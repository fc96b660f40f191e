/** Signed-in periods: opened after a proof, found again by the token in the cookie, ended by sign-out, by time, or with the user. */
import type { Me } from "./view.ts";
import { newId, type Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import type { Tx } from "#platform/db";
import { insertSession, type SessionRow, type UserRow } from "./store.ts";
import { hasFactor, needsFactor } from "./store-factors.ts";
import { hashToken, newToken } from "./tokens.ts";
import { meOf } from "./view.ts";

export interface SessionTimes {
  /** Without a request for this long, a session ends. One hour unless told. */
  idleMs: number;
  /** However busy, a session ends after this. Twelve hours unless told. */
  absoluteMs: number;
}

/** Whether a session's time is over. One of a program is not idle: it ends when its tokens do. */
export function hasEnded(
  { client, expires_at, last_seen_at }: Pick<SessionRow, "client" | "expires_at" | "last_seen_at">,
  { nowMs, times }: { nowMs: number; times: SessionTimes },
): boolean {
  if (expires_at.getTime() <= nowMs) return true;
  return client === "console" && last_seen_at.getTime() <= nowMs - times.idleMs;
}

export const sessionTimes: SessionTimes = { idleMs: 3_600_000, absoluteMs: 12 * 3_600_000 };

/** What comes before anything else for whoever has to have a second factor and has none. */
export const enrolFirst = "second-factor";

/** From where somebody signs in. */
export interface From {
  address?: string | undefined;
  userAgent?: string | undefined;
  requestId?: string | undefined;
}

/** A session just opened. `token` goes into the cookie and is kept nowhere. */
export interface SignedIn {
  token: string;
  maxAgeS: number;
  me: Me;
}

export interface Opening {
  user: UserRow;
  from: From;
  /** How the user proved it, e.g. `["password", "totp"]`. */
  methods: string[];
  /** A second factor was among them. */
  secondFactor?: boolean;
  client?: "console" | "cli" | "program";
  /** Where the session began, when at an identity provider. */
  provider?: { id: string; session?: string | undefined; hint?: Buffer | undefined };
}

/** Opens a session; the caller has the proof and holds the user's row. */
export async function openSession(
  tx: Tx,
  { user, from, methods, secondFactor = false, client = "console", provider }: Opening,
  { audit, clock, times }: { audit: Audit; clock: Clock; times: SessionTimes },
): Promise<SignedIn> {
  const token = newToken();
  const now = clock.now();
  const id = newId("ses", now);
  const must = !secondFactor && (await needsFactor(tx, user.id)) && !(await hasFactor(tx, user.id)) ? [enrolFirst] : [];
  await insertSession(tx, {
    id,
    hash: hashToken(token),
    user_id: user.id,
    created_at: new Date(now),
    last_seen_at: new Date(now),
    expires_at: new Date(now + times.absoluteMs),
    address: from.address ?? null,
    user_agent: from.userAgent?.replaceAll("\0", "").slice(0, 200) ?? null,
    methods,
    client,
    second_factor_at: secondFactor ? new Date(now) : null,
    stepped_up_at: new Date(now),
    provider_id: provider?.id ?? null,
    provider_session: provider?.session ?? null,
    provider_hint: provider?.hint ?? null,
    must,
  });
  const after = { user: user.name, methods, address: from.address };
  await audit.record(tx, {
    actor: `user:${user.name}`,
    action: "identity.session.open",
    subject: `session:${id}`,
    after,
    requestId: from.requestId,
  });
  return { token, maxAgeS: Math.floor(times.absoluteMs / 1000), me: meOf(user, { via: "session", must }) };
}
