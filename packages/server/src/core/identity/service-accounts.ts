/** Service accounts: users that are programs. No password, no console; a secret for short tokens (RFC 6749, section 4.4), or API keys. */
import type { ClientSecretSummary, Grant, Permission, User } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import { inTransaction } from "#platform/db";
import type { AccessTokens } from "./access-tokens.ts";
import type { createApiKeys, NewApiKey } from "./api-keys.ts";
import { addressBucket, addressLimit } from "./attempts.ts";
import type { Parts } from "./deps.ts";
import { checkName, foldName } from "./names.ts";
import { entryBy, heldGrants, mustCover, type Granter } from "./roles.ts";
import type { From } from "./sessions.ts";
import { accessMs } from "./signing-keys.ts";
import * as store from "./store.ts";
import * as clients from "./store-clients.ts";
import { openTokenSession } from "./token-sessions.ts";
import { hashToken, newClientSecret, parseClientSecret, sameHash } from "./tokens.ts";
import { nameTaken } from "./users.ts";
import { userMissing } from "./session-acts.ts";
import { userOf, type ApiKey } from "./view.ts";

const hourMs = 3_600_000;
const mostSecrets = 10;
const noSecret = Buffer.alloc(32);

export interface ClientToken {
  accessToken: string;
  expiresIn: number;
  scopes: Permission[];
}

export interface ServiceAccounts {
  /** @throws Problem `identity_name_taken`, `identity_name_invalid`, `identity_role_missing`, `identity_grant_beyond` */
  createServiceAccount(account: { name: string; grants: readonly Grant[] }, by: Granter): Promise<User>;
  /** Newest first. @throws Problem `identity_service_account_missing` */
  listClientSecrets(accountId: string): Promise<{ items: ClientSecretSummary[] }>;
  /** Shown this once; older ones end after the overlap. @throws Problem `identity_service_account_missing`, `identity_grant_beyond`, `identity_too_many_secrets` */
  createClientSecret(wish: { accountId: string; overlapHours: number }, by: Granter): Promise<NewClientSecret>;
  /** @throws Problem `identity_service_account_missing`, `identity_secret_missing`, `identity_grant_beyond` */
  revokeClientSecret(which: { accountId: string; id: string }, by: Granter): Promise<void>;
  /** Of anybody, person or service account. @throws Problem `identity_user_missing` */
  listKeysOf(userId: string): Promise<{ items: ApiKey[] }>;
  createServiceKey(wanted: NewApiKey & { accountId: string }, by: Granter): Promise<ApiKey & { key: string }>;
  /** Of anybody who may do no more than the caller. @throws Problem `identity_user_missing`, `identity_key_missing`, `identity_grant_beyond` */
  revokeKeyOf(which: { userId: string; id: string }, by: Granter): Promise<void>;
  /** A token of 15 minutes for a right secret, narrowed to the scopes. @throws Problem `identity_client_refused`, `identity_too_many_tries` */
  clientToken(shown: { clientId: string; secret: string; scopes: Permission[] }, from: From): Promise<ClientToken>;
}

export type NewClientSecret = ClientSecretSummary & { clientId: string; clientSecret: string };

type Made = Parts & { keys: ReturnType<typeof createApiKeys>; accessTokens: AccessTokens };

export function createServiceAccounts(parts: Made): ServiceAccounts {
  return { ...accountActs(parts), ...keyActs(parts), clientToken: createClientToken(parts) };
}

/** The account, whose rights whoever manages its credentials must have too. @throws Problem */
async function accountFor({ db }: Pick<Parts, "db">, id: string, by?: Granter): Promise<store.UserRow> {
  const user = await store.findUser(db, id);
  if (user?.kind !== "service") throw accountMissing(id);
  if (by) mustCover(by, ...user.grants);
  return user;
}

function accountActs(parts: Made) {
  const { db, audit, clock } = parts;
  return {
    async createServiceAccount({ name, grants }: { name: string; grants: readonly Grant[] }, by: Granter): Promise<User> {
      const kept = checkName(name);
      return inTransaction(db, async (tx) => {
        const now = new Date(clock.now());
        mustCover(by, ...(await heldGrants(tx, grants)));
        const row = { id: newId("usr", now.getTime()), name: kept, name_key: foldName(kept), kind: "service" as const, grants };
        const user = await store.insertUser(tx, { ...row, password_hash: null, created_at: now, updated_at: now });
        if (!user) throw nameTaken(kept);
        const facts = { action: "identity.service_account.create", subject: `user:${kept}`, after: { grants } };
        await audit.record(tx, { ...entryBy(by), ...facts });
        return userOf(user);
      });
    },

    async listClientSecrets(accountId: string) {
      await accountFor(parts, accountId);
      return { items: (await clients.clientSecretsOf(db, accountId, new Date(clock.now()))).map(secretOf) };
    },

    async createClientSecret(
      { accountId, overlapHours }: { accountId: string; overlapHours: number },
      by: Granter,
    ): Promise<NewClientSecret> {
      const { name } = await accountFor(parts, accountId, by);
      const made = newClientSecret();
      return inTransaction(db, async (tx) => {
        await store.lockUser(tx, accountId);
        const now = new Date(clock.now());
        await clients.endClientSecrets(tx, accountId, new Date(now.getTime() + overlapHours * hourMs));
        if ((await clients.clientSecretsOf(tx, accountId, now)).length >= mostSecrets) throw tooManySecrets();
        const row = {
          id: made.id,
          user_id: accountId,
          hash: hashToken(made.secret),
          created_at: now,
          expires_at: null,
          last_used_at: null,
        };
        await clients.insertClientSecret(tx, row);
        const facts = { subject: `user:${name}`, after: { id: made.id, overlapHours } };
        await audit.record(tx, { ...entryBy(by), action: "identity.client_secret.create", ...facts });
        return { ...secretOf(row), clientId: accountId, clientSecret: made.text };
      });
    },

    async revokeClientSecret({ accountId, id }: { accountId: string; id: string }, by: Granter): Promise<void> {
      const { name } = await accountFor(parts, accountId, by);
      await inTransaction(db, async (tx) => {
        if (!(await clients.takeClientSecret(tx, { id, userId: accountId }))) throw secretMissing(id);
        const facts = { subject: `user:${name}`, before: { id } };
        await audit.record(tx, { ...entryBy(by), action: "identity.client_secret.revoke", ...facts });
      });
    },
  };
}

