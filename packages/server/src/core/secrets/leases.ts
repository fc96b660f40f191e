/**
 * Leases: hand-outs of a secret with an end. A lease of a kept secret is ours: its value can be had through the lease until it ends. A lease
 * of a dynamic credential is Vault's: when it ends, the credential stops working.
 */
import type { SecretLease, SecretValue } from "@holdfast/contract";
import { newId, Problem, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db } from "#platform/db";
import { z } from "zod";
import type { DynamicSource } from "./references.ts";
import { isReference } from "./reference.ts";
import type { RevealBy } from "./reveal.ts";
import { missing } from "./secret.ts";
import * as store from "./store.ts";
import type { LeaseTable } from "./tables.ts";

/** `secret`: a name, or a reference. `ttlMs`: from now, and from each renewal. `longestMs`: no renewal goes beyond; one day unless told. */
export interface LeaseWish {
  secret: string;
  ttlMs: number;
  longestMs?: number;
}

interface LeaseDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  reveal(name: string, by: RevealBy): Promise<SecretValue>;
  dynamic: DynamicSource;
}

const dayMs = 86_400_000;
const cursorShape = z.object({ endsMs: z.number().int(), id: z.string() });

export function createLeases(deps: LeaseDeps) {
  return { take: createTaking(deps), list: createListing(deps), ...createKeeping(deps) };
}

function createTaking({ db, audit, clock, reveal, dynamic }: LeaseDeps) {
  async function keptLease(wish: LeaseWish, by: RevealBy) {
    const found = isReference(wish.secret) ? undefined : await store.findVersion(db, wish.secret);
    if (!found && !isReference(wish.secret)) throw missing({ name: wish.secret });
    const value = await reveal(wish.secret, by);
    // Read again: revealing may have found a newer version.
    const version = found ? ((await store.findVersion(db, wish.secret))?.secret.version ?? found.secret.version) : null;
    const engine = found ? (found.row?.engine ?? "builtin") : ("vault" as const);
    const longestMs = wish.longestMs ?? dayMs;
    return { value, version, engine, vaultLease: null, ttlMs: Math.min(wish.ttlMs, longestMs), longestMs };
  }

  return async (wish: LeaseWish, by: RevealBy): Promise<{ lease: SecretLease; value: SecretValue }> => {
    const { value, ttlMs, longestMs, vaultLease, ...kept } = (await dynamic.take(wish.secret)) ?? (await keptLease(wish, by));
    const now = clock.now();
    const row: LeaseTable = {
      id: newId<"lease">("lse", now),
      secret: wish.secret,
      ...kept,
      vault_lease: vaultLease,
      holder: by.actor,
      purpose: by.purpose,
      issued_at: new Date(now),
      renewed_at: null,
      expires_at: new Date(now + ttlMs),
      ends_by: longestMs === null ? null : new Date(now + longestMs),
      revoked_at: null,
    };
    try {
      await inTransaction(db, async (tx) => {
        await store.insertLease(tx, row);
        const facts = { action: "secrets.lease.take", subject: `lease:${row.id}`, after: toldOf(row), reason: by.purpose };
        await audit.record(tx, { actor: by.actor, requestId: by.requestId, ...facts });
      });
    } catch (thrown) {
      if (vaultLease !== null) await dynamic.revoke(vaultLease); // what is on no record must not live on
      throw thrown;
    }
    return { lease: shownLease(row, now), value };
  };
}

