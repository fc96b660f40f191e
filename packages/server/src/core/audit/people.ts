/** Who is behind a pseudonym: kept in the database, and for a moment in this process. */
import type { Clock } from "@holdfast/kit";
import type { Db, Tx } from "#platform/db";
import { newPerson, pseudonymOf, pseudonymsIn, type Person } from "./pseudonyms.ts";
import { forgetPerson, insertPerson, personsByName, personsByPseudonym } from "./store-people.ts";

/** A person whom another process forgot is forgotten here after this long. */
const rememberMs = 5_000;
const mostRemembered = 10_000;

export interface People {
  /** Those with these names, by name; made where they are new, and gone again when `tx` rolls back. */
  meet(tx: Tx, names: readonly string[]): Promise<Map<string, Person>>;
  /** Those of these names that somebody has, by name. */
  known(tx: Tx, names: readonly string[]): Promise<Map<string, Person>>;
  /** All pseudonyms of a name. */
  pseudonymsOf(name: string): Promise<string[]>;
  /** Those whom these texts refer to, by pseudonym; without whom is forgotten. */
  behind(texts: readonly string[]): Promise<Map<string, Person>>;
  /** The pseudonyms that mean nothing from the commit on. */
  forget(tx: Tx, name: string): Promise<string[]>;
}

export function createPeople({ db, clock }: { db: Db; clock: Clock }): People {
  const remembered = new Map<string, { person: Person; until: number }>();
  /** Those whom a transaction made: another one must not use them before they are there to stay. */
  const made = new WeakMap<Tx, Map<string, Person>>();

  function recall(tx: Tx, name: string): Person | undefined {
    const kept = remembered.get(name);
    if (kept !== undefined && kept.until > clock.now()) return kept.person;
    return made.get(tx)?.get(name);
  }

  function remember(person: Person): void {
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(person.name, { person, until: clock.now() + rememberMs });
  }

  async function make(tx: Tx, name: string): Promise<Person> {
    const person = newPerson(name);
    await insertPerson(tx, person);
    const own = made.get(tx) ?? new Map<string, Person>();
    made.set(tx, own.set(name, person));
    return person;
  }

  async function known(tx: Tx, names: readonly string[]): Promise<Map<string, Person>> {
    const met = new Map<string, Person>();
    for (const name of names) {
      const person = recall(tx, name);
      if (person !== undefined) met.set(name, person);
    }
    const others = names.filter((name) => !met.has(name));
    if (others.length === 0) return met;
    for (const person of await personsByName(tx, others)) {
      if (met.has(person.name)) continue; // of several, the first
      met.set(person.name, person);
      remember(person);
    }
    return met;
  }

  return {
    known,
    async meet(tx, names) {
      const met = await known(tx, names);
      for (const name of names) if (!met.has(name)) met.set(name, await make(tx, name));
      return met;
    },
    async pseudonymsOf(name) {
      return (await personsByName(db, [name])).map(({ pseudonym }) => pseudonym);
    },
    async behind(texts) {
      const wanted = [...new Set(texts.flatMap(pseudonymsIn))];
      const found = wanted.length === 0 ? [] : await personsByPseudonym(db, wanted);
      return new Map(found.map((person) => [person.pseudonym, person]));
    },
    async forget(tx, name) {
      remembered.delete(name);
      return forgetPerson(tx, name);
    },
  };
}

/** True when the row is what it was when the pseudonym was made: somebody who puts another name into it is found out. */
export function isGenuine({ pseudonym, name, key }: Person): boolean {
  return pseudonymOf(name, key) === pseudonym;
}
