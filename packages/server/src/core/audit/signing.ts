/** The key that signs checkpoints (Ed25519, RFC 8032), sealed in the database, and whatever checks a signature. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from "node:crypto";
import type { Clock, TrailCrypto } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { sha256 } from "./chain.ts";
import type { Audit } from "./index.ts";
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

export function createSigning({ db, audit, secrets, clock }: SigningDeps) {
  let opened: Signer | undefined;
  secrets.addResealer({
    table,
    countStale: async (prefix) => (await store.newestKeys(db)).filter(({ sealed }) => isStale(sealed, prefix)).length,
    async nextBatch(tx, { activePrefix, limit }) {
      await store.lockSigning(tx);
      const stale = (await store.newestKeys(tx)).filter(({ sealed }) => isStale(sealed, activePrefix)).slice(0, limit);
      // Nothing is updated in this schema: the same key again, as its next version.
      for (const key of stale) {
        const next = { ...key, version: key.version + 1, created_at: new Date(clock.now()) };
        const value = secrets.open(placeOf(key), key.sealed);
        await store.insertKey(tx, { ...next, sealed: secrets.seal(placeOf(next), value) });
        value.fill(0);
      }
      return stale.length;
    },
  });

  async function make(tx: Tx): Promise<SigningKeyTable> {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const id = keyIdOf(publicKey);
    const secret = privateKey.export({ type: "pkcs8", format: "der" });
    const key = {
      id,
      version: 1,
      public_key: publicKey.export({ type: "spki", format: "pem" }) as string,
      sealed: secrets.seal(placeOf({ id, version: 1 }), secret),
      created_at: new Date(clock.now()),
    };
    secret.fill(0);
    await store.insertKey(tx, key);
    await audit.record(tx, { actor: "system:audit", action: "audit.signing_key.create", subject: `signing_key:${id}` });
    return key;
  }

  /** The key in use: the newest; made when there is none. */
  async function signer(): Promise<Signer> {
    if (opened) return opened;
    const key = await inTransaction(db, async (tx) => {
      await store.lockSigning(tx);
      return (await store.newestKeys(tx)).at(-1) ?? (await make(tx));
    });
    const secret = createPrivateKey({ key: secrets.open(placeOf(key), key.sealed), type: "pkcs8", format: "der" });
    opened = { keyId: key.id, publicKey: key.public_key, sign: (text) => sign(null, Buffer.from(text), secret).toString("base64") };
    return opened;
  }

  return {
    signer,
    publicKeys: async () => (await store.newestKeys(db)).map(({ id, public_key }) => ({ keyId: id, publicKey: public_key })),
  };
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
