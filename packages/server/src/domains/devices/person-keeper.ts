/** Repositories whose newest commit a person wrote, as far as Git's author has their name. */
import type { PersonKeeper } from "#core/audit";
import type { Db } from "#platform/db";
import { forgetAuthor, writtenBy } from "./store-person-keeper.ts";

export function createDevicesPersonKeeper(db: Db): PersonKeeper {
  return {
    module: "devices",
    tell: async ({ name }) => ({ newestCommits: await writtenBy(db, name) }),
    erase: async (tx, { name, stands }) => ({ newestCommits: await forgetAuthor(tx, name, stands) }),
  };
}
