/** Puts the people of an entry behind their pseudonyms, and takes them out again. Pure, but for the keys it is given. */
import { hideNames, mentionsIn, nameIn, openText, sealText, showNames, type Person } from "./pseudonyms.ts";

/** Members of `before` and `after` that are about a person wherever they are. */
const personal = /^(email|mail|(display|full|given|family)_?name|phone|user_?agent|remote_?address)$/i;
/** …and where the entry is about a person's account or session. */
const personalInIdentity = /^(address|ip|sub|name_?id|dn|external_?id|login|upn)$/i;
/** Members that may hold a bare name. */
const naming = /^(user|(user|login)?_?name|person|owner|title|.*_?by)$/i;

/** The values of an entry, before they become text. */
export interface Facts {
  actor: string;
  action: string;
  subject: string;
  reason?: string | undefined;
  /** Where the request came from. */
  address?: string | undefined;
  before?: unknown;
  after?: unknown;
}

/** Names of everybody whom an entry refers to as `user:<name>`, each once. */
export function namesOf({ actor, subject, before, after }: Facts): string[] {
  return gather([actor, subject, before, after], (text) => nameIn(text) ?? []);
}

/** What may be names of people in the middle of its texts (`aborted by user:ada: too late`), each once; it counts where there is such a person. */
export function mentionsOf({ reason, before, after }: Facts): string[] {
  return gather([reason, before, after], mentionsIn);
}

function gather(values: unknown[], find: (text: string) => string | string[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value === "string") for (const one of [find(value)].flat()) found.add(one);
    else if (value !== null && typeof value === "object") {
      Object.keys(value).forEach(look);
      Object.values(value).forEach(look);
    }
  };
  values.forEach(look);
  return [...found];
}

/** The same facts with pseudonyms for names, and what is personal sealed for the person it is about: the subject, or else who acts. */
export function veil(facts: Facts, people: ReadonlyMap<string, Person>): Facts {
  const all = [...people.values()];
  const [actor, subject] = [facts.actor, facts.subject].map((text) => people.get(nameIn(text) ?? ""));
  const about = subject ?? actor;
  const inIdentity = facts.action.startsWith("identity.");
  const isPersonal = (key: string): boolean => personal.test(key) || (inIdentity && personalInIdentity.test(key));
  const named = (key: string, text: string): Person | undefined =>
    naming.test(key) ? all.find(({ name }) => fold(name) === fold(text)) : undefined;
  const hide = (value: unknown, key = ""): unknown => {
    if (typeof value === "string") {
      const whose = named(key, value) ?? (isPersonal(key) ? about : undefined);
      return whose === undefined ? hideNames(value, all) : sealText(value, whose);
    }
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((item) => hide(item, key));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [hideNames(name, all), hide(item, name)]));
  };
  const from = actor ?? subject;
  return {
    ...facts,
    actor: hideNames(facts.actor, all),
    subject: hideNames(facts.subject, all),
    reason: facts.reason && hideNames(facts.reason, all),
    address: facts.address !== undefined && from !== undefined ? sealText(facts.address, from) : facts.address,
    before: hide(facts.before),
    after: hide(facts.after),
  };
}

/** A value as it was recorded, with the names of those who are still known. `people` by pseudonym. */
export function unveil<T>(value: T, people: ReadonlyMap<string, Person>): T {
  const show = (one: unknown): unknown => {
    if (typeof one === "string") return showNames(openText(one, people), people);
    if (one === null || typeof one !== "object") return one;
    if (Array.isArray(one)) return one.map(show);
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [showNames(key, people), show(item)]));
  };
  return show(value) as T;
}

/** As identity compares names. */
function fold(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}
