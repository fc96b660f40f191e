/** Certificates that a person asked for. */
import type { PersonKeeper } from "#core/audit";
import type { Db } from "#platform/db";
import { issuedBy, renameIssuer } from "./store-person-keeper.ts";

export function createPkiPersonKeeper(db: Db): PersonKeeper {
  return {
    module: "pki",
    tell: async ({ name }) => ({ certificates: await issuedBy(db, `user:${name}`) }),
    erase: async (tx, { name, stands }) => ({ certificates: await renameIssuer(tx, `user:${name}`, stands) }),
  };
}
