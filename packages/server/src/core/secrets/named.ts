/** Named secrets: stored, replaced, and removed when nothing uses them. */
import type { SecretSummary, SecretValue, SecretVersion } from "@holdfast/contract";
import { newId, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import { preconditionFailed } from "#platform/http/request";
import { z } from "zod";
import type { Engine, EngineName } from "./engine.ts";
import {
  etagOf,
  inUse,
  inUseNow,
  keepsOne,
  missing,
  nameTaken,
  shown,
  subjectOf,
  summaryOf,
  told,
  versionInUse,
  versionMissing,
  versionOf,
} from "./secret.ts";
import * as store from "./store.ts";
import type { SecretTable, VersionTable } from "./tables.ts";

/** Says what uses the secret of this name, e.g. `["device r1"]`; asked, in the same transaction, before it is removed. */
export type SecretUse = (tx: Tx, name: string) => Promise<string[]>;
/** Says what still uses this very version while a newer one is there; asked before its value is destroyed or forgotten. */
export type VersionUse = (tx: Tx, name: string, version: number) => Promise<string[]>;

/** A value on its way in. `expiresAt`: ISO 8601, when it is due to be replaced. */
export interface NewValue {
  value: SecretValue;
  expiresAt?: string | undefined;
}

export interface NamedDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  /** Where new values go. */
  engine: Engine;
  engineOf(name: EngineName): Engine;
  uses: SecretUse[];
  versionUses: VersionUse[];
}

const namePattern = /^[a-z0-9._/-]+$/;
/** Versions of a secret that are kept. */
const versionsKept = 10;

export function createNamedSecrets(deps: NamedDeps) {
  return {
    ...createListing(deps.db),
    create: (secret: NewValue & { name: string }, by: By) => create(deps, secret, by),
    replace: (secret: NewValue & { id: string; etag: string }, by: By) => replace(deps, secret, by),
    addVersion: (tx: Tx, wish: VersionWish, by: By) => addVersion(deps, tx, wish, by),
    remove: (secret: { id: string; etag: string }, by: By) => remove(deps, secret, by),
    destroy: (version: { id: string; version: number; etag: string }, by: By) => destroy(deps, version, by),
  };
}

async function create(deps: NamedDeps, { name, value, expiresAt }: NewValue & { name: string }, by: By): Promise<SecretSummary> {
  const { db, audit, clock, engine } = deps;
  const now = new Date(clock.now());
  const secret: SecretTable = {
    id: newId<"secret">("sec", clock.now()),
    name,
    ...shown(value),
    version: 1,
    created_at: now,
    updated_at: now,
    engine: engine.name,
    vault_path: engine.pathOf(name),
    expires_at: dateOf(expiresAt),
  };
  await inTransaction(db, async (tx) => {
    if (!(await store.insertSecret(tx, secret))) throw nameTaken(name);
    // The name is ours in this transaction. What Vault kept of one that rolled back is not written over: the next attempt is told of it.
    await store.insertVersion(tx, rowOf(secret, await engine.put(secret, value, undefined), by));
    await audit.record(tx, { ...by, action: "secrets.secret.create", subject: subjectOf(secret), after: told(secret) });
    await publish(tx, { type: "secrets.secret.created", subject: subjectOf(secret), payload: { name } });
  });
  return summaryOf(secret, 1);
}

async function replace(deps: NamedDeps, secret: NewValue & { id: string; etag: string }, by: By): Promise<SecretSummary> {
  return inTransaction(deps.db, async (tx) => {
    const after = await keepNewest(deps, tx, { before: await expect(tx, secret.id, secret.etag), ...secret }, by);
    return summaryOf(after, (await store.versionsOf(tx, after.id)).filter(({ destroyed_at }) => destroyed_at === null).length);
  });
}

/** `after`: the newest version that the caller knows of. */
export interface VersionWish {
  name: string;
  after: number;
  value: SecretValue;
}

