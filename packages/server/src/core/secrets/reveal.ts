/** The value of a secret, for the parts of this process that need it. Every purpose is on record. */
import type { SecretValue } from "@holdfast/contract";
import type { Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import type { Engine, EngineName } from "./engine.ts";
import { isReference } from "./reference.ts";
import { destroyed, missing, shown, subjectOf, told, versionMissing } from "./secret.ts";
import { findVersion, insertVersion, lockSecret, updateSecret } from "./store.ts";
import type { SecretTable, VersionTable } from "./tables.ts";

/** A part of this process that reveals one secret for one purpose again and again is written down once in this time. */
const repeatMs = 3_600_000;

/** Who asks, and what for, e.g. `sign in to r1`. `version`: an older one; the newest unless told. */
export type RevealBy = By & { purpose: string; version?: number };

interface RevealDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  engineOf(name: EngineName): Engine;
  /** The value that a reference names. */
  readReference(text: string): Promise<SecretValue>;
}

export function createReveal(deps: RevealDeps) {
  const { db, engineOf } = deps;
  const record = createRecord(deps);

  return async function reveal(name: string, by: RevealBy): Promise<SecretValue> {
    if (isReference(name)) {
      await record(`secret:${name}`, undefined, by);
      return deps.readReference(name);
    }
    const found = await findVersion(db, name, by.version);
    if (!found) throw missing({ name });
    const { secret, row } = found;
    if (!row) throw versionMissing(name, by.version ?? secret.version);
    if (row.destroyed_at !== null) throw destroyed(name, row.version);
    await record(subjectOf(secret), row.version, by);
    const engine = engineOf(row.engine);
    if (row.version !== secret.version) return engine.get(secret, row);
    const { value, foundVersion } = await engine.newest(secret, row);
    if (foundVersion !== undefined) await adopt(deps, { secret, row, value, foundVersion });
    return value;
  };
}

/** A person's look is always recorded; a part of the process, not again for the same purpose within the hour. */
function createRecord({ db, audit, clock }: RevealDeps) {
  const recordedAt = new Map<string, number>();
  return async (subject: string, version: number | undefined, { actor, requestId, purpose }: RevealBy): Promise<void> => {
    const key = JSON.stringify([subject, version, actor, purpose]);
    const now = clock.now();
    if (actor.startsWith("system:") && now - (recordedAt.get(key) ?? -Infinity) < repeatMs) return;
    const facts = { action: "secrets.secret.reveal", subject, ...(version === undefined ? {} : { after: { version } }) };
    await inTransaction(db, (tx) => audit.record(tx, { actor, requestId, ...facts, reason: purpose }));
    if (recordedAt.size > 10_000) recordedAt.clear();
    recordedAt.set(key, now);
  };
}

interface Found {
  secret: SecretTable;
  row: VersionTable;
  value: SecretValue;
  foundVersion: number;
}

/** Somebody stored a newer version in Vault itself (or we did, and stopped before writing it down): the register learns of it. */
async function adopt({ db, audit, clock }: RevealDeps, { secret, row, value, foundVersion }: Found): Promise<void> {
  await inTransaction(db, async (tx) => {
    const now = await lockSecret(tx, secret.id);
    if (!now || now.version !== secret.version) return; // another reader was faster
    const after = { ...now, ...shown(value), version: now.version + 1, updated_at: new Date(clock.now()) };
    const kept = { engine: row.engine, sealed: null, vault_version: foundVersion };
    const who = { created_at: after.updated_at, created_by: null, destroyed_at: null };
    await insertVersion(tx, { secret_id: secret.id, version: after.version, ...kept, ...who });
    await updateSecret(tx, after);
    const facts = { subject: subjectOf(secret), before: told(now), after: told(after), reason: "a newer version was found in Vault" };
    await audit.record(tx, { actor: "system:secrets", action: "secrets.version.find", ...facts });
  });
}
