/**
 * Names of people in entries. An entry holds a pseudonym (`user:~<32 hex>`), HMAC-SHA256 of the name under a key that only the database's row
 * of that person holds; texts about a person are sealed under that key. When the row is forgotten, nothing of it can be read any more, and no
 * guess at the name can be checked, while the entry, its hash and the chain stay as they were.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

export interface Person {
  pseudonym: string;
  name: string;
  /** 32 bytes. */
  key: Buffer;
}

/** Names that identity gives to users; `user:(unknown)` is nobody. */
const reference = /^user:([\p{L}\p{N}][\p{L}\p{M}\p{N} ._@-]{0,99})$/u;
const mention = /user:(?=([\p{L}\p{N}][\p{L}\p{M}\p{N} ._@-]{0,99}))/gu;
const pseudonymReference = /user:~([0-9a-f]{32})/g;
const sealedText = /^~([0-9a-f]{32}):([\w-]{38,})$/;
const [nonceBytes, tagBytes] = [12, 16];

export function newPerson(name: string): Person {
  const key = randomBytes(32);
  return { pseudonym: pseudonymOf(name, key), name, key };
}

/** 128 bits: nobody finds another name with the same one. */
export function pseudonymOf(name: string, key: Buffer): string {
  return createHmac("sha256", key).update(`holdfast person\n${name}`, "utf8").digest("hex").slice(0, 32);
}

/** The name when a text is `user:<name>`, and nothing else. */
export function nameIn(text: string): string | undefined {
  return reference.exec(text)?.[1];
}

/** What may be a name after `user:` in the middle of a text, the longest first: a name may have spaces, and nothing says where it ends. */
export function mentionsIn(text: string): string[] {
  return [...text.matchAll(mention)].flatMap(([, longest = ""]) => {
    const ends = [...longest.matchAll(/(?<![ .])(?=[ .]|$)/gu)].map(({ index }) => longest.slice(0, index));
    return ends.filter((name) => name !== "").toReversed();
  });
}

/** A regular expression of PostgreSQL that finds an actor (`user:ada`) in the middle of texts, and not the beginning of a longer name. */
export function actorPattern(actor: string): string {
  return `${actor.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![ ._@-]?[[:alnum:]])`;
}

/** All pseudonyms in a text: references and sealed texts. */
export function pseudonymsIn(text: string): string[] {
  return [...text.matchAll(/~([0-9a-f]{32})\b/g)].flatMap(([, found]) => found ?? []);
}

/** `user:ada` becomes `user:~…`, also in the middle of a text, for those people. */
export function hideNames(text: string, people: readonly Person[]): string {
  const longestFirst = people.toSorted((a, b) => b.name.length - a.name.length);
  return longestFirst.reduce((hidden, { name, pseudonym }) => hideOne(hidden, name, pseudonym), text);
}

function hideOne(text: string, name: string, pseudonym: string): string {
  if (!text.includes(`user:${name}`)) return text;
  // Not the beginning of a longer name.
  return text
    .split(`user:${name}`)
    .reduce((built, rest) => built + (/^[\p{L}\p{M}\p{N}_@-]/u.test(rest) ? `user:${name}` : `user:~${pseudonym}`) + rest);
}

/** The other way; who was forgotten stays a pseudonym. */
export function showNames(text: string, people: ReadonlyMap<string, Person>): string {
  return text.replaceAll(pseudonymReference, (whole, pseudonym: string) => {
    const person = people.get(pseudonym);
    return person === undefined ? whole : `user:${person.name}`;
  });
}

/** A text about a person, readable as long as the person is known. AES-256-GCM, bound to the pseudonym. */
export function sealText(text: string, { pseudonym, key }: Person): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(pseudonym));
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `~${pseudonym}:${sealed.toString("base64url")}`;
}

/** What was sealed; `[erased]` when the person is forgotten; any other text as it is. */
export function openText(text: string, people: ReadonlyMap<string, Person>): string {
  const [, pseudonym = "", body = ""] = sealedText.exec(text) ?? [];
  if (body === "") return text;
  const person = people.get(pseudonym);
  return person === undefined ? "[erased]" : (opened(Buffer.from(body, "base64url"), person) ?? text);
}

/** Undefined for what only looks sealed: it was put into the entry like that. */
function opened(sealed: Buffer, { pseudonym, key }: Person): string | undefined {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(pseudonym)).setAuthTag(sealed.subarray(-tagBytes));
    return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return undefined;
  }
}