function createKeeping({ db, audit, clock, reveal, dynamic }: LeaseDeps) {
  return {
    async open(id: string, by: RevealBy): Promise<SecretValue> {
      const lease = active(await store.findLease(db, id), id, clock.now());
      if (lease.vault_lease !== null) return dynamic.valueOf(lease.vault_lease) ?? notHere(lease.id);
      return reveal(lease.secret, { ...by, ...(lease.version === null ? {} : { version: lease.version }) });
    },

    async renew(id: string, by: By): Promise<SecretLease> {
      const before = active(await store.findLease(db, id), id, clock.now());
      const ttlMs = before.expires_at.getTime() - (before.renewed_at ?? before.issued_at).getTime();
      const givenMs = before.vault_lease === null ? ttlMs : await dynamic.renew(before.vault_lease, ttlMs);
      return inTransaction(db, async (tx) => {
        const now = clock.now();
        const lease = active(await store.lockLease(tx, id), id, now);
        const endsMs = Math.min(now + givenMs, lease.ends_by?.getTime() ?? Infinity);
        const after: LeaseTable = { ...lease, renewed_at: new Date(now), expires_at: new Date(endsMs) };
        await store.updateLease(tx, after);
        const facts = { subject: `lease:${id}`, before: toldOf(lease), after: toldOf(after) };
        await audit.record(tx, { ...by, action: "secrets.lease.renew", ...facts });
        return shownLease(after, now);
      });
    },

    async revoke(id: string, by: By): Promise<void> {
      const before = active(await store.findLease(db, id), id, clock.now());
      if (before.vault_lease !== null) await dynamic.revoke(before.vault_lease);
      await inTransaction(db, async (tx) => {
        const now = new Date(clock.now());
        const lease = active(await store.lockLease(tx, id), id, now.getTime());
        await store.updateLease(tx, { ...lease, revoked_at: now });
        await audit.record(tx, { ...by, action: "secrets.lease.revoke", subject: `lease:${id}`, before: toldOf(lease) });
      });
    },
  };
}

function createListing({ db, clock }: LeaseDeps) {
  return async ({ cursor, limit = 50 }: { cursor?: string | undefined; limit?: number | undefined }) => {
    const found = await store.leasesAfter(db, decodeCursor(cursorShape, cursor), limit + 1);
    const items = found.slice(0, limit).map((row) => shownLease(row, clock.now()));
    const last = found[limit - 1];
    const next = found.length > limit && last ? encodeCursor({ endsMs: last.expires_at.getTime(), id: last.id }) : undefined;
    return { items, ...(next === undefined ? {} : { next }) };
  };
}

function active(lease: LeaseTable | undefined, id: string, nowMs: number): LeaseTable {
  if (!lease) throw new Problem("secrets_lease_missing", { kind: "missing", say: `There is no lease with the id "${id}".` });
  const state = stateOf(lease, nowMs);
  if (state === "active") return lease;
  const ended = state === "revoked" ? "was revoked" : "is over";
  throw new Problem("secrets_lease_ended", { kind: "conflict", say: `The lease ${id} ${ended}; take a new one.` });
}

function notHere(id: string): never {
  throw new Problem("secrets_lease_elsewhere", {
    kind: "not_ready",
    say: `The credential of the lease ${id} is in the memory of the process that took it, and nowhere else.`,
  });
}

function stateOf({ revoked_at, expires_at }: LeaseTable, nowMs: number): SecretLease["state"] {
  if (revoked_at !== null) return "revoked";
  return expires_at.getTime() > nowMs ? "active" : "expired";
}

function toldOf({ secret, version, engine, expires_at }: LeaseTable) {
  return { secret, ...(version === null ? {} : { version }), engine, expiresAt: expires_at.toISOString() };
}

function shownLease(row: LeaseTable, nowMs: number): SecretLease {
  return {
    id: row.id,
    secret: row.secret,
    engine: row.engine,
    state: stateOf(row, nowMs),
    holder: row.holder,
    purpose: row.purpose,
    ...(row.version === null ? {} : { version: row.version }),
    issuedAt: row.issued_at.toISOString(),
    ...(row.renewed_at === null ? {} : { renewedAt: row.renewed_at.toISOString() }),
    expiresAt: row.expires_at.toISOString(),
    ...(row.ends_by === null ? {} : { endsBy: row.ends_by.toISOString() }),
  };
}
