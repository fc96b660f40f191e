/** Every part that knows something about people, for what is told to them and erased. */
import { actorPattern, createPrivacy, type Audit, type PersonKeeper, type Privacy } from "#core/audit";
import { createFindingsPersonKeeper } from "#core/findings";
import { createPersonKeeper } from "#core/identity";
import { createPkiPersonKeeper } from "#core/pki";
import { createRolloutPersonKeeper } from "#core/rollout";
import { createSecretsPersonKeeper } from "#core/secrets";
import { createDevicesPersonKeeper } from "#domains/devices";
import type { Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import { forget } from "#platform/forget";

/** Identity erases first, because it says who must stay. */
export function privacyOf({ db, audit, clock }: { db: Db; audit: Audit; clock: Clock }): Privacy {
  const people = createPersonKeeper(db);
  const keepers = [
    people,
    createSecretsPersonKeeper(db),
    createPkiPersonKeeper(db),
    createFindingsPersonKeeper(db),
    createRolloutPersonKeeper(db),
    createDevicesPersonKeeper(db),
    platformKeeper,
  ];
  return createPrivacy({ db, audit, clock, keepers, find: (id) => people.find(id) });
}

/** Events and kept answers repeat for a few days what others tell for good, so they are erased, and not told a second time. */
const platformKeeper: PersonKeeper = {
  module: "platform",
  tell: () => Promise.resolve(undefined),
  erase: (tx, { id, name, stands }) => forget(tx, { principal: id, name, pattern: actorPattern(`user:${name}`), stands }),
};
