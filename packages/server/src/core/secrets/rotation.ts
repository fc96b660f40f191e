/** A new active key, and everything that was sealed under older ones sealed again, in batches, while readers and writers go on. */
import { Problem, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { fingerprint, type KeyRing } from "./key-ring.ts";
import type { OpenedSource } from "./key-source.ts";
import type { Sealer } from "./sealer.ts";
import { sealedPrefix, type Place } from "./sealing.ts";
import { knownKeys, lockKeyRing, rememberKey } from "./store.ts";

/** What a module with a sealed column of its own hands over, so that the column follows a rotation. */
export interface Resealer {
  /** Schema-qualified. */
  table: string;
  /** Rows whose sealed bytes do not begin with `activePrefix`. */
  countStale(activePrefix: Buffer): Promise<number>;
  /** Locks at most `limit` such rows, stores `reseal` of each, and returns how many it did; 0 when none is left. */
  nextBatch(tx: Tx, batch: ResealBatch): Promise<number>;
}

export interface ResealBatch {
  activePrefix: Buffer;
  limit: number;
  reseal(place: Place, sealed: Buffer): Buffer;
}

/** How far a rotation is: nothing stale anywhere means that the active key alone is needed. */
export interface RotationState {
  activeKey: string;
  keys: string[];
  stale: { table: string; rows: number }[];
}

interface RotationDeps {
  db: Db;
  audit: Audit;
  clock: Clock;
  source: OpenedSource;
  sealer: Sealer;
  resealers: Resealer[];
}

const batchRows = 100;

/** The ring to start with: read, or made when the database has never sealed anything. @throws Problem `secrets_key_ring_*` */
export async function firstKeyRing(db: Db, source: OpenedSource): Promise<KeyRing> {
  const known = await knownKeys(db);
  const ring = source.read() ?? (known.length === 0 ? await source.make() : undefined);
  if (!ring) throw wrongRing(source, "is missing");
  const strange = known.find((key) => ring.keys.has(key.id) && !fingerprint(ring.keys.get(key.id) ?? Buffer.of()).equals(key.fingerprint));
  if (strange) throw wrongRing(source, `has another key under the id "${strange.id}"`);
  if (known.length > 0 && !known.some((key) => ring.keys.has(key.id))) throw wrongRing(source, "has none of its keys");
  return ring;
}

export function createRotation(deps: RotationDeps) {
  const { db, audit, clock, sealer, resealers } = deps;

  /** Tells the database which keys there are, so that a wrong ring is noticed at the next start. */
  async function remember(tx: Tx, ring: KeyRing, by: By): Promise<void> {
    for (const [id, key] of ring.keys) {
      const added = await rememberKey(tx, { id, fingerprint: fingerprint(key), created_at: new Date(clock.now()) });
      if (added) await audit.record(tx, { ...by, action: "secrets.key.add", subject: `key:${id}` });
    }
  }

  async function state(): Promise<RotationState> {
    const { active, keys } = sealer.ring;
    const stale = [];
    for (const resealer of resealers) stale.push({ table: resealer.table, rows: await resealer.countStale(sealedPrefix(active)) });
    return { activeKey: active, keys: [...keys.keys()], stale };
  }

  return {
    state,
    remember: (ring: KeyRing, by: By) => inTransaction(db, (tx) => remember(tx, ring, by)),

    async rotate(by: By): Promise<RotationState> {
      const { source } = deps;
      if (source.from === "settings") source.add(); // refuses, before a lock is taken
      const before = sealer.ring.active;
      const ring = await inTransaction(db, async (tx) => {
        await lockKeyRing(tx);
        const next = source.add(); // on disk before anything is sealed under it
        await remember(tx, next, by);
        const facts = { before: { active: before }, after: { active: next.active } };
        await audit.record(tx, { ...by, ...facts, action: "secrets.key_ring.rotate", subject: "key_ring:main" });
        return next;
      });
      sealer.use(ring);
      return state();
    },

    async reseal(signal?: AbortSignal): Promise<number> {
      sealer.reload();
      const reseal = (place: Place, sealed: Buffer): Buffer => sealer.seal(place, sealer.open(place, sealed));
      let rows = 0;
      for (const resealer of resealers) {
        for (let done = -1; done !== 0; rows += done) {
          signal?.throwIfAborted();
          // Asked anew for each batch: when the active key changes meanwhile, what follows goes under the newer one.
          const batch = { activePrefix: sealedPrefix(sealer.ring.active), limit: batchRows, reseal };
          done = await inTransaction(db, (tx) => resealer.nextBatch(tx, batch));
        }
      }
      return rows;
    },
  };
}

function wrongRing(source: OpenedSource, say: string): Problem {
  return new Problem("secrets_key_ring_wrong", {
    kind: "not_ready",
    say: `The key ring ${source.name} ${say}: what this database holds sealed cannot be opened. Restore the key ring that was in use with this database.`,
  });
}
