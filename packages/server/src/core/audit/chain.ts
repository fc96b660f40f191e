/** What holds the trail together: each hash covers the one before it. The database computes it at commit; here it is computed again. */
import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical.ts";

/** What the first entry follows. */
export const genesis = "0".repeat(64);

/** An entry as it is stored, with the columns that searches use. */
export interface StoredEntry {
  seq: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  reason: string | null;
  requestId: string | null;
  canonical: string;
  hash: string;
}

export interface Break {
  /** The first place that is wrong. */
  brokenAt: number;
  say: string;
}

/** SHA-256 in hex of seq, the hash before and the canonical text, each on its own line. The trigger `audit.chain` computes the same. */
export function chainHash(seq: number, previous: string, canonical: string): string {
  return createHash("sha256").update(`${seq}\n${previous}\n${canonical}`, "utf8").digest("hex");
}

/** Follows the chain in order of seq, a batch at a time. */
export class ChainWalk {
  #seq = 0;
  #hash = genesis;

  /** Entries that were followed so far. */
  get entries(): number {
    return this.#seq;
  }

  /** The next entries, in order of seq; the first break, or undefined while all holds. */
  follow(entries: StoredEntry[]): Break | undefined {
    for (const entry of entries) {
      const broken = this.#check(entry);
      if (broken) return broken;
      this.#seq = entry.seq;
      this.#hash = entry.hash;
    }
    return undefined;
  }

  /** When all entries were followed: does the end agree with the head row? */
  finish(head: { seq: number; hash: string }): Break | undefined {
    if (this.#seq < head.seq) return gap(this.#seq + 1, head.seq);
    if (this.#hash !== head.hash) return { brokenAt: this.#seq, say: `The head row does not agree with entry ${this.#seq}, the last one.` };
    return undefined;
  }

  #check(entry: StoredEntry): Break | undefined {
    const expected = this.#seq + 1;
    if (entry.seq !== expected) return gap(expected, entry.seq - 1);
    if (chainHash(entry.seq, this.#hash, entry.canonical) !== entry.hash)
      return { brokenAt: entry.seq, say: `Entry ${entry.seq} was changed, or does not follow the entry before it.` };
    if (!columnsAgree(entry))
      return { brokenAt: entry.seq, say: `The search columns of entry ${entry.seq} differ from its text: they were changed.` };
    return undefined;
  }
}

function gap(from: number, to: number): Break {
  return { brokenAt: from, say: from >= to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.` };
}

function columnsAgree(entry: StoredEntry): boolean {
  const { actor, action, subject, reason = null, requestId = null, at } = readCanonical(entry.canonical);
  const { seq: _seq, canonical: _canonical, hash: _hash, ...columns } = entry;
  return canonicalJson({ at, actor, action, subject, reason, requestId }) === canonicalJson(columns);
}

/** The members of a canonical text; none when somebody chained what is no JSON object. */
export function readCanonical(canonical: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(canonical) };
  } catch {
    return {};
  }
}