/** Stores a version that is brought into use one by one: the one before has to stay readable meanwhile. */
async function addVersion(deps: NamedDeps, tx: Tx, { name, after, value }: VersionWish, by: By): Promise<number> {
  const found = await store.findVersion(tx, name);
  const before = found && (await store.lockSecret(tx, found.secret.id));
  if (!before) throw missing({ name });
  if (before.version !== after) throw preconditionFailed(`the secret "${name}"`);
  if (!(await deps.engine.keepsVersions(before))) throw keepsOne(name);
  const expiresAt = before.expires_at === null ? undefined : laterBy(before, deps.clock.now());
  return (await keepNewest(deps, tx, { before, value, expiresAt }, by)).version;
}

/** Due again as long from now as it was given last time. */
function laterBy({ expires_at, updated_at }: SecretTable, nowMs: number): string | undefined {
  const ms = (expires_at?.getTime() ?? 0) - updated_at.getTime();
  return ms > 0 ? new Date(nowMs + ms).toISOString() : undefined;
}

async function keepNewest(
  deps: NamedDeps,
  tx: Tx,
  { before, value, expiresAt }: NewValue & { before: SecretTable },
  by: By,
): Promise<SecretTable> {
  const { audit, clock, engine } = deps;
  const rows = await store.versionsOf(tx, before.id);
  const after: SecretTable = {
    ...before,
    ...shown(value),
    version: before.version + 1,
    updated_at: new Date(clock.now()),
    engine: engine.name,
    vault_path: before.vault_path ?? engine.pathOf(before.name),
    expires_at: dateOf(expiresAt),
  };
  await expectUnused(deps, tx, after, rows);
  const here = rows.filter((row) => row.engine === engine.name);
  const kept = await engine.put(
    after,
    value,
    here.find((row) => row.vault_version !== null),
  );
  await store.insertVersion(tx, rowOf(after, kept, by));
  await store.updateSecret(tx, after);
  await forgetOld(tx, engine, after, here);
  const facts = { subject: subjectOf(after), before: told(before), after: told(after) };
  await audit.record(tx, { ...by, ...facts, action: "secrets.secret.replace" });
  await publish(tx, { type: "secrets.secret.replaced", subject: facts.subject, payload: { name: after.name } });
  return after;
}

/** What the newest version pushed out: those beyond the newest ten, and, where an engine keeps one value alone, the one before. */
async function forgetOld(tx: Tx, engine: Engine, secret: SecretTable, older: VersionTable[]): Promise<void> {
  await store.forgetVersions(tx, secret.id, secret.version - versionsKept);
  if (await engine.keepsVersions(secret)) return;
  const overwritten = older.filter((row) => row.destroyed_at === null).map(({ version }) => version);
  await store.markDestroyed(tx, { id: secret.id, versions: overwritten, at: secret.updated_at });
}

/** Vault forgets by itself what is beyond its newest ten, so that nothing in use may come to stand there. */
async function expectUnused({ versionUses }: NamedDeps, tx: Tx, secret: SecretTable, older: VersionTable[]): Promise<void> {
  for (const { version } of older.filter((row) => row.version <= secret.version - versionsKept)) {
    const users = await usersOf(versionUses, (use) => use(tx, secret.name, version));
    if (users.length > 0) throw versionInUse(secret.name, version, users);
  }
}

async function usersOf<Use>(uses: Use[], ask: (use: Use) => Promise<string[]>): Promise<string[]> {
  const users: string[] = [];
  for (const use of uses) users.push(...(await ask(use)));
  return users;
}

