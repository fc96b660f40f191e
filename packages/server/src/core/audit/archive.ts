/** Old entries go to a file and are forgotten in the database; the chain goes on from the signed checkpoint where the file ends. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip, createGzip } from "node:zlib";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AuditArchive } from "@holdfast/contract";
import { genesis, Problem, systemClock, TrailWalk, type Clock, type TrailEntry, type TrailPlace } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import { sha256 } from "./chain.ts";
import { jsonLines } from "./export.ts";
import type { Audit, By } from "./index.ts";
import * as store from "./store-archive.ts";
import { checkpointUntil } from "./store-checkpoints.ts";

const dayMs = 86_400_000;
/** The database keeps entries as long, whoever asks. */
export const youngestDays = 30;

/** Of one file: more would take one transaction too long. */
const mostEntries = 100_000;

export interface ArchivingDeps {
  db: Db;
  audit: Pick<Audit, "record">;
  /** Where the files go. */
  directory: string;
  clock?: Clock;
}

export interface Archiving {
  /**
   * Archives what is older than so many days (30 or more), up to the last checkpoint before that. Nothing there: 0 entries, no archive.
   * With `dryRun` it only counts. Many entries become several files; the last one is told. @throws Problem `audit_archive_broken` when the file does not hold what the chain says
   */
  archive(
    wish: { olderThanDays: number; dryRun?: boolean; reason?: string | undefined },
    by: By,
  ): Promise<{ entries: number; archive?: AuditArchive }>;
  /** The newest 1000, newest first. */
  list(): Promise<AuditArchive[]>;
}

export function createArchiving({ db, audit, directory, clock = systemClock }: ArchivingDeps): Archiving {
  /** Where the next archive would end: at the last checkpoint that is old enough, and near enough for one transaction. */
  async function nextPiece(olderThanDays: number): Promise<{ from: TrailPlace; end: TrailPlace } | undefined> {
    const [last, old] = [await store.lastArchive(db), await store.lastOlderThan(db, new Date(clock.now() - olderThanDays * dayMs))];
    const from: TrailPlace = last === undefined ? { seq: 0, hash: genesis } : { seq: last.last_seq, hash: last.last_hash };
    if (old === undefined || old <= from.seq) return undefined;
    const near = await checkpointUntil(db, Math.min(old, from.seq + mostEntries));
    const end = near !== undefined && near.seq > from.seq ? near : await checkpointUntil(db, old);
    return end === undefined || end.seq <= from.seq ? undefined : { from, end };
  }

  async function archivePiece(
    { from, end }: { from: TrailPlace; end: TrailPlace },
    by: By & { reason?: string | undefined },
  ): Promise<void> {
    const file = join(directory, `audit-${from.seq + 1}-${end.seq}.jsonl.gz`);
    const digest = await writeArchive(db, file, end.seq);
    await checkArchive(file, from, end);
    await inTransaction(db, async (tx) => {
      const after = { entries: end.seq - from.seq, until: end.seq, file: basename(file), sha256: digest };
      await audit.record(tx, { ...by, action: "audit.archive.create", subject: `archive:${end.seq}`, after });
      await store.forgetEntries(tx, { until: end.seq, file: basename(file), sha256: digest });
    });
  }

  return {
    async archive({ olderThanDays, dryRun = false, reason }, by) {
      if (olderThanDays < youngestDays) throw tooYoung();
      let entries = 0;
      if (dryRun) {
        const old = await store.lastOlderThan(db, new Date(clock.now() - olderThanDays * dayMs));
        const [from, end] = [(await store.lastArchive(db))?.last_seq ?? 0, old === undefined ? undefined : await checkpointUntil(db, old)];
        return { entries: Math.max(0, (end?.seq ?? 0) - from) };
      }
      for (let piece = await nextPiece(olderThanDays); piece !== undefined; piece = await nextPiece(olderThanDays)) {
        await archivePiece(piece, { ...by, reason });
        entries += piece.end.seq - piece.from.seq;
      }
      const made = entries === 0 ? undefined : await store.lastArchive(db);
      return { entries, ...(made ? { archive: shown(made) } : {}) };
    },
    list: async () => (await store.listArchives(db, 1000)).map(shown),
  };
}

/** Writes beside, syncs, and moves into place; SHA-256 of the file. */
async function writeArchive(db: Db, path: string, until: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const digest = createHash("sha256");
  const file = await open(`${path}.part`, "w", 0o600);
  try {
    await pipeline(Readable.from(jsonLines(db, { withNames: false, until })), createGzip(), async (bytes: AsyncIterable<Buffer>) => {
      for await (const piece of bytes) {
        digest.update(piece);
        await file.write(piece);
      }
    });
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return digest.digest("hex");
}

/** Reads the file again: what is forgotten must be there. */
async function checkArchive(path: string, from: TrailPlace, end: TrailPlace): Promise<void> {
  const walk = new TrailWalk(sha256, from);
  for await (const line of createInterface({ input: createReadStream(path).pipe(createGunzip()), crlfDelay: Infinity })) {
    const broken = walk.step(JSON.parse(line) as TrailEntry);
    if (broken) throw brokenArchive(path, broken.say);
  }
  if (walk.at.seq !== end.seq || walk.at.hash !== end.hash)
    throw brokenArchive(path, `It ends at entry ${walk.at.seq}, not at the signed one, ${end.seq}.`);
}

function shown(row: store.ArchiveRow): AuditArchive {
  const { first_seq: firstSeq, last_seq: lastSeq, last_hash: lastHash, file } = row;
  return { firstSeq, lastSeq, lastHash, file, sha256: row.sha256, at: row.created_at.toISOString() };
}

function brokenArchive(path: string, why: string): Problem {
  return new Problem("audit_archive_broken", {
    kind: "broken",
    say: `The archive ${path} does not hold together, so nothing was forgotten. ${why} Verify the trail: holdfast audit verify.`,
  });
}

function tooYoung(): Problem {
  return new Problem("audit_archive_young", {
    kind: "invalid",
    say: `Entries of the last ${youngestDays} days always stay; ask for ${youngestDays} days or more.`,
    places: [{ at: "olderThanDays", say: `must be ${youngestDays} or more` }],
  });
}
