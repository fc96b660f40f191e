/** Findings that a person acknowledged. */
import type { PersonKeeper } from "#core/audit";
import type { Db } from "#platform/db";
import { acknowledgedBy, renameActor } from "./store-person-keeper.ts";

export function createFindingsPersonKeeper(db: Db): PersonKeeper {
  return {
    module: "findings",
    tell: async ({ name }) => ({ acknowledged: await acknowledgedBy(db, `user:${name}`) }),
    erase: async (tx, { name, stands }) => ({ acknowledged: await renameActor(tx, `user:${name}`, stands) }),
  };
}
