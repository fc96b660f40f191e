/** From what somebody asks for to what the database is asked: names become pseudonyms, free text becomes words. */
import { actionsOfType, type AuditSeverity, type AuditType } from "@holdfast/contract";
import { plainText } from "./canonical.ts";
import type { People } from "./people.ts";
import { nameIn } from "./pseudonyms.ts";
import type { EntryQuery } from "./store.ts";

/** What can be asked of the trail. All that is told has to hold. */
export interface AuditFilter {
  /** `user:<name>` or `system:<what>`. */
  actor?: string | undefined;
  /** Exact, or a beginning when it ends in `.` or `*`. */
  action?: string | undefined;
  type?: AuditType | undefined;
  /** `<kind>:<id>`. */
  subject?: string | undefined;
  severity?: AuditSeverity | undefined;
  /** ISO 8601: not before this, and before that. */
  since?: string | undefined;
  until?: string | undefined;
  /** Words of the entry, in any order, whatever the case; the last may be the beginning of one. */
  q?: string | undefined;
}

export async function queryOf(filter: AuditFilter, people: Pick<People, "pseudonymsOf">): Promise<Omit<EntryQuery, "limit" | "before">> {
  const { actor, action, type, subject, severity, since, until, q } = filter;
  return {
    actors: actor === undefined ? undefined : await behind(plainText(actor), people),
    subjects: subject === undefined ? undefined : await behind(plainText(subject), people),
    action: action === undefined ? undefined : plainText(action),
    actions: type === undefined ? undefined : actionsOfType(type),
    severity,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
    ...(q === undefined || q.trim() === "" ? {} : await wordsOf(plainText(q), people)),
  };
}

/** How entries name this actor or subject. The name itself, too: entries from before there were pseudonyms have it. */
async function behind(text: string, people: Pick<People, "pseudonymsOf">): Promise<string[]> {
  const name = nameIn(text);
  if (name === undefined) return [text];
  return [text, ...(await people.pseudonymsOf(name)).map((pseudonym) => `user:~${pseudonym}`)];
}

/** Characters that divide words in the database, too. */
// eslint-disable-next-line no-control-regex -- all of ASCII but letters and digits
const dividers = /[\s\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+/;

/** Each term's words have to be there; a term with other characters in it has to be there as it is, too. */
async function wordsOf(text: string, people: Pick<People, "pseudonymsOf">): Promise<Pick<EntryQuery, "words" | "texts">> {
  const terms = text.split(/\s+/).filter((term) => term !== "");
  const asked: string[] = [];
  const texts: string[] = [];
  for (const [at, term] of terms.entries()) {
    const words = term.split(dividers).filter((word) => word !== "");
    const pseudonyms = await people.pseudonymsOf(nameIn(term) ?? term);
    // A beginning makes the database gather all words that begin like that; for the last one, which may still be being typed, that is worth it.
    const plain = words.map((word, no) => quote(word) + (at === terms.length - 1 && no === words.length - 1 ? ":*" : "")).join(" & ");
    asked.push(`(${[...(plain === "" ? [] : [`(${plain})`]), ...pseudonyms.map(quote)].join(" | ")})`);
    if (words.length > 1 && pseudonyms.length === 0) texts.push(JSON.stringify(term).slice(1, -1));
    if (words.length === 0) texts.push(JSON.stringify(term).slice(1, -1));
  }
  const words = asked.filter((one) => one !== "()").join(" & ");
  return { ...(words === "" ? {} : { words }), texts };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
}
