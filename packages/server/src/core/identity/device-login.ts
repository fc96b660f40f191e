/**
 * Sign-in of programs without a browser of their own (RFC 8628): the program shows a short code, a person who is signed in types it into
 * the console, sees who asks, and lets it in or not; the program polls meanwhile.
 */
import { randomInt } from "node:crypto";
import type { DeviceRequest, Permission, TokenPair } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { Principal } from "#platform/http/request";
import type { AccessTokens } from "./access-tokens.ts";
import { addressBucket, type Limit } from "./attempts.ts";
import type { Parts } from "./deps.ts";
import { familyMs, refreshMs, type Issued, type RefreshTokens } from "./refresh-tokens.ts";
import type { From } from "./sessions.ts";
import * as store from "./store.ts";
import * as devices from "./store-devices.ts";
import { findSession } from "./store-tokens.ts";
import { openTokenSession } from "./token-sessions.ts";
import { hashToken, isToken, newToken } from "./tokens.ts";
import { deviceOf } from "./user-agent.ts";

/** No vowels, so that no words come up, and nothing that looks like something else (RFC 8628, section 6.1). 20^8 codes. */
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const codeMs = 10 * 60_000;
const firstIntervalS = 5;
/** An address makes so many codes, a user tries so many that are none. */
const startLimit: Limit = { tries: 10, windowMs: 60_000 };
const guessLimit: Limit = { tries: 10, windowMs: 60_000 };

export interface DeviceStart {
  deviceCode: string;
  /** `BCDF-GHJK`. */
  userCode: string;
  expiresInS: number;
  intervalS: number;
}

/** What comes of a poll; the words are those of RFC 8628. */
export type DevicePoll =
  | { pair: TokenPair; scopes: Permission[] }
  | { error: "authorization_pending" | "slow_down" | "access_denied" | "expired_token" | "invalid_grant" };

/** Within the transaction. */
type Polled = Extract<DevicePoll, { error: string }> | { issued: Issued; scopes: Permission[] };

export interface DeviceLogin {
  /** @throws Problem `identity_too_many_codes` */
  startDeviceLogin(asked: { clientName: string; scopes: Permission[] }, from: From): Promise<DeviceStart>;
  pollDeviceLogin(deviceCode: string, from: From): Promise<DevicePoll>;
  /** Who asks. @throws Problem `identity_code_missing`, `identity_too_many_codes` */
  showDeviceLogin(userCode: string, caller: Principal): Promise<DeviceRequest>;
  /** Lets it in, as the caller, or not. @throws Problem `identity_code_missing`, `identity_too_many_codes`, `identity_session_needed` */
  answerDeviceLogin(answer: { userCode: string; approve: boolean }, caller: Principal, from: From): Promise<void>;
}

type Made = Parts & { pairs: RefreshTokens; accessTokens: AccessTokens };

export function createDeviceLogin(parts: Made): DeviceLogin {
  return { ...createStart(parts), ...createPoll(parts), ...createAnswer(parts) };
}

/** Counted before it is looked at; what was right is given back. @throws Problem `identity_too_many_codes` */
async function count({ db, clock }: Parts, bucket: string, limit: Limit): Promise<void> {
  const { tries } = await store.countTry(db, bucket, { limit, now: new Date(clock.now()) });
  if (tries > limit.tries) throw tooMany();
}

function createStart(parts: Made): Pick<DeviceLogin, "startDeviceLogin"> {
  const { db, clock } = parts;
  return {
    async startDeviceLogin({ clientName, scopes }, from) {
      if (from.address !== undefined) await count(parts, `device-start:${addressBucket(from.address)}`, startLimit);
      const deviceCode = newToken();
      const userCode = newUserCode();
      const now = new Date(clock.now());
      const row = {
        hash: hashToken(deviceCode),
        user_code_hash: hashOf(userCode),
        client_name: clientName.replaceAll("\0", "").slice(0, 100),
        address: from.address ?? null,
        user_agent: from.userAgent?.replaceAll("\0", "").slice(0, 200) ?? null,
        scopes,
        created_at: now,
        expires_at: new Date(now.getTime() + codeMs),
        interval_s: firstIntervalS,
        polled_at: null,
        user_id: null,
        second_factor_at: null,
        stepped_up_at: null,
        provider_id: null,
        provider_session: null,
      };
      await inTransaction(db, (tx) => devices.insertDeviceCode(tx, row));
      return { deviceCode, userCode, expiresInS: codeMs / 1000, intervalS: firstIntervalS };
    },
  };
}

