/**
 * Signs the end of the chain every 1000 entries or 60 s, to a file and, where told, to a syslog server: places that somebody with all rights
 * in the database cannot reach. A cut end and a chain that was hashed anew no longer agree with what was signed.
 */
import { checkpointBreak, checkpointText, CheckpointWalk, systemClock, type Checkpoint, type Clock } from "@holdfast/kit";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db } from "#platform/db";
import type { Log } from "#platform/log";
import type { Metrics } from "#platform/metrics";
import type { Syslog } from "#platform/syslog";
import { z } from "zod";
import { appendCheckpoints, lastInFile, readCheckpointFile } from "./checkpoint-file.ts";
import type { Audit, By, Verification } from "./index.ts";
import { createSigning, trailCrypto, type Sealing } from "./signing.ts";
import * as store from "./store-checkpoints.ts";
import { chainHead, placesOf } from "./store.ts";
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
  /** Signs when it is time; to be called about once a second. Undefined: it is not, or nothing was recorded since. */
  tick(): Promise<Checkpoint | undefined>;
  /** Signs now; undefined when nothing was recorded since. */
  sign(by: By): Promise<Checkpoint | undefined>;
  /** A page, newest first. @throws Problem `cursor_invalid` */
  list(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: Checkpoint[]; next?: string }>;
  publicKeys(): Promise<{ keyId: string; publicKey: string }[]>;
  /** `audit.verify`, and whether the chain is the one that was signed, by the database's checkpoints and by the file's. */
  verify(): Promise<Verification>;
}

const numberCursor = z.number().int().positive();

export function createCheckpoints(deps: CheckpointsDeps): Checkpoints {
  const { db, audit, log, clock = systemClock, everyRows = 1000, everyMs = 60_000 } = deps;
  const signing = createSigning({ db, audit, secrets: deps.secrets, clock });
  const signed = deps.metrics.counter({
    name: "holdfast_audit_checkpoints_total",
    help: "Checkpoints of the audit trail",
    labels: ["outcome"],
  });

  /** The end of the chain now, signed, under a lock; undefined when the last one is of it. */
  async function signHead(due: (last: CheckpointTable | undefined, seq: number) => boolean, by?: By): Promise<Checkpoint | undefined> {
    const { keyId, sign } = await signing.signer();
    const made = await inTransaction(db, async (tx) => {
      await store.lockSigning(tx);
      const [head, last] = [await chainHead(tx), await store.lastCheckpoint(tx)];
      if (head === undefined || head.seq === (last?.seq ?? 0) || !due(last, head.seq)) return undefined;
      const facts = { no: (last?.no ?? 0) + 1, ...head, at: new Date(clock.now()).toISOString(), keyId };
      const checkpoint = { ...facts, signature: sign(checkpointText(facts)) };
      await store.insertCheckpoint(tx, rowOf(checkpoint));
      if (by) await audit.record(tx, { ...by, action: "audit.checkpoint.create", subject: `checkpoint:${facts.no}` });
      return checkpoint;
    });
    if (made) await spread(made);
    return made;
  }

  /** To the file whatever it lacks (this process may have been another one, or the disk full), and to syslog. */
  async function spread(made: Checkpoint): Promise<void> {
    const there = await lastInFile(deps.file);
    const lacking = there >= made.no ? [made] : (await store.checkpointsAfter(db, there, 10_000)).map(checkpointOf);
    await appendCheckpoints(deps.file, lacking);
    signed.inc({ outcome: "written" });
    if (deps.syslog === undefined) return;
    try {
      await deps.syslog.send(messageOf(made));
      signed.inc({ outcome: "sent" });
    } catch (err) {
      // The next one covers this one, too; the file has it.
      signed.inc({ outcome: "not_sent" });
      log.error({ err, checkpoint: made.no }, "a checkpoint of the audit trail did not reach the syslog server");
    }
  }

  function isDue(last: CheckpointTable | undefined, seq: number): boolean {
    return seq - (last?.seq ?? 0) >= everyRows || clock.now() - (last?.at.getTime() ?? 0) >= everyMs;
  }

  return {
    async tick() {
      const [head, last] = [await chainHead(db), await store.lastCheckpoint(db)];
      return head === undefined || head.seq === (last?.seq ?? 0) || !isDue(last, head.seq) ? undefined : signHead(isDue);
    },
    sign: (by) => signHead(() => true, by),
    async list({ cursor, limit = 50 }) {
      const rows = await store.checkpointsBefore(db, decodeCursor(numberCursor, cursor), limit + 1);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { items: rows.slice(0, limit).map(checkpointOf), ...(last ? { next: encodeCursor(last.no) } : {}) };
    },
    publicKeys: signing.publicKeys,
    verify: () => verifySigned({ db, audit, file: deps.file, publicKeys: signing.publicKeys }),
  };
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
  const broken = (await compareWith(ours, db, crypto)) ?? (await compareWith(await readCheckpointFile(file), db, crypto));
  if (broken) return { ok: false, entries: seen.entries, head: seen.head, ...broken };
  const last = ours.at(-1);
  const say =
    last === undefined ? "Nothing was signed yet." : `${ours.length} checkpoints agree, the last of entry ${last.seq} at ${last.at}.`;
  return { ...seen, say: `${seen.say} ${say}` };
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

function messageOf(made: Checkpoint): Parameters<Syslog["send"]>[0] {
  const { no, seq, ...texts } = made;
  const facts = { no: String(no), seq: String(seq), ...texts };
  return { severity: "notice", at: new Date(made.at), messageId: "AUDITCHECKPOINT", facts, text: JSON.stringify(made) };
}

function checkpointOf({ no, seq, hash, at, key_id, signature }: CheckpointTable): Checkpoint {
  return { no, seq, hash, at: at.toISOString(), keyId: key_id, signature };
}

function rowOf({ keyId, at, ...checkpoint }: Checkpoint): CheckpointTable {
  return { ...checkpoint, at: new Date(at), key_id: keyId };
}