function keyActs(parts: Made) {
  const { keys } = parts;
  return {
    async listKeysOf(userId: string) {
      if (!(await store.findUser(parts.db, userId))) throw userMissing(userId);
      return keys.listKeys({ userId });
    },
    async createServiceKey({ accountId, ...wanted }: NewApiKey & { accountId: string }, by: Granter) {
      await accountFor(parts, accountId, by);
      return keys.makeKey({ ...wanted, userId: accountId }, entryBy(by));
    },
    async revokeKeyOf({ userId, id }: { userId: string; id: string }, by: Granter): Promise<void> {
      const owner = await store.findUser(parts.db, userId);
      if (!owner) throw userMissing(userId);
      mustCover(by, ...owner.grants);
      await keys.endKey({ id, userId }, entryBy(by));
    },
  };
}

function createClientToken({ accessTokens, ...parts }: Made): ServiceAccounts["clientToken"] {
  const { db, audit, clock } = parts;

  /** Undefined for whatever does not prove it. */
  async function secretFor(shown: string, clientId: string): Promise<clients.ClientSecretRow | undefined> {
    const parsed = parseClientSecret(shown);
    const row = parsed && (await clients.findClientSecret(db, parsed.id));
    const right = sameHash(hashToken(parsed?.secret ?? ""), row?.hash ?? noSecret);
    const live = row && (row.expires_at === null || row.expires_at.getTime() > clock.now());
    return row && live && right && row.user_id === clientId ? row : undefined;
  }

  return async ({ clientId, secret, scopes }, from) => {
    const bucket = from.address === undefined ? undefined : `client:${addressBucket(from.address)}`;
    const counted = bucket && (await store.countTry(db, bucket, { limit: addressLimit, now: new Date(clock.now()) }));
    if (counted && counted.tries > addressLimit.tries) throw tooManyTries();
    await accessTokens.ready();
    const row = await secretFor(secret, clientId);
    const endsAt = new Date(clock.now() + accessMs);
    const session = await inTransaction(db, async (tx) => {
      const user = row && (await store.holdUser(tx, row.user_id));
      if (!row || !user || user.disabled || user.kind !== "service") return undefined;
      if (bucket !== undefined) await store.giveTryBack(tx, bucket);
      await clients.touchClientSecret(tx, row.id, new Date(clock.now()));
      const opening = { user, from, methods: ["client secret"], client: "program" as const, scopes, endsAt, clientSecretId: row.id };
      return openTokenSession(tx, opening, parts);
    });
    if (!session) {
      const facts = {
        subject: "user:(service account)",
        reason: "client secret wrong, or account disabled",
        after: { address: from.address },
      };
      await inTransaction(db, (tx) =>
        audit.record(tx, { actor: "anonymous", action: "identity.session.refuse", ...facts, requestId: from.requestId }),
      );
      throw clientRefused();
    }
    const { token } = await accessTokens.sign({ ...session, endsAt });
    return { accessToken: token, expiresIn: accessMs / 1000, scopes };
  };
}

function secretOf(row: clients.ClientSecretRow): ClientSecretSummary {
  return {
    id: row.id,
    createdAt: row.created_at.toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
  };
}

function accountMissing(id: string): Problem {
  return new Problem("identity_service_account_missing", { kind: "missing", say: `There is no service account with the id "${id}".` });
}

function secretMissing(id: string): Problem {
  return new Problem("identity_secret_missing", { kind: "missing", say: `The service account has no secret with the id "${id}".` });
}

function tooManySecrets(): Problem {
  return new Problem("identity_too_many_secrets", {
    kind: "conflict",
    say: `The service account has ${mostSecrets} secrets that still work; end one first.`,
  });
}

function clientRefused(): Problem {
  return new Problem("identity_client_refused", { kind: "unauthenticated", say: "The client id or its secret is wrong." });
}

function tooManyTries(): Problem {
  return new Problem("identity_too_many_tries", {
    kind: "limit",
    say: "Too many wrong secrets from this address; try again in a minute.",
    with: { retryAfterS: 60 },
  });
}
