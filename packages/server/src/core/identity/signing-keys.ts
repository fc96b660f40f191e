/**
 * The keys that sign access tokens: sealed in the database, one that signs and older ones that verify until their last token has ended.
 * Exactly one algorithm is in use; keys of another are as if they were not there.
 */
import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import type { SigningKeySummary } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { inTransaction, type Tx } from "#platform/db";
import type { By } from "#core/audit";
import type { Resealer } from "#core/secrets";
import type { Parts, Sealing } from "./deps.ts";
import { entryBy, mustCover, type Granter } from "./roles.ts";
import * as store from "./store-signing-keys.ts";

/** EdDSA with Ed25519 (RFC 8037), whose public half anybody may have; HS256 only where a setting says so. */
export type TokenAlgorithm = "EdDSA" | "HS256";

/** How long an access token is good for. */
export const accessMs = 15 * 60_000;
/** Over it, clocks of two replicas and a ring that was read a moment ago may differ. */
const slackMs = 2 * 60_000;
/** How old what is known of the ring may be, where no event tells of a change. */
const freshMs = 60_000;

export interface SigningKey {
  id: string;
  signsWith: KeyObject;
  verifiesWith: KeyObject;
  createdAt: Date;
  retiredAt: Date | undefined;
}

/** RFC 7517. */
export interface KeySet {
  keys: Record<string, string>[];
}

export interface SigningKeys {
  readonly algorithm: TokenAlgorithm;
  /** The one that signs; made when there is none. */
  active(): Promise<SigningKey>;
  /** The key of this `kid`, if a token that it signed may still be good. */
  find(kid: string): Promise<SigningKey | undefined>;
  /** What others verify with; empty for HS256. */
  keySet(): Promise<KeySet>;
  list(): Promise<{ items: SigningKeySummary[] }>;
  /** A new key signs from now on; the others verify until their tokens have ended. @throws Problem `identity_grant_beyond` */
  rotate(by: Granter): Promise<{ items: SigningKeySummary[] }>;
  /** What is known of the ring no longer counts. */
  changed(): void;
  /** Removes keys whose last token has ended; how many. */
  sweep(): Promise<number>;
}

interface Ring {
  keys: Map<string, SigningKey>;
  readAtMs: number;
}

export function createSigningKeys(parts: Parts, algorithm: TokenAlgorithm = "EdDSA"): SigningKeys {
  const { db, secrets, clock } = parts;
  const { read, verifies, forget } = createRing(parts, algorithm);
  secrets.addResealer(resealer(parts));

  /** Of any number of processes that find none, one makes it. */
  async function first(): Promise<void> {
    await inTransaction(db, async (tx) => {
      await store.lockSigningKeys(tx);
      const there = (await store.signingKeys(tx)).some((row) => row.algorithm === algorithm && row.retired_at === null);
      if (!there) await make(parts, tx, { algorithm, retire: false, by: { actor: "system:identity" } });
    });
    forget();
  }

  const newest = ({ keys }: Ring): SigningKey | undefined => [...keys.values()].find(({ retiredAt }) => retiredAt === undefined);

  return {
    algorithm,
    async active() {
      const known = newest(await read(freshMs));
      if (known) return known;
      await first();
      const made = newest(await read(freshMs));
      if (made) return made;
      throw new Problem("identity_signing_key_missing", { kind: "broken", say: "There is no key to sign tokens with." });
    },
    async find(kid) {
      const known = (await read(freshMs)).keys.get(kid);
      // One that another replica made since: looked for once a second at most, however many strange names are tried.
      const key = known ?? (await read(1_000)).keys.get(kid);
      return key && verifies(key) ? key : undefined;
    },
    async keySet() {
      if (algorithm === "HS256") return { keys: [] };
      if ((await read(freshMs)).keys.size === 0) await first();
      return { keys: [...(await read(freshMs)).keys.values()].filter(verifies).map(publicKeyOf) };
    },
    list: async () => ({ items: (await store.signingKeys(db)).map(summaryOf) }),
    async rotate(by) {
      mustCover(by, { role: "admin", selector: "", permissions: null });
      await inTransaction(db, async (tx) => {
        await store.lockSigningKeys(tx);
        await make(parts, tx, { algorithm, retire: true, by: entryBy(by) });
      });
      forget();
      return { items: (await store.signingKeys(db)).map(summaryOf) };
    },
    changed: forget,
    sweep: () => store.deleteSigningKeys(db, new Date(clock.now() - accessMs - slackMs)),
  };
}

