/** Plans and rollouts that a person made or approved, and the journal lines that say so. */
import type { PersonKeeper } from "#core/audit";
import type { Db } from "#platform/db";
import { doneBy, renameActor } from "./store-person-keeper.ts";

export function createRolloutPersonKeeper(db: Db): PersonKeeper {
  return {
    module: "rollout",
    tell: ({ name }) => doneBy(db, `user:${name}`),
    erase: (tx, { name, stands }) => renameActor(tx, `user:${name}`, stands),
  };
}
