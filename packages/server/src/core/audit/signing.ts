/** The keys that sign checkpoints (Ed25519, RFC 8032), one after the other, sealed in the database, and whatever checks a signature. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from "node:crypto";
import type { Clock, TrailCrypto } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { sha256 } from "./chain.ts";
import type { KeyRotation, PublicKey } from "./checkpoints.ts";
import type { Audit, By } from "./index.ts";
import { pseudonymOf } from "./pseudonyms.ts";
import * as store from "./store-checkpoints.ts";
import type { SigningKeyTable } from "./tables.ts";

/** Where a sealed value is kept; as in core/secrets, which comes after this module. */
export interface SealedPlace {
  table: string;
  row: string;
  column: string;
  version: number;
}

/** What is needed of core/secrets. */
export interface Sealing {
  seal(place: SealedPlace, plaintext: string | Buffer): Buffer;
  open(place: SealedPlace, sealed: Buffer): Buffer;
  addResealer(resealer: {
    table: string;
    countStale(activePrefix: Buffer): Promise<number>;
    nextBatch(tx: Tx, batch: ResealBatch): Promise<number>;
  }): void;
}

interface ResealBatch {
  activePrefix: Buffer;
  limit: number;
}

export interface Signer {
  keyId: string;
  /** SPKI, PEM. */
  publicKey: string;
  /** Base64. */
  sign(text: string): string;
}

interface SigningDeps {
  db: Db;
  audit: Pick<Audit, "record">;
  secrets: Sealing;
  clock: Clock;
}

const table = "audit.signing_key";
const placeOf = ({ id, version }: Pick<SigningKeyTable, "id" | "version">): SealedPlace => ({ table, row: id, column: "sealed", version });

/** The first 16 hex digits of the SHA-256 of the key's SPKI. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);
}

export type Signing = ReturnType<typeof createSigning>;

export function createSigning(deps: SigningDeps) {
  const { db, audit, secrets } = deps;
  let opened: Signer | undefined;
  secrets.addResealer(keysResealer(deps));

  /** There is a key from now on. */
  async function ready(): Promise<void> {
    if (opened) return;
    await inTransaction(db, async (tx) => {
      await store.lockSigning(tx);
      if ((await store.newestKeys(tx)).length > 0) return;
      const { id } = await make(deps, tx, 1);
      await audit.record(tx, { actor: "system:audit", action: "audit.signing_key.create", subject: `signing_key:${id}` });
    });
  }

  /** Who signs the checkpoint of this number; `tx` holds the lock. Asked anew each time: another process may have made a new key. */
  async function signerOf(tx: Tx, no: number): Promise<Signer> {
    const key = signingAt(await store.newestKeys(tx), no);
    if (opened?.keyId === key.id) return opened;
    const secret = createPrivateKey({ key: secrets.open(placeOf(key), key.sealed), type: "pkcs8", format: "der" });
    opened = { keyId: key.id, publicKey: key.public_key, sign: (text) => sign(null, Buffer.from(text), secret).toString("base64") };
    return opened;
  }

  return {
    ready,
    signerOf,
    async rotate(wish: RotationWish, by: By): Promise<KeyRotation> {
      await ready();
      return inTransaction(db, (tx) => rotate(deps, tx, { ...wish, by }));
    },
    publicKeys: async () => (await store.newestKeys(db)).map(shown),
  };
}

/** A new key; `tx` holds the lock. */
async function make({ secrets, clock }: SigningDeps, tx: Tx, signsFrom: number): Promise<SigningKeyTable> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const id = keyIdOf(publicKey);
  const secret = privateKey.export({ type: "pkcs8", format: "der" });
  const key = {
    id,
    version: 1,
    public_key: publicKey.export({ type: "spki", format: "pem" }) as string,
    sealed: secrets.seal(placeOf({ id, version: 1 }), secret),
    created_at: new Date(clock.now()),
    signs_from: signsFrom,
  };
  secret.fill(0);
  await store.insertKey(tx, key);
  return key;
}

async function rotate(deps: SigningDeps, tx: Tx, { dryRun = false, reason, by }: RotationWish & { by: By }): Promise<KeyRotation> {
  await store.lockSigning(tx);
  const no = ((await store.lastCheckpoint(tx))?.no ?? 0) + 1;
  const { id: previous } = signingAt(await store.newestKeys(tx), no);
  if (dryRun) return { done: false, previous };
  const young = shown(await make(deps, tx, no + 1));
  const { keyId, publicKey } = young;
  const facts = { subject: `signing_key:${keyId}`, before: { keyId: previous }, after: { keyId, publicKey } };
  await deps.audit.record(tx, { ...by, action: "audit.signing_key.rotate", ...facts, reason });
  return { done: true, previous, next: young };
}

/** Nothing is updated in this schema: the same key again, as its next version. */
function keysResealer({ db, secrets, clock }: SigningDeps): Parameters<Sealing["addResealer"]>[0] {
  return {
    table,
    countStale: async (prefix) => (await store.newestKeys(db)).filter(({ sealed }) => isStale(sealed, prefix)).length,
    async nextBatch(tx, { activePrefix, limit }) {
      await store.lockSigning(tx);
      const stale = (await store.newestKeys(tx)).filter(({ sealed }) => isStale(sealed, activePrefix)).slice(0, limit);
      for (const key of stale) {
        const next = { ...key, version: key.version + 1, created_at: new Date(clock.now()) };
        const value = secrets.open(placeOf(key), key.sealed);
        await store.insertKey(tx, { ...next, sealed: secrets.seal(placeOf(next), value) });
        value.fill(0);
      }
      return stale.length;
    },
  };
}

interface RotationWish {
  dryRun?: boolean | undefined;
  reason?: string | undefined;
}

/** @throws Error when there is no key, which `ready` prevents */
function signingAt(keys: readonly SigningKeyTable[], no: number): SigningKeyTable {
  const key = keys.findLast(({ signs_from }) => signs_from <= no);
  if (key === undefined) throw new Error(`no key signs checkpoint ${no}`);
  return key;
}

function shown({ id, public_key, created_at, signs_from }: SigningKeyTable): PublicKey {
  return { keyId: id, publicKey: public_key, createdAt: created_at.toISOString(), signsFrom: signs_from };
}

function isStale(sealed: Buffer, prefix: Buffer): boolean {
  return !sealed.subarray(0, prefix.length).equals(prefix);
}

/** What verifying a trail needs; `publicKeys` are PEM (SPKI). */
export function trailCrypto(publicKeys: readonly string[]): TrailCrypto {
  const keys = new Map(publicKeys.map((pem) => createPublicKey(pem)).map((key) => [keyIdOf(key), key]));
  return {
    sha256,
    pseudonymOf: (name, key) => pseudonymOf(name, Buffer.from(key, "base64")),
    signed(keyId, text, signature) {
      const key = keys.get(keyId);
      return key === undefined ? "unknown key" : verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
    },
  };
}