/** What is known of the ring. */
function createRing({ db, secrets, clock }: Parts, algorithm: TokenAlgorithm) {
  let known: Ring | undefined;
  let changes = 0;

  const verifies = ({ retiredAt }: Pick<SigningKey, "retiredAt">): boolean =>
    retiredAt === undefined || retiredAt.getTime() + accessMs + slackMs > clock.now();

  return {
    verifies,
    forget(): void {
      known = undefined;
      changes += 1;
    },
    /** What the database has, or had so long ago. */
    async read(atMostMs: number): Promise<Ring> {
      const readAtMs = performance.now();
      if (known && readAtMs - known.readAtMs <= atMostMs) return known;
      const before = changes;
      const rows = (await store.signingKeys(db)).filter((row) => row.algorithm === algorithm);
      const keys = rows.map((row) => openSigningKey(secrets, row)).filter(verifies);
      const ring = { keys: new Map(keys.map((key) => [key.id, key])), readAtMs };
      if (before === changes) known = ring;
      return ring;
    },
  };
}

async function make(
  { audit, secrets, clock }: Parts,
  tx: Tx,
  { algorithm, retire, by }: { algorithm: TokenAlgorithm; retire: boolean; by: By },
): Promise<void> {
  const { row, key } = newKey(algorithm);
  const now = new Date(clock.now());
  const sealed = secrets.seal(store.signingKeyPlace(row.id), key);
  await store.insertSigningKey(tx, { ...row, sealed_key: sealed, created_at: now, retired_at: null });
  const retired = retire ? await store.retireSigningKeys(tx, { exceptId: row.id, now }) : [];
  const facts = { subject: `signing_key:${row.id}`, after: { algorithm, retired } };
  await audit.record(tx, { ...by, action: "identity.signing_key.create", ...facts });
}

function newKey(algorithm: TokenAlgorithm) {
  const id = randomBytes(9).toString("base64url");
  if (algorithm === "HS256") return { row: { id, algorithm, public_key: null }, key: randomBytes(32) };
  const pair = generateKeyPairSync("ed25519");
  const shown = JSON.stringify(pair.publicKey.export({ format: "jwk" }));
  return { row: { id, algorithm, public_key: shown }, key: pair.privateKey.export({ format: "der", type: "pkcs8" }) };
}

/** A key as the database keeps it, opened. */
export function openSigningKey(secrets: Pick<Sealing, "open">, row: store.SigningKeyRow): SigningKey {
  const bytes = secrets.open(store.signingKeyPlace(row.id), row.sealed_key);
  const about = { id: row.id, createdAt: row.created_at, retiredAt: row.retired_at ?? undefined };
  if (row.algorithm === "HS256") {
    const secret = createSecretKey(bytes);
    return { ...about, signsWith: secret, verifiesWith: secret };
  }
  const signsWith = createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
  return { ...about, signsWith, verifiesWith: createPublicKey(signsWith) };
}

function publicKeyOf({ id, verifiesWith }: SigningKey): Record<string, string> {
  const { kty = "", crv = "", x = "" } = verifiesWith.export({ format: "jwk" });
  return { kty, crv, x, kid: id, alg: "EdDSA", use: "sig" };
}

function summaryOf(row: store.SigningKeyRow): SigningKeySummary {
  return {
    id: row.id,
    algorithm: row.algorithm,
    createdAt: row.created_at.toISOString(),
    ...(row.retired_at === null ? {} : { retiredAt: row.retired_at.toISOString() }),
    signs: row.retired_at === null,
  };
}

/** So that the keys follow rotations of the key ring that seals. */
function resealer({ db }: Pick<Parts, "db">): Resealer {
  return {
    table: "identity.signing_key",
    countStale: (activePrefix) => store.countStaleKeys(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await store.lockStaleKeys(tx, activePrefix, limit);
      for (const { id, sealed_key } of rows) await store.replaceSealedKey(tx, id, reseal(store.signingKeyPlace(id), sealed_key));
      return rows.length;
    },
  };
}