async function remove(deps: NamedDeps, { id, etag }: { id: string; etag: string }, by: By): Promise<void> {
  const { db, audit, clock, engineOf, uses } = deps;
  await inTransaction(db, async (tx) => {
    const secret = await expect(tx, id, etag);
    const users = await usersOf(uses, (use) => use(tx, secret.name));
    if (users.length > 0) throw inUse(secret.name, users);
    const engines = new Set((await store.versionsOf(tx, id)).map((row) => row.engine));
    for (const name of engines) await engineOf(name).forget(secret);
    await store.revokeLeasesOf(tx, secret.name, new Date(clock.now()));
    await store.deleteSecret(tx, id);
    await audit.record(tx, { ...by, action: "secrets.secret.remove", subject: subjectOf(secret), before: told(secret) });
    await publish(tx, { type: "secrets.secret.removed", subject: subjectOf(secret), payload: { name: secret.name } });
  });
}

async function destroy(deps: NamedDeps, asked: { id: string; version: number; etag: string }, by: By): Promise<SecretVersion[]> {
  const { audit, clock, engineOf, versionUses } = deps;
  const { id, version, etag } = asked;
  return inTransaction(deps.db, async (tx) => {
    const secret = await expect(tx, id, etag);
    const row = (await store.versionsOf(tx, id)).find((one) => one.version === version);
    if (!row) throw versionMissing(secret.name, version);
    if (version === secret.version) throw inUseNow(secret.name);
    if (row.destroyed_at === null) {
      const users = await usersOf(versionUses, (use) => use(tx, secret.name, version));
      if (users.length > 0) throw versionInUse(secret.name, version, users);
      await engineOf(row.engine).destroy(secret, row);
      await store.markDestroyed(tx, { id, versions: [version], at: new Date(clock.now()) });
      await audit.record(tx, { ...by, action: "secrets.version.destroy", subject: subjectOf(secret), after: { version } });
    }
    return (await store.versionsOf(tx, id)).map((one) => versionOf(secret, one));
  });
}

/** The secret, locked, when it is as the caller saw it last. */
async function expect(tx: Tx, id: string, etag: string): Promise<SecretTable> {
  const secret = await store.lockSecret(tx, id);
  if (!secret) throw missing({ id });
  if (etagOf(secret) !== etag) throw preconditionFailed(`the secret "${secret.name}"`);
  return secret;
}

function createListing(db: Db) {
  async function shownOne(id: string) {
    const secret = await store.secretById(db, id);
    if (!secret) throw missing({ id });
    return secret;
  }
  return {
    async list({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) {
      const found = await store.pageAfter(db, decodeCursor(z.string().regex(namePattern), cursor) ?? "", limit + 1);
      const items = found.slice(0, limit).map((secret) => summaryOf(secret, secret.versions));
      const last = items.at(-1);
      return { items, ...(found.length > limit && last ? { next: encodeCursor(last.name) } : {}) };
    },
    async show(id: string): Promise<SecretSummary> {
      const secret = await shownOne(id);
      return summaryOf(secret, secret.versions);
    },
    async find(name: string): Promise<SecretSummary> {
      const found = await store.findVersion(db, name);
      if (!found) throw missing({ name });
      const readable = (await store.versionsOf(db, found.secret.id)).filter(({ destroyed_at }) => destroyed_at === null);
      return summaryOf(found.secret, readable.length);
    },
    async due(before: Date): Promise<SecretSummary[]> {
      return (await store.dueBefore(db, before)).map((secret) => summaryOf(secret, secret.versions));
    },
    async versions(id: string): Promise<SecretVersion[]> {
      const secret = await shownOne(id);
      return (await store.versionsOf(db, id)).map((row) => versionOf(secret, row));
    },
  };
}

function rowOf(secret: SecretTable, kept: Pick<VersionTable, "engine" | "sealed" | "vault_version">, by: By): VersionTable {
  return {
    secret_id: secret.id,
    version: secret.version,
    ...kept,
    created_at: secret.updated_at,
    created_by: by.actor,
    destroyed_at: null,
  };
}

function dateOf(iso: string | undefined): Date | null {
  return iso === undefined ? null : new Date(iso);
}
