/** Recomputes the chain from what the database holds, and compares it with the checkpoints that were signed. */
import type { Db } from "#platform/db";
import { ChainWalk, genesis, type Break, type StoredEntry } from "./chain.ts";
import { isGenuine } from "./people.ts";
import { pseudonymsIn } from "./pseudonyms.ts";
import { lastArchive } from "./store-archive.ts";
import { erasureIsRecorded, personsAfter } from "./store-people.ts";
import { chainHead, countStrays, entriesAfter } from "./store.ts";

/** What a look at the whole chain found. `entries` counts those that hold together; `brokenAt` is the first place that is wrong. */
export interface Verification {
  ok: boolean;
  entries: number;
  head: string;
  brokenAt?: number;
  say: string;
}

const batch = 1000;

export function createVerifying(db: Db): () => Promise<Verification> {
  return async () => {
    const archived = await lastArchive(db);
    const from = archived === undefined ? { seq: 0, hash: genesis } : { seq: archived.last_seq, hash: archived.last_hash };
    const walk = new ChainWalk(from);
    const roll = new RollCall();
    const head = await chainHead(db);
    if (!head) return tell(walk, genesis, { brokenAt: from.seq + 1, say: "The head row of the chain is missing." });
    for (let last = from.seq; last < head.seq;) {
      const entries = await entriesAfter(db, last, batch);
      const broken = walk.follow(
        entries.filter((entry) => entry.seq <= head.seq),
        (entry) => roll.call(entry),
      );
      if (broken) return tell(walk, head.hash, broken);
      if (entries.length < batch) break;
      last = entries.at(-1)?.seq ?? last;
    }
    return tell(
      walk,
      head.hash,
      walk.finish(head) ?? strays(await countStrays(db, from.seq + 1), head.seq) ?? (await impostor(db, roll, head.seq)),
    );
  };
}

/** Whom the entries name. */
class RollCall {
  readonly #firstSeen = new Map<string, number>();

  call({ seq, actor, subject }: StoredEntry): undefined {
    for (const pseudonym of pseudonymsIn(`${actor} ${subject}`)) if (!this.#firstSeen.has(pseudonym)) this.#firstSeen.set(pseudonym, seq);
  }

  /** Still known: nothing to explain. */
  answer(pseudonym: string): void {
    this.#firstSeen.delete(pseudonym);
  }

  /** Those who did not answer, with the first entry that names them. */
  get absent(): Iterable<[pseudonym: string, seq: number]> {
    return this.#firstSeen;
  }
}

/** Somebody who gave a pseudonym another name, or forgot in secret who is behind it. */
async function impostor(db: Db, roll: RollCall, head: number): Promise<Break | undefined> {
  for (let last = ""; ;) {
    const page = await personsAfter(db, last, batch);
    const wrong = page.find((person) => !isGenuine(person));
    if (wrong) return { brokenAt: head, say: `The name behind the pseudonym ~${wrong.pseudonym} was changed.` };
    for (const { pseudonym } of page) roll.answer(pseudonym);
    if (page.length < batch) break;
    last = page.at(-1)?.pseudonym ?? last;
  }
  for (const [pseudonym, seq] of roll.absent)
    if (!(await erasureIsRecorded(db, pseudonym)))
      return { brokenAt: seq, say: `Who is behind the pseudonym ~${pseudonym} of entry ${seq} was forgotten, and no entry says so.` };
  return undefined;
}

function strays(found: { outside: number; pending: number }, head: number): Break | undefined {
  if (found.outside > 0) return { brokenAt: head + 1, say: `${found.outside} entries stand outside the chain that the head row covers.` };
  if (found.pending > 0) return { brokenAt: head + 1, say: `${found.pending} entries were recorded and never chained.` };
  return undefined;
}

function tell(walk: ChainWalk, head: string, broken: Break | undefined): Verification {
  if (broken) return { ok: false, entries: walk.entries, head, ...broken };
  return { ok: true, entries: walk.entries, head, say: `All ${walk.entries} entries hold together.` };
}
