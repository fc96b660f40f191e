/** Signs the end of the chain, and brings what was signed to where the database's owner cannot reach. */
import { checkpointText, type Checkpoint, type Clock } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import { appendCheckpoints, lastInFile } from "./checkpoint-file.ts";
import { checkpointOf, rowOf } from "./checkpoint-row.ts";
import type { Delivery } from "./delivery.ts";
import type { Audit, By } from "./index.ts";
import type { Signing } from "./signing.ts";
import * as store from "./store-checkpoints.ts";
import { chainHead } from "./store.ts";
import type { CheckpointTable } from "./tables.ts";

interface SignHeadDeps {
  db: Db;
  audit: Pick<Audit, "record">;
  clock: Clock;
  signing: Signing;
  delivery: Delivery | undefined;
  /** Path of the file. */
  file: string;
  signed: { inc(labels: { outcome: string }): void };
}

/** Whether it is time, by the last checkpoint and the end of the chain now. */
type Due = (last: CheckpointTable | undefined, seq: number) => boolean;

export function createSignHead({ db, audit, clock, signing, delivery, file, signed }: SignHeadDeps) {
  /** The end of the chain now, signed, under a lock; undefined when the last one is of it. */
  return async function signHead(due: Due, by?: By): Promise<Checkpoint | undefined> {
    await signing.ready();
    const made = await inTransaction(db, async (tx) => {
      await store.lockSigning(tx);
      const [head, last] = [await chainHead(tx), await store.lastCheckpoint(tx)];
      if (head === undefined || head.seq === (last?.seq ?? 0) || !due(last, head.seq)) return undefined;
      const no = (last?.no ?? 0) + 1;
      const { keyId, sign } = await signing.signerOf(tx, no);
      const facts = { no, ...head, at: new Date(clock.now()).toISOString(), keyId };
      const checkpoint = { ...facts, signature: sign(checkpointText(facts)) };
      await store.insertCheckpoint(tx, rowOf(checkpoint));
      if (by) await audit.record(tx, { ...by, action: "audit.checkpoint.create", subject: `checkpoint:${no}` });
      return checkpoint;
    });
    if (made) await spread(made);
    return made;
  };

  /** To the file whatever it lacks (this process may have been another one, or the disk full), and to the syslog server. */
  async function spread(made: Checkpoint): Promise<void> {
    const there = await lastInFile(file);
    const lacking = there >= made.no ? [made] : (await store.checkpointsAfter(db, there, 10_000)).map(checkpointOf);
    await appendCheckpoints(file, lacking);
    signed.inc({ outcome: "written" });
    await delivery?.deliver(true);
  }
}
