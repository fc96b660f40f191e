/** A checkpoint as its row, and back. */
import type { Checkpoint } from "@holdfast/kit";
import type { CheckpointTable } from "./tables.ts";

export function checkpointOf({ no, seq, hash, at, key_id, signature }: CheckpointTable): Checkpoint {
  return { no, seq, hash, at: at.toISOString(), keyId: key_id, signature };
}

export function rowOf({ keyId, at, ...checkpoint }: Checkpoint): CheckpointTable {
  return { ...checkpoint, at: new Date(at), key_id: keyId };
}