function createPoll(parts: Made): Pick<DeviceLogin, "pollDeviceLogin"> {
  const { db, clock } = parts;

  async function poll(tx: Tx, hash: Buffer, from: From): Promise<Polled> {
    const row = await devices.lockDeviceCode(tx, hash);
    const now = new Date(clock.now());
    if (!row) return { error: "invalid_grant" };
    if (row.expires_at <= now) return { error: "expired_token" };
    if (row.polled_at && now.getTime() - row.polled_at.getTime() < row.interval_s * 1000) {
      await devices.updateDeviceCode(tx, hash, { polled_at: now, interval_s: row.interval_s + 5 });
      return { error: "slow_down" };
    }
    if (row.state === "asked") {
      await devices.updateDeviceCode(tx, hash, { polled_at: now });
      return { error: "authorization_pending" };
    }
    await devices.deleteDeviceCode(tx, hash); // good once
    const user = row.state === "approved" && row.user_id !== null ? await store.holdUser(tx, row.user_id) : undefined;
    return user && !user.disabled ? admit(tx, { row, user, from }) : { error: "access_denied" };
  }

  async function admit(tx: Tx, { row, user, from }: { row: devices.DeviceCodeRow; user: store.UserRow; from: From }): Promise<Polled> {
    const session = await openTokenSession(
      tx,
      {
        user,
        from,
        methods: [...row.methods, "device code"],
        client: "cli",
        scopes: row.scopes,
        endsAt: new Date(clock.now() + Math.min(refreshMs, familyMs)),
        secondFactorAt: row.second_factor_at,
        steppedUpAt: row.stepped_up_at,
        began: { providerId: row.provider_id, session: row.provider_session },
      },
      parts,
    );
    return { issued: await parts.pairs.issue(tx, session), scopes: row.scopes };
  }

  return {
    async pollDeviceLogin(deviceCode, from) {
      if (!isToken(deviceCode)) return { error: "invalid_grant" };
      await parts.accessTokens.ready();
      const polled = await inTransaction(db, (tx) => poll(tx, hashToken(deviceCode), from));
      return "error" in polled ? polled : { pair: await parts.pairs.pairOf(polled.issued), scopes: polled.scopes };
    },
  };
}

function createAnswer(parts: Made): Pick<DeviceLogin, "showDeviceLogin" | "answerDeviceLogin"> {
  const { db, audit, clock } = parts;

  async function asking(userCode: string, caller: Principal): Promise<devices.DeviceCodeRow> {
    const bucket = `device-code:${caller.userId}`;
    await count(parts, bucket, guessLimit);
    const row = await devices.findAsking(db, hashOf(userCode), new Date(clock.now()));
    if (!row) throw codeMissing();
    await store.giveTryBack(db, bucket);
    return row;
  }

  return {
    showDeviceLogin: async (userCode, caller) => requestOf(await asking(userCode, caller)),

    async answerDeviceLogin({ userCode, approve }, caller, { requestId }) {
      if (caller.via !== "session") throw sessionNeeded();
      const { client_name: name, address } = await asking(userCode, caller);
      await inTransaction(db, async (tx) => {
        const found = await findSession(tx, { id: caller.credentialId });
        if (!found) throw sessionNeeded();
        const { methods, second_factor_at, stepped_up_at, provider_id, provider_session } = found.session;
        const proof = { user_id: caller.userId, methods, second_factor_at, stepped_up_at, provider_id, provider_session };
        const answer = approve ? { ...proof, state: "approved" as const } : { state: "denied" as const };
        const answered = await devices.answerDeviceCode(tx, { userCodeHash: hashOf(userCode), now: new Date(clock.now()) }, answer);
        if (!answered) throw codeMissing();
        const action = approve ? "identity.device_login.approve" : "identity.device_login.deny";
        await audit.record(tx, { actor: caller.actor, action, subject: caller.actor, after: { program: name, address }, requestId });
      });
    },
  };
}

function newUserCode(): string {
  const text = Array.from({ length: 8 }, () => letters.charAt(randomInt(letters.length))).join("");
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** Of a code however it is typed. */
function hashOf(userCode: string): Buffer {
  return hashToken(userCode.toUpperCase().replaceAll(/[^A-Z]/g, ""));
}

function requestOf(row: devices.DeviceCodeRow): DeviceRequest {
  return {
    program: row.client_name,
    device: deviceOf(row.user_agent),
    ...(row.address === null ? {} : { address: row.address }),
    scopes: row.scopes,
    askedAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}

function codeMissing(): Problem {
  return new Problem("identity_code_missing", {
    kind: "missing",
    say: "Nobody waits with this code: it is mistyped, was answered already, or is older than ten minutes.",
  });
}

function tooMany(): Problem {
  return new Problem("identity_too_many_codes", {
    kind: "limit",
    say: "Too many codes; try again in a minute.",
    with: { retryAfterS: 60 },
  });
}

function sessionNeeded(): Problem {
  return new Problem("identity_session_needed", {
    kind: "forbidden",
    say: "Only a person who is signed in to the console can let a program in.",
  });
}
