/** API keys: a program's credential. It does at most what its owner may do, and ends by itself. */
import type { Permission } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
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
const mostKeys = 50;

export function createApiKeys({ db, audit, clock }: Parts) {
  async function listKeys(caller: Pick<Caller, "userId">): Promise<{ items: ApiKey[] }> {
    return { items: (await store.liveKeysOf(db, caller.userId, new Date(clock.now()))).map(apiKeyOf) };
  }

  async function createKey(wanted: NewApiKey, caller: Caller, requestId?: string): Promise<ApiKey & { key: string }> {
    if (caller.via !== "session") throw onlySessions();
    const scopes = [...new Set(wanted.scopes)];
    const beyond = scopes.filter((scope) => !caller.access.has(scope));
    if (beyond.length > 0) throw scopesBeyond(beyond);
    const key = newApiKey();
    const now = clock.now();
    const times = {
      created_at: new Date(now),
      expires_at: new Date(now + wanted.expiresInDays * dayMs),
      last_used_at: null,
      revoked_at: null,
    };
    const row = {
      id: key.id,
      user_id: caller.userId,
      name: wanted.name.replaceAll("\0", ""),
      hash: hashToken(key.secret),
      scopes,
      ...times,
    };
    await inTransaction(db, async (tx) => {
      await store.lockUser(tx, caller.userId); // so that keys made at once are counted one after the other
      if ((await store.liveKeysOf(tx, caller.userId, new Date(now))).length >= mostKeys) throw tooManyKeys();
      await store.insertKey(tx, row);
      const after = { name: row.name, scopes, expiresAt: row.expires_at };
      await audit.record(tx, { actor: caller.actor, action: "identity.api_key.create", subject: `api_key:${key.id}`, after, requestId });
    });
    return { ...apiKeyOf(row), key: key.text };
  }

  /** A key may end itself; only a signed-in person may end others. */
  async function revokeKey(id: string, caller: Caller, requestId?: string): Promise<void> {
    if (caller.via !== "session" && caller.credentialId !== id) throw onlySessions();
    await inTransaction(db, async (tx) => {
      const revoked = await store.revokeKey(tx, { id, userId: caller.userId, now: new Date(clock.now()) });
      if (!revoked) throw new Problem("identity_key_missing", { kind: "missing", say: `You have no API key with the id "${id}".` });
      const before = { name: revoked.name };
      await audit.record(tx, { actor: caller.actor, action: "identity.api_key.revoke", subject: `api_key:${id}`, before, requestId });
    });
  }

  return { listKeys, createKey, revokeKey };
}

function onlySessions(): Problem {
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
    say: `You have ${mostKeys} API keys; revoke one that is not used first.`,
  });
}
