/**
 * Sealed storage: named secrets (device and Git credentials) with versions, and sealing for columns of other modules.
 * Values are AES-256-GCM under a key ring that is not in the database, bound to the place where they are kept.
 */
import type { SecretSummary, SecretValue } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import type { Db, Tx } from "#platform/db";
import type { Log } from "#platform/log";
import type { KeySource } from "./key-ring.ts";
import { createNamedSecrets, type SecretUse } from "./named.ts";
import { createRotation, firstKeyRing, type Resealer, type RotationState } from "./rotation.ts";
import { createReveal } from "./reveal.ts";
import { createSealer } from "./sealer.ts";
import { sealedPrefix, type Place } from "./sealing.ts";
import { countStale, lockStale, replaceSealed, versionPlace } from "./store.ts";

export { createSecretsRoutes } from "./routes.ts";
export type { KeySource } from "./key-ring.ts";
export type { SecretUse } from "./named.ts";
export type { ResealBatch, Resealer, RotationState } from "./rotation.ts";
export type { Place } from "./sealing.ts";

export interface Secrets {
  /** Seals a value (text as UTF-8) for exactly this place. */
  seal(place: Place, plaintext: string | Buffer): Buffer;
  /** @throws Problem `secrets_sealed_invalid` when it was changed or moved, `secrets_key_unknown` when its key is not in the ring */
  open(place: Place, sealed: Buffer): Buffer;
  /** The first bytes of every value that `seal` makes now; a stored value that begins otherwise is stale. */
  activePrefix(): Buffer;

  /** A page of named secrets, by name, without values. */
  list(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: SecretSummary[]; next?: string }>;
  /** @throws Problem `secrets_name_taken` */
  create(secret: { name: string; value: SecretValue }, by: By): Promise<SecretSummary>;
  /** Stores a new version; the newest ten are kept. @throws Problem `secrets_secret_missing`, 412 when `etag` moved */
  replace(secret: { id: string; value: SecretValue; etag: string }, by: By): Promise<SecretSummary>;
  /** @throws Problem `secrets_secret_in_use` naming what uses it, `secrets_secret_missing`, 412 when `etag` moved */
  remove(secret: { id: string; etag: string }, by: By): Promise<void>;
  /** For a module that stores a reference: the secret exists, and stays until `tx` ends. @throws Problem `secrets_secret_missing` */
  mustExist(tx: Tx, name: string): Promise<SecretSummary>;
  /** The value, for a part of this process; recorded in the audit trail. `purpose` says what for, e.g. `sign in to r1`. @throws Problem `secrets_secret_missing` */
  reveal(name: string, by: By & { purpose: string }): Promise<SecretValue>;
  /** Registers who must be asked before a secret is removed. */
  addUse(use: SecretUse): void;

  /** Registers a sealed column of another module, so that it follows rotations. */
  addResealer(resealer: Resealer): void;
  /** Makes a new key and seals with it from now on; `reseal` brings the rest after. @throws Problem `secrets_key_ring_inline` when the ring comes from settings */
  rotate(by: By): Promise<RotationState>;
  /** Seals again, in batches, what is sealed under older keys; may be stopped and started at any time. Returns the rows it did. */
  reseal(signal?: AbortSignal): Promise<number>;
  /** How far that is. */
  rotation(): Promise<RotationState>;
}

/**
 * Reads the key ring, or makes it on the first start. Call after the migrations.
 * @throws Problem `secrets_key_ring_missing | _readable | _invalid | _wrong`, each saying the mend
 */
export async function createSecrets(deps: { db: Db; audit: Audit; keys: KeySource; log: Log; clock?: Clock }): Promise<Secrets> {
  const { db, audit, keys: source, log, clock = systemClock } = deps;
  const sealer = createSealer({ source, ring: await firstKeyRing(db, source), log });
  const uses: SecretUse[] = [];
  const resealers: Resealer[] = [versionsResealer(db)];
  const rotation = createRotation({ db, audit, clock, source, sealer, resealers });
  const { list, create, replace, remove, mustExist } = createNamedSecrets({ db, audit, clock, sealer, uses });
  const reveal = createReveal({ db, audit, clock, sealer });
  await rotation.remember(sealer.ring, { actor: "system:secrets" });

  return {
    seal: sealer.seal,
    open: sealer.open,
    activePrefix: () => sealedPrefix(sealer.ring.active),
    list,
    create,
    replace,
    remove,
    mustExist,
    reveal,
    addUse: (use) => void uses.push(use),
    addResealer: (resealer) => void resealers.push(resealer),
    rotate: rotation.rotate,
    reseal: rotation.reseal,
    rotation: rotation.state,
  };
}

function versionsResealer(db: Db): Resealer {
  return {
    table: "secrets.version",
    countStale: (activePrefix) => countStale(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await lockStale(tx, activePrefix, limit);
      for (const row of rows) await replaceSealed(tx, { ...row, sealed: reseal(versionPlace(row.secret_id, row.version), row.sealed) });
      return rows.length;
    },
  };
}
