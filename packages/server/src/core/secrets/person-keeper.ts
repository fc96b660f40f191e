/** Versions of secrets that a person stored, and leases that they took. What is inside a secret is not told. */
import type { PersonKeeper } from "#core/audit";
import type { Db } from "#platform/db";
import { doneBy, renameActor } from "./store-person-keeper.ts";

export function createSecretsPersonKeeper(db: Db): PersonKeeper {
  return {
    module: "secrets",
    tell: ({ name }) => doneBy(db, `user:${name}`),
    erase: (tx, { name, stands }) => renameActor(tx, `user:${name}`, stands),
  };
}
