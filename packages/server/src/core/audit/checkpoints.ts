/**
 * Signs the end of the chain every 1000 entries or 60 s, to a file and, where told, to a syslog server: places that somebody with all rights
 * in the database cannot reach. A cut end and a chain that was hashed anew no longer agree with what was signed.
 */
import { checkpointBreak, checkpointText, CheckpointWalk, KeyWalk, systemClock, type Checkpoint, type Clock } from "@holdfast/kit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import type { Db } from "#platform/db";
import type { Log } from "#platform/log";
import type { Metrics } from "#platform/metrics";
import type { Syslog } from "#platform/syslog";
import { z } from "zod";
import { readCheckpointFile } from "./checkpoint-file.ts";
import { checkpointOf } from "./checkpoint-row.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import type { Audit, By, Verification } from "./index.ts";
import { createSignHead } from "./sign-head.ts";
import { createSigning, trailCrypto, type Sealing } from "./signing.ts";
import * as store from "./store-checkpoints.ts";
import { lastArchive } from "./store-archive.ts";
import { chainHead, entriesOf, placesOf } from "./store.ts";
import type { CheckpointTable } from "./tables.ts";

export interface CheckpointsDeps {
  db: Db;
  audit: Audit;
  secrets: Sealing;
  log: Log;
  metrics: Metrics;
  /** Path of the file. */
  file: string;
  syslog?: Syslog | undefined;
  clock?: Clock;
  /** 1000 and 60 000 unless told. */
  everyRows?: number;
  everyMs?: number;
}

export interface Checkpoints {
  /** Signs when it is time, and sends what the syslog server lacks; to be called about once a second. Undefined: it is not, or nothing was recorded since. */
  tick(): Promise<Checkpoint | undefined>;
  /** Signs now; undefined when nothing was recorded since. */
  sign(by: By): Promise<Checkpoint | undefined>;
  /** A page, newest first. @throws Problem `cursor_invalid` */
  list(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: Checkpoint[]; next?: string }>;
  publicKeys(): Promise<PublicKey[]>;
  /** A new key that signs from the next but one checkpoint on: the next one is signed now, by the old key, and covers the entry that announces the new one. */
  rotateKey(wish: { dryRun?: boolean | undefined; reason?: string | undefined }, by: By): Promise<KeyRotation>;
  /** What is late: entries that nobody signed, checkpoints that the syslog server lacks, each with the time since when. */
  late(): Promise<{ unsigned?: Date; unsent?: { count: number; since: Date } }>;
  /** `audit.verify`, and whether the chain is the one that was signed, by the database's checkpoints and by the file's. */
  verify(): Promise<Verification>;
}

export interface PublicKey {
  keyId: string;
  /** SPKI, PEM. */
  publicKey: string;
  createdAt: string;
  /** Number of the first checkpoint that it signs. */
  signsFrom: number;
}

export interface KeyRotation {
  done: boolean;
  /** Id of the key that signed until now. */
  previous: string;
  next?: PublicKey;
}

const numberCursor = z.number().int().positive();

export function createCheckpoints(deps: CheckpointsDeps): Checkpoints {
  const { db, audit, clock = systemClock, everyRows = 1000, everyMs = 60_000 } = deps;
  const signing = createSigning({ db, audit, secrets: deps.secrets, clock });
  const signed = deps.metrics.counter({
    name: "holdfast_audit_checkpoints_total",
    help: "Checkpoints of the audit trail",
    labels: ["outcome"],
  });
  const counted = (outcome: string, count: number): void => signed.inc({ outcome }, count);
  const delivery = deps.syslog && createDelivery({ ...deps, clock, syslog: deps.syslog, file: `${deps.file}.sent`, counted });

  const signHead = createSignHead({ ...deps, clock, signing, delivery, signed });

  function isDue(last: CheckpointTable | undefined, seq: number): boolean {
    return seq - (last?.seq ?? 0) >= everyRows || clock.now() - (last?.at.getTime() ?? 0) >= everyMs;
  }

  return {
    async tick() {
      const [head, last] = [await chainHead(db), await store.lastCheckpoint(db)];
      if (head !== undefined && head.seq !== (last?.seq ?? 0) && isDue(last, head.seq)) return signHead(isDue);
      await delivery?.deliver();
      return undefined;
    },
    sign: (by) => signHead(() => true, by),
    async list({ cursor, limit = 50 }) {
      const rows = await store.checkpointsBefore(db, decodeCursor(numberCursor, cursor), limit + 1);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { items: rows.slice(0, limit).map(checkpointOf), ...(last ? { next: encodeCursor(last.no) } : {}) };
    },
    publicKeys: signing.publicKeys,
    async rotateKey(wish, by) {
      const rotation = await signing.rotate(wish, by);
      if (rotation.done) await signHead(() => true);
      return rotation;
    },
    late: () => lateness(db, delivery),
    verify: () => verifySigned({ db, audit, file: deps.file, publicKeys: signing.publicKeys }),
  };
}

async function lateness(db: Db, delivery: Delivery | undefined): ReturnType<Checkpoints["late"]> {
  const unsigned = await store.firstUnsigned(db);
  const unsent = await delivery?.waiting();
  return { ...(unsigned && { unsigned }), ...(unsent && { unsent }) };
}

interface SignedDeps {
  db: Db;
  audit: Audit;
  file: string;
  publicKeys(): Promise<{ publicKey: string }[]>;
}

async function verifySigned({ db, audit, file, publicKeys }: SignedDeps): Promise<Verification> {
  const seen = await audit.verify();
  if (!seen.ok) return seen;
  const crypto = trailCrypto((await publicKeys()).map(({ publicKey }) => publicKey));
  const ours = (await store.checkpointsAfter(db, 0, 10_000_000)).map(checkpointOf);
  const inFile = await readCheckpointFile(file);
  const keys = await announcedKeys(db);
  const broken =
    (await compareWith(ours, db, crypto)) ?? (await compareWith(inFile, db, crypto)) ?? keys.finish(ours) ?? keys.finish(inFile);
  if (broken) return { ok: false, entries: seen.entries, head: seen.head, ...broken };
  const last = ours.at(-1);
  const say =
    last === undefined ? "Nothing was signed yet." : `${ours.length} checkpoints agree, the last of entry ${last.seq} at ${last.at}.`;
  return { ...seen, say: `${seen.say} ${say}` };
}

async function announcedKeys(db: Db): Promise<KeyWalk> {
  const keys = new KeyWalk((await lastArchive(db))?.last_seq ?? 0);
  for (const entry of await entriesOf(db, KeyWalk.announcing)) keys.see(entry);
  return keys;
}

/** Compares entries with what was signed of them; those in an archive are compared there. */
async function compareWith(checkpoints: readonly Checkpoint[], db: Db, crypto: ReturnType<typeof trailCrypto>) {
  const bad = checkpointBreak(checkpoints, (one) => crypto.signed(one.keyId, checkpointText(one), one.signature));
  if (bad) return bad;
  const marks = new CheckpointWalk(checkpoints);
  for (let at = 0; at < checkpoints.length; at += 1000) {
    const places = await placesOf(
      db,
      checkpoints.slice(at, at + 1000).map(({ seq }) => seq),
    );
    const broken = places.map((place) => marks.compare(place)).find((one) => one !== undefined);
    if (broken) return broken;
  }
  return marks.finish((await chainHead(db))?.seq ?? 0);
}
