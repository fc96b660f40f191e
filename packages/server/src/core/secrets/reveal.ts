/** The value of a secret, for the parts of this process that need it. Every purpose is on record. */
import { secretValue, type SecretValue } from "@holdfast/contract";
import type { Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import type { Sealer } from "./sealer.ts";
import { missing, subjectOf } from "./secret.ts";
import { currentVersion, versionPlace } from "./store.ts";
import type { SecretTable } from "./tables.ts";

/** A part of this process that reveals one secret for one purpose again and again is written down once in this time. */
const repeatMs = 3_600_000;

export function createReveal({ db, audit, clock, sealer }: { db: Db; audit: Audit; clock: Clock; sealer: Sealer }) {
  const recordedAt = new Map<string, number>();

  /** A person's look is always recorded; a part of the process, not again for the same purpose within the hour. */
  async function record(secret: SecretTable, { actor, requestId, purpose }: By & { purpose: string }): Promise<void> {
    const key = JSON.stringify([secret.id, secret.version, actor, purpose]);
    const now = clock.now();
    if (actor.startsWith("system:") && now - (recordedAt.get(key) ?? -Infinity) < repeatMs) return;
    const facts = { action: "secrets.secret.reveal", subject: subjectOf(secret), after: { version: secret.version } };
    await inTransaction(db, (tx) => audit.record(tx, { actor, requestId, ...facts, reason: purpose }));
    if (recordedAt.size > 10_000) recordedAt.clear();
    recordedAt.set(key, now);
  }

  return async function reveal(name: string, by: By & { purpose: string }): Promise<SecretValue> {
    const secret = await currentVersion(db, name);
    if (!secret) throw missing(`named "${name}"`);
    await record(secret, by);
    const text = sealer.open(versionPlace(secret.id, secret.version), secret.sealed).toString("utf8");
    return secretValue.parse(JSON.parse(text));
  };
}
