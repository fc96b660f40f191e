/** What identity knows about a person, and how it forgets them: with the account goes everything that hangs on it. */
import type { PersonKeeper } from "#core/audit";
import { Problem } from "@holdfast/kit";
import type { Db } from "#platform/db";
import { accountBucket, addressBucket } from "./attempts.ts";
import { addressesOf, deleteAttempts, deleteUser, everythingOf } from "./store-person-keeper.ts";
import * as store from "./store.ts";

export function createPersonKeeper(db: Db): PersonKeeper & { find(id: string): Promise<{ id: string; name: string } | undefined> } {
  return {
    module: "identity",
    async find(id) {
      const user = await store.findUser(db, id);
      return user?.kind === "person" ? { id: user.id, name: user.name } : undefined;
    },
    tell: ({ id }) => everythingOf(db, id),
    async erase(tx, { id, name }) {
      await store.lockAdmins(tx);
      const admins = await store.countAdmins(tx);
      const had = await everythingOf(tx, id);
      const counters = [accountBucket(name), ...(await addressesOf(tx, id)).map(addressBucket)];
      await deleteAttempts(tx, { counters, naming: [id, `user:${name}`] });
      await deleteUser(tx, id);
      if (admins > 0 && (await store.countAdmins(tx)) === 0) throw lastAdmin(name);
      return Object.fromEntries(Object.entries(had).map(([table, rows]) => [table, rows.length]));
    },
  };
}

function lastAdmin(name: string): Problem {
  return new Problem("identity_last_admin", {
    kind: "conflict",
    say: `"${name}" is the last administrator who can sign in; make another one first.`,
  });
}
