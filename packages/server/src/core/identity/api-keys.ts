/** API keys: a program's credential. It does at most what its owner may do, and ends by itself. */
import type { Permission } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction } from "#platform/db";
import type { Caller } from "./authenticate.ts";
import type { Parts } from "./deps.ts";
import * as store from "./store.ts";
import { hashToken, newApiKey } from "./tokens.ts";
import { apiKeyOf, type ApiKey } from "./view.ts";

export interface NewApiKey {
  name: string;
  /** Empty: all that the owner may do, now and later. */
  scopes: readonly Permission[];
  expiresInDays: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const mostKeys = 50;

export function createApiKeys({ db, audit, clock }: Parts, { perHour }: { perHour: number }) {
  async function listKeys({ userId }: Pick<Caller, "userId">): Promise<{ items: ApiKey[] }> {
    return { items: (await store.liveKeysOf(db, userId, new Date(clock.now()))).map(apiKeyOf) };
  }

  async function createKey(wanted: NewApiKey, caller: Caller, requestId?: string): Promise<ApiKey & { key: string }> {
    if (!isPerson(caller)) throw onlyPeople();
    const beyond = wanted.scopes.filter((scope) => !caller.access.has(scope));
    if (beyond.length > 0) throw scopesBeyond(beyond);
    return makeKey({ ...wanted, userId: caller.userId }, { actor: caller.actor, requestId });
  }

  /** @throws Problem `identity_too_many_keys`, `identity_keys_too_often` */
  async function makeKey(wanted: NewApiKey & { userId: string }, by: By): Promise<ApiKey & { key: string }> {
    const key = newApiKey();
    const now = clock.now();
    const row = {
      id: key.id,
      user_id: wanted.userId,
      name: wanted.name.replaceAll("\0", ""),
      hash: hashToken(key.secret),
      scopes: [...new Set(wanted.scopes)],
      created_at: new Date(now),
      expires_at: new Date(now + wanted.expiresInDays * dayMs),
      last_used_at: null,
      revoked_at: null,
    };
    await countMaking(by.actor);
    await inTransaction(db, async (tx) => {
      await store.lockUser(tx, row.user_id); // so that keys made at once are counted one after the other
      if ((await store.liveKeysOf(tx, row.user_id, new Date(now))).length >= mostKeys) throw tooManyKeys();
      await store.insertKey(tx, row);
      const after = { name: row.name, scopes: row.scopes, expiresAt: row.expires_at };
      await audit.record(tx, { ...by, action: "identity.api_key.create", subject: `api_key:${key.id}`, after });
    });
    return { ...apiKeyOf(row), key: key.text };
  }

  /** Who has a stolen session must not make keys by the dozen. */
  async function countMaking(actor: string): Promise<void> {
    const limit = { tries: perHour, windowMs: hourMs };
    const { tries, since } = await store.countTry(db, `api-keys:${actor}`, { limit, now: new Date(clock.now()) });
    if (tries > perHour) throw tooOften(perHour, Math.ceil((since.getTime() + hourMs - clock.now()) / 1000));
  }

  /** A key may end itself; only a signed-in person may end others. */
  async function revokeKey(id: string, caller: Caller, requestId?: string): Promise<void> {
    if (!isPerson(caller) && caller.credentialId !== id) throw onlyPeople();
    await endKey({ id, userId: caller.userId }, { actor: caller.actor, requestId });
  }

  /** @throws Problem `identity_key_missing` */
  async function endKey({ id, userId }: { id: string; userId: string }, by: By): Promise<void> {
    await inTransaction(db, async (tx) => {
      const revoked = await store.revokeKey(tx, { id, userId, now: new Date(clock.now()) });
      if (!revoked) throw new Problem("identity_key_missing", { kind: "missing", say: `There is no API key with the id "${id}" here.` });
      const before = { name: revoked.name };
      await audit.record(tx, { ...by, action: "identity.api_key.revoke", subject: `api_key:${id}`, before });
    });
  }

  return { listKeys, createKey, revokeKey, makeKey, endKey };
}

/** When it was used: to the minute, and in the audit trail once a day. */
export async function keyUsed({ db, audit, clock }: Parts, key: store.ApiKeyRow, actor: string): Promise<void> {
  const now = new Date(clock.now());
  const before = key.last_used_at;
  key.last_used_at = now;
  if (before !== null && dayOf(before) === dayOf(now)) return store.touchKey(db, key.id, now);
  await inTransaction(db, async (tx) => {
    // Of several that see the first use of a day, one writes it down.
    if (!(await store.touchKeyOn(tx, key.id, { now, day: new Date(`${dayOf(now)}T00:00:00Z`) }))) return;
    const facts = { subject: `api_key:${key.id}`, after: { name: key.name, day: dayOf(now) } };
    await audit.record(tx, { actor, action: "identity.api_key.use", ...facts });
  });
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

/** Somebody who signed in, at the console or on a command line; no key and no service account. */
function isPerson({ via, client }: Pick<Caller, "via" | "client">): boolean {
  return via !== "api_key" && client !== "program";
}

function onlyPeople(): Problem {
  return new Problem("identity_session_needed", {
    kind: "forbidden",
    say: "API keys are made and ended by a signed-in person, not by another key; a key may end itself.",
  });
}

function scopesBeyond(scopes: Permission[]): Problem {
  return new Problem("identity_scopes_beyond", {
    kind: "forbidden",
    say: `A key may not do more than its owner; leave out ${scopes.join(", ")}.`,
  });
}

function tooManyKeys(): Problem {
  return new Problem("identity_too_many_keys", {
    kind: "conflict",
    say: `There are ${mostKeys} API keys already; revoke one that is not used first.`,
  });
}

function tooOften(perHour: number, retryAfterS: number): Problem {
  return new Problem("identity_keys_too_often", {
    kind: "limit",
    say: `No more than ${perHour} API keys an hour; try again in ${Math.ceil(retryAfterS / 60)} min.`,
    with: { retryAfterS },
  });
}
