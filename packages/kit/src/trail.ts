/**
 * What holds an audit trail together, for whoever checks it: the server, or somebody who has an export, the signed checkpoints and a public
 * key, and trusts neither the server nor its database. Pure; the hash and the signature are handed in.
 */

/** What the first entry follows. */
export const genesis = "0".repeat(64);

/** One entry as it is exported; what JSON lines of a trail hold. */
export interface TrailEntry {
  seq: number;
  /** SHA-256, hex. */
  hash: string;
  canonical: string;
}

/** A place of the chain. */
export interface TrailPlace {
  seq: number;
  hash: string;
}

/** A place of the chain that was signed (Ed25519, RFC 8032) when it was the end. */
export interface Checkpoint extends TrailPlace {
  /** 1, 2, 3 … without gaps. */
  no: number;
  /** ISO 8601, UTC. */
  at: string;
  /** The first 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  keyId: string;
  /** Base64. */
  signature: string;
}

export interface TrailBreak {
  /** The first entry that is wrong. */
  brokenAt: number;
  say: string;
}

/** Hex of the SHA-256 of a text in UTF-8. */
export type Sha256 = (text: string) => string;

/** What an entry's hash covers: seq, the hash before and the canonical text, each on its own line. */
export function chainText(seq: number, previous: string, canonical: string): string {
  return `${seq}\n${previous}\n${canonical}`;
}

/** What a checkpoint's signature covers. */
export function checkpointText({ no, seq, hash, at, keyId }: Omit<Checkpoint, "signature">): string {
  return `holdfast audit checkpoint 1\n${no}\n${seq}\n${hash}\n${at}\n${keyId}`;
}

/** Follows a chain in order of seq, from its beginning or from a place that is known to be right. */
export class TrailWalk {
  #at: TrailPlace;
  readonly #first: number;
  readonly #sha256: Sha256;

  constructor(sha256: Sha256, from: TrailPlace = { seq: 0, hash: genesis }) {
    this.#sha256 = sha256;
    this.#at = from;
    this.#first = from.seq;
  }

  /** Entries that were followed so far. */
  get entries(): number {
    return this.#at.seq - this.#first;
  }

  /** The last place that holds. */
  get at(): TrailPlace {
    return this.#at;
  }

  /** The next entry; what is wrong with it, or undefined. */
  step({ seq, hash, canonical }: TrailEntry): TrailBreak | undefined {
    const expected = this.#at.seq + 1;
    if (seq < expected) return { brokenAt: seq, say: `Entry ${seq} is there twice, or out of its order.` };
    if (seq !== expected) return sayMissing(expected, seq - 1);
    if (this.#sha256(chainText(seq, this.#at.hash, canonical)) !== hash)
      return { brokenAt: seq, say: `Entry ${seq} was changed, or does not follow the entry before it.` };
    this.#at = { seq, hash };
    return undefined;
  }
}

export function sayMissing(from: number, to: number): TrailBreak {
  return { brokenAt: from, say: from >= to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.` };
}

/** Compares a chain with its checkpoints while it is walked. */
export class CheckpointWalk {
  readonly #bySeq = new Map<number, Checkpoint>();
  readonly #last: Checkpoint | undefined;

  /** Of checkpoints whose signatures hold; see `checkpointBreak`. */
  constructor(checkpoints: readonly Checkpoint[]) {
    for (const one of checkpoints) this.#bySeq.set(one.seq, one);
    this.#last = checkpoints.at(-1);
  }

  get signedUntil(): number {
    return this.#last?.seq ?? 0;
  }

  /** Where the chain was signed before its first entry that is still there. */
  before(seq: number): TrailPlace | undefined {
    const found = this.#bySeq.get(seq - 1);
    return found && { seq: found.seq, hash: found.hash };
  }

  /** After each entry: is it what was signed? */
  compare({ seq, hash }: TrailPlace): TrailBreak | undefined {
    const signed = this.#bySeq.get(seq);
    if (signed === undefined || signed.hash === hash) return undefined;
    return {
      brokenAt: seq,
      say: `The chain up to entry ${seq} is not the one that checkpoint ${signed.no} of ${signed.at} signed: it was hashed anew.`,
    };
  }

  /** At the end: was there more once? */
  finish(end: number): TrailBreak | undefined {
    const last = this.#last;
    if (last === undefined || last.seq <= end) return undefined;
    return {
      brokenAt: end + 1,
      say: `Entries ${end + 1} to ${last.seq} are missing: they were there when checkpoint ${last.no} was signed at ${last.at}.`,
    };
  }
}

/** Which key signs: one that takes over from another counts only when the trail announced it under a checkpoint of the one before. */
export class KeyWalk {
  /** The action of entries that announce a key, as `keyId` in `after`. */
  static readonly announcing = "audit.signing_key.rotate";
  readonly #announced = new Map<string, number>();
  readonly #from: number;

  /** `from`: entries up to this one are not looked at, because they are elsewhere. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Each entry, once it is known to hold. */
  see({ seq, canonical }: Pick<TrailEntry, "seq" | "canonical">): void {
    if (!canonical.includes(`"${KeyWalk.announcing}"`)) return;
    const { action, after } = JSON.parse(canonical) as { action?: unknown; after?: { keyId?: unknown } };
    if (action === KeyWalk.announcing && typeof after?.keyId === "string") this.#announced.set(after.keyId, seq);
  }

  /** The first checkpoint of a key that nobody announced. */
  finish(checkpoints: readonly Checkpoint[]): TrailBreak | undefined {
    for (const [at, { keyId, no, seq }] of checkpoints.entries()) {
      const before = checkpoints[at - 1];
      if (before === undefined || before.keyId === keyId || before.seq <= this.#from) continue;
      if ((this.#announced.get(keyId) ?? Infinity) <= before.seq) continue;
      return {
        brokenAt: seq,
        say: `Checkpoint ${no} was signed by the key ${keyId}, and no entry under checkpoint ${before.no} says that it takes over from ${before.keyId}.`,
      };
    }
    return undefined;
  }
}

/** What is wrong with checkpoints among themselves: a signature, their numbers, their order. `signed` is asked for each. */
export function checkpointBreak(
  checkpoints: readonly Checkpoint[],
  signed: (one: Checkpoint) => boolean | "unknown key",
): TrailBreak | undefined {
  let before: Checkpoint | undefined;
  for (const one of checkpoints) {
    const verdict = signed(one);
    if (verdict === "unknown key")
      return { brokenAt: one.seq, say: `Checkpoint ${one.no} was signed by the key ${one.keyId}, which was not given.` };
    if (!verdict) return { brokenAt: one.seq, say: `The signature of checkpoint ${one.no} (entry ${one.seq}) does not hold.` };
    if (before !== undefined && one.no !== before.no + 1)
      return { brokenAt: before.seq + 1, say: `After checkpoint ${before.no} comes ${one.no}: one was taken out, or put elsewhere.` };
    if (before !== undefined && one.seq <= before.seq)
      return { brokenAt: one.seq, say: `Checkpoint ${one.no} is of entry ${one.seq}, which checkpoint ${before.no} had passed already.` };
    before = one;
  }
  return undefined;
}
