/** Verifies an exported audit trail without the server: its lines, the checkpoints, and what checks a signature. Pure. */
import {
  checkpointBreak,
  checkpointText,
  CheckpointWalk,
  KeyWalk,
  sayMissing,
  TrailWalk,
  type Checkpoint,
  type Sha256,
  type TrailBreak,
  type TrailEntry,
} from "./trail.ts";

/** A line of an export that says who is behind a pseudonym. */
export interface TrailPerson {
  pseudonym: string;
  name: string;
  /** Base64. */
  key: string;
}

/** What verifying needs of a library. */
export interface TrailCrypto {
  sha256: Sha256;
  /** Whether the key with this id signed the text; `unknown key` when it was not given. */
  signed(keyId: string, text: string, signature: string): boolean | "unknown key";
  /** The pseudonym that the name has under the key. */
  pseudonymOf(name: string, key: string): string;
}

export interface TrailVerdict {
  ok: boolean;
  /** Entries that hold together. */
  entries: number;
  /** Hash of the last of them. */
  head: string;
  /** The last entry that a checkpoint covers; 0 when none does. */
  signedUntil: number;
  brokenAt?: number;
  say: string;
}

interface OfflineTrail {
  /** JSON lines, in order of seq; of several files, one after the other. */
  lines: AsyncIterable<string> | Iterable<string>;
  checkpoints: readonly Checkpoint[];
  crypto: TrailCrypto;
}

/** Follows the whole export; stops at the first thing that is wrong. */
export async function verifyTrail({ lines, checkpoints, crypto }: OfflineTrail): Promise<TrailVerdict> {
  const inOrder = checkpoints.toSorted((a, b) => a.no - b.no);
  const marks = new CheckpointWalk(inOrder);
  const bad = checkpointBreak(inOrder, (one) => crypto.signed(one.keyId, checkpointText(one), one.signature));
  let walk: TrailWalk | undefined;
  let keys: KeyWalk | undefined;
  let lineNo = 0;
  const tell = (broken?: TrailBreak): TrailVerdict => verdict(walk ?? new TrailWalk(crypto.sha256), marks, broken);
  if (bad) return tell(bad);
  for await (const line of lines) {
    lineNo++;
    if (line.trim() === "") continue;
    const found = readLine(line);
    if (found === undefined) return tell({ brokenAt: (walk?.at.seq ?? 0) + 1, say: `Line ${lineNo} is neither an entry nor a person.` });
    if ("pseudonym" in found) {
      if (crypto.pseudonymOf(found.name, found.key) !== found.pseudonym)
        return tell({ brokenAt: (walk?.at.seq ?? 0) + 1, say: `Line ${lineNo} names another person than the one behind the pseudonym.` });
      continue;
    }
    if (walk === undefined) {
      const from = found.seq === 1 ? undefined : marks.before(found.seq);
      if (found.seq !== 1 && from === undefined) return tell(withoutBeginning(found.seq));
      walk = new TrailWalk(crypto.sha256, from);
      keys = new KeyWalk(found.seq - 1);
    }
    const broken = walk.step(found) ?? marks.compare(found);
    if (broken) return tell(broken);
    keys?.see(found);
  }
  return tell(marks.finish(walk?.at.seq ?? 0) ?? keys?.finish(inOrder));
}

function withoutBeginning(seq: number): TrailBreak {
  const { brokenAt, say } = sayMissing(1, seq - 1);
  return {
    brokenAt,
    say: `${say} No checkpoint of entry ${seq - 1} was given either; give the archive with those entries first, or the checkpoints.`,
  };
}

function verdict(walk: TrailWalk, marks: CheckpointWalk, broken: TrailBreak | undefined): TrailVerdict {
  const seen = { entries: walk.entries, head: walk.at.hash, signedUntil: marks.signedUntil };
  if (broken) return { ok: false, ...seen, ...broken };
  const unsigned = walk.at.seq - marks.signedUntil;
  const covered =
    marks.signedUntil === 0
      ? "No checkpoint was given: a cut end or a chain that was hashed anew as a whole would not show."
      : unsigned === 0
        ? "The last checkpoint signed the last entry."
        : `The last checkpoint signed entry ${marks.signedUntil}; ${unsigned} came after it.`;
  return { ok: true, ...seen, say: `All ${walk.entries} entries hold together. ${covered}` };
}

function readLine(line: string): TrailEntry | TrailPerson | undefined {
  const value = readObject(line);
  if (value === undefined) return undefined;
  const { seq, hash, canonical, pseudonym, name, key } = value;
  if (typeof seq === "number" && Number.isSafeInteger(seq) && typeof hash === "string" && typeof canonical === "string")
    return { seq, hash, canonical };
  if (typeof pseudonym === "string" && typeof name === "string" && typeof key === "string") return { pseudonym, name, key };
  return undefined;
}

/** Checkpoints as they are in their file, one JSON object a line. @throws Error naming the line that is none */
export function readCheckpoints(text: string): Checkpoint[] {
  const lines = text.split("\n").map((line, at) => ({ line, at: at + 1 }));
  return lines
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, at }) => {
      const value = readObject(line);
      const { no, seq, hash, at: signedAt, keyId, signature } = value ?? {};
      const whole = typeof no === "number" && typeof seq === "number";
      const texts = typeof hash === "string" && typeof signedAt === "string" && typeof keyId === "string" && typeof signature === "string";
      if (!whole || !texts) throw new Error(`line ${at} is no checkpoint`);
      return { no, seq, hash, at: signedAt, keyId, signature };
    });
}

function readObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
