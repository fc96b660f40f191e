/**
 * What is known about a person, told and erased. Each module that keeps something about people hands over a keeper; the trail itself is one.
 * Erasing deletes the account and all that hangs on it, puts a pseudonym in the place of the name wherever else it stands, and forgets who
 * is behind that pseudonym: docs/decisions/0017-audit-pseudonyms.md.
 */
import type { Erasure, PersonExport } from "@holdfast/contract";
import { Problem, systemClock, type Clock } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import type { Audit, By } from "./index.ts";

export interface Individual {
  id: string;
  name: string;
}

/** What a module knows about people. */
export interface PersonKeeper {
  /** Its name in exports. */
  module: string;
  /** Everything, as JSON, without secrets. Undefined: nothing. */
  tell(person: Individual): Promise<unknown>;
  /**
   * Deletes it, or puts `stands` (`user:~…`) in the place of `user:<name>`; says how many of what.
   * @throws Problem when the person may not go, e.g. the last administrator
   */
  erase(tx: Tx, person: Individual & { stands: string }): Promise<Record<string, number>>;
}

export interface PrivacyDeps {
  db: Db;
  audit: Audit;
  /** The person with this id; undefined when there is none. */
  find(id: string): Promise<Individual | undefined>;
  /** In the order in which they erase. */
  keepers: readonly PersonKeeper[];
  clock?: Clock;
}

export interface Privacy {
  /** @throws Problem `privacy_person_missing` */
  tell(id: string, by: By): Promise<PersonExport>;
  /** @throws Problem `privacy_person_missing`, `privacy_not_confirmed`, and those of keepers */
  erase(wish: { id: string; confirm: string; reason: string; dryRun?: boolean }, by: By): Promise<Erasure>;
}

/** Ends the transaction of a dry run. */
class DryRun extends Error {
  readonly found: Erasure;
  constructor(found: Erasure) {
    super("dry run");
    this.found = found;
  }
}

export function createPrivacy({ db, audit, find, keepers, clock = systemClock }: PrivacyDeps): Privacy {
  const all = [...keepers, trailKeeper(audit)];

  async function mustFind(id: string): Promise<Individual> {
    const person = await find(id);
    if (person) return person;
    throw new Problem("privacy_person_missing", { kind: "missing", say: `There is no person with the id "${id}".` });
  }

  async function eraseIn(tx: Tx, person: Individual, { reason, by }: { reason: string; by: By }): Promise<Erasure> {
    const met = await audit.people.meet(tx, [person.name]);
    const pseudonym = met.get(person.name)?.pseudonym ?? "";
    const stands = `user:~${pseudonym}`;
    const erased: Erasure["erased"] = {};
    for (const keeper of all) erased[keeper.module] = await keeper.erase(tx, { ...person, stands });
    // All that stood for the person: a pseudonym without a person is one whose erasure is on record.
    const stood = (await audit.people.pseudonymsOf(person.name)).map((one) => `user:~${one}`);
    const after = { id: person.id, erased, stood: [...new Set([stands, ...stood])] };
    const facts = { action: "privacy.person.erase", subject: `user:${person.name}`, after, reason };
    await audit.record(tx, { ...by, ...facts });
    await audit.people.forget(tx, person.name);
    return { done: true, person, pseudonym: stands, erased };
  }

  return {
    async tell(id, by) {
      const person = await mustFind(id);
      const known: Record<string, unknown> = {};
      for (const keeper of all) {
        const told = await keeper.tell(person);
        if (told !== undefined) known[keeper.module] = told;
      }
      const facts = { action: "privacy.person.export", subject: `user:${person.name}` };
      await inTransaction(db, (tx) => audit.record(tx, { ...by, ...facts }));
      return { format: "holdfast.person.1", at: new Date(clock.now()).toISOString(), person, known };
    },
    async erase({ id, confirm, reason, dryRun = false }, by) {
      const person = await mustFind(id);
      if (confirm !== person.name) throw notConfirmed(person);
      try {
        return await inTransaction(db, async (tx) => {
          const found = await eraseIn(tx, person, { reason, by });
          if (dryRun) throw new DryRun({ ...found, done: false });
          return found;
        });
      } catch (thrown) {
        if (thrown instanceof DryRun) return thrown.found;
        throw thrown;
      }
    },
  };
}

/** What the person did, and what was done to them. Entries stay as they are; who stands behind them is forgotten at the end. */
function trailKeeper(audit: Audit): PersonKeeper {
  const entriesOf = async (query: { actor: string } | { subject: string }): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await audit.list({ ...query, limit: 1000, cursor });
      found.push(...page.items);
      if (page.next === undefined) return found;
      cursor = page.next;
    }
  };
  return {
    module: "audit",
    tell: async ({ name }) => ({
      did: await entriesOf({ actor: `user:${name}` }),
      wasDoneToThem: await entriesOf({ subject: `user:${name}` }),
    }),
    erase: async (_tx, { name }) => ({ pseudonyms: (await audit.people.pseudonymsOf(name)).length }),
  };
}

function notConfirmed({ id, name }: Individual): Problem {
  return new Problem("privacy_not_confirmed", {
    kind: "invalid",
    say: `The person with the id "${id}" is named "${name}"; say this name to be sure.`,
    places: [{ at: "confirm", say: "is not the person's name" }],
  });
}
