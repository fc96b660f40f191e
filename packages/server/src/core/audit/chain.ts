/** What holds the trail together, with what only the database knows beside it. The trigger `audit.chain` computes the hashes at commit; here they are computed again. */
import { createHash } from "node:crypto";
import type { AuditSeverity } from "@holdfast/contract";
import { genesis, sayMissing, TrailWalk, type TrailBreak, type TrailPlace } from "@holdfast/kit";
import { canonicalJson } from "./canonical.ts";

export { genesis };

/** An entry as it is stored, with the columns that searches use. */
export interface StoredEntry {
  seq: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  severity: AuditSeverity;
  reason: string | null;
  requestId: string | null;
  canonical: string;
  hash: string;
}

export type Break = TrailBreak;

export function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Follows the chain in order of seq, a batch at a time, and looks at the search columns too. */
export class ChainWalk {
  readonly #walk: TrailWalk;

  constructor(from: TrailPlace = { seq: 0, hash: genesis }) {
    this.#walk = new TrailWalk(sha256, from);
  }

  /** Entries that were followed so far. */
  get entries(): number {
    return this.#walk.entries;
  }

  /** The next entries, in order of seq; the first break, or undefined while all holds. `seen` is asked after each. */
  follow(entries: StoredEntry[], seen: (entry: StoredEntry) => Break | undefined = () => undefined): Break | undefined {
    for (const entry of entries) {
      const broken = this.#walk.step(entry) ?? (columnsAgree(entry) ? seen(entry) : columnsDiffer(entry));
      if (broken) return broken;
    }
    return undefined;
  }

  /** When all entries were followed: does the end agree with the head row? */
  finish(head: TrailPlace): Break | undefined {
    const { seq, hash } = this.#walk.at;
    if (seq < head.seq) return sayMissing(seq + 1, head.seq);
    if (hash !== head.hash) return { brokenAt: seq, say: `The head row does not agree with entry ${seq}, the last one.` };
    return undefined;
  }
}

function columnsDiffer({ seq }: StoredEntry): Break {
  return { brokenAt: seq, say: `The search columns of entry ${seq} differ from its text: they were changed.` };
}

function columnsAgree(entry: StoredEntry): boolean {
  const { actor, action, subject, severity = "info", reason = null, requestId = null, at } = readCanonical(entry.canonical);
  const { seq: _seq, canonical: _canonical, hash: _hash, ...columns } = entry;
  return canonicalJson({ at, actor, action, subject, severity, reason, requestId }) === canonicalJson(columns);
}

/** The members of a canonical text; none when somebody chained what is no JSON object. */
export function readCanonical(canonical: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(canonical) };
  } catch {
    return {};
  }
}
