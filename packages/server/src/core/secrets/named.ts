/** Named secrets: stored, replaced, and removed when nothing uses them. */
import type { SecretSummary, SecretValue } from "@holdfast/contract";
import { newId, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import { preconditionFailed } from "#platform/http/request";
import { z } from "zod";
import type { Sealer } from "./sealer.ts";
import { inUse, missing, nameTaken, shown, subjectOf, summaryOf, told } from "./secret.ts";
import * as store from "./store.ts";
import type { SecretTable } from "./tables.ts";

/** Says what uses the secret of this name, e.g. `["device r1"]`; asked, in the same transaction, before it is removed. */
export type SecretUse = (tx: Tx, name: string) => Promise<string[]>;

interface NamedDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  sealer: Sealer;
  uses: SecretUse[];
}

const namePattern = /^[a-z0-9._/-]+$/;
/** Versions of a secret that are kept. */
const versionsKept = 10;

export function createNamedSecrets({ db, audit, clock, sealer, uses }: NamedDeps) {
  return {
    async list({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) {
      const found = await store.pageAfter(db, decodeCursor(z.string().regex(namePattern), cursor) ?? "", limit + 1);
      const items = found.slice(0, limit).map(summaryOf);
      const last = items.at(-1);
      return { items, ...(found.length > limit && last ? { next: encodeCursor(last.name) } : {}) };
    },

    async create({ name, value }: { name: string; value: SecretValue }, by: By): Promise<SecretSummary> {
      const now = new Date(clock.now());
      const secret = { id: newId<"secret">("sec", clock.now()), name, ...shown(value), version: 1, created_at: now, updated_at: now };
      await inTransaction(db, async (tx) => {
        if (!(await store.insertSecret(tx, secret, sealValue(secret, value)))) throw nameTaken(name);
        await audit.record(tx, { ...by, action: "secrets.secret.create", subject: subjectOf(secret), after: told(secret) });
        await publish(tx, { type: "secrets.secret.created", subject: subjectOf(secret), payload: { name } });
      });
      return summaryOf(secret);
    },

    async replace({ id, value, etag }: { id: string; value: SecretValue; etag: string }, by: By): Promise<SecretSummary> {
      return inTransaction(db, async (tx) => {
        const before = await expect(tx, id, etag);
        const after = { ...before, ...shown(value), version: before.version + 1, updated_at: new Date(clock.now()) };
        await store.insertVersion(tx, after, sealValue(after, value));
        await store.updateSecret(tx, after);
        await store.forgetVersions(tx, id, after.version - versionsKept);
        const facts = { subject: subjectOf(after), before: told(before), after: told(after) };
        await audit.record(tx, { ...by, ...facts, action: "secrets.secret.replace" });
        await publish(tx, { type: "secrets.secret.replaced", subject: facts.subject, payload: { name: after.name } });
        return summaryOf(after);
      });
    },

    async remove({ id, etag }: { id: string; etag: string }, by: By): Promise<void> {
      await inTransaction(db, async (tx) => {
        const secret = await expect(tx, id, etag);
        const users: string[] = [];
        for (const use of uses) users.push(...(await use(tx, secret.name)));
        if (users.length > 0) throw inUse(secret.name, users);
        await store.deleteSecret(tx, id);
        await audit.record(tx, { ...by, action: "secrets.secret.remove", subject: subjectOf(secret), before: told(secret) });
        await publish(tx, { type: "secrets.secret.removed", subject: subjectOf(secret), payload: { name: secret.name } });
      });
    },

    async mustExist(tx: Tx, name: string): Promise<SecretSummary> {
      const secret = await store.holdSecret(tx, name);
      if (!secret) throw missing(`named "${name}"`);
      return summaryOf(secret);
    },
  };

  /** The secret, locked, when it is as the caller saw it last. */
  async function expect(tx: Tx, id: string, etag: string): Promise<SecretTable> {
    const secret = await store.lockSecret(tx, id);
    if (!secret) throw missing(`with the id "${id}"`);
    if (summaryOf(secret).etag !== etag) throw preconditionFailed(`the secret "${secret.name}"`);
    return secret;
  }

  function sealValue(secret: SecretTable, value: SecretValue): Buffer {
    return sealer.seal(store.versionPlace(secret.id, secret.version), JSON.stringify(value));
  }
}
