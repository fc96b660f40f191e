/**
 * References to secrets that are kept in Vault and read there at each use:
 *
 *     vault:<mount>/<path>[?version=<n>][&username=<name>][#<field>]
 *
 * Without a field the secret's fields are the credential (`username` and `password`, or `private_key` …). With one, that field is the
 * password (or the private key, when it is one), and the user name is the field `username` unless the reference says another.
 */
import { secretValue, type SecretValue } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";

export interface Reference {
  /** As it was written. */
  text: string;
  /** `<mount>/<path>`. */
  path: string;
  version?: number;
  username?: string;
  field?: string;
}

const form = /^vault:([^?#\s]{3,300})(?:\?([^#\s]{1,200}))?(?:#([^\s#]{1,100}))?$/;

export function isReference(name: string): boolean {
  return name.startsWith("vault:");
}

/** @throws Problem `secrets_reference_invalid` */
export function parseReference(text: string): Reference {
  const [, path = "", query = "", field] = form.exec(text) ?? [];
  const parameters = new URLSearchParams(query);
  const [version, username] = [parameters.get("version"), parameters.get("username")];
  const strange = [...parameters.keys()].some((key) => key !== "version" && key !== "username");
  const fair = path.includes("/") && path.split("/").every((segment) => segment !== "" && !segment.endsWith("."));
  if (!fair || strange || (version !== null && !/^[1-9]\d{0,8}$/.test(version)) || username === "") throw notAReference();
  return {
    text,
    path,
    ...(version === null ? {} : { version: Number(version) }),
    ...(username === null ? {} : { username }),
    ...(field === undefined ? {} : { field }),
  };
}

/** The operator's list of what references may name: a path is allowed when one of the beginnings is its beginning, at a slash. */
export function isAllowed(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => path === beginning || path.startsWith(beginning.endsWith("/") ? beginning : `${beginning}/`));
}

type Fields = Record<string, unknown>;

/** Fields as they are kept in Vault: flat, named as people name them there. */
export function toFields(value: SecretValue): Record<string, string> {
  const entries = Object.entries(withoutUndefined(value));
  return Object.fromEntries(entries.map(([key, text]) => [key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), text]));
}

/** The credential in a secret's fields. @throws Problem `secrets_reference_fields`, naming no value */
export function toValue(fields: Fields, reference: Omit<Reference, "text" | "path"> & { text: string }): SecretValue {
  const named = new Map(Object.entries(fields).map(([key, value]) => [plain(key), value]));
  const text = (...keys: string[]): string | undefined =>
    keys.map((key) => named.get(plain(key))).find((found) => typeof found === "string");
  const username = reference.username ?? text("username", "user", "login");
  const chosen = reference.field === undefined ? undefined : fields[reference.field];
  if (reference.field !== undefined && typeof chosen !== "string") throw fieldMissing(reference.text, reference.field);
  const candidate = {
    kind: text("kind"),
    username,
    password: text("password", "pass"),
    enablePassword: text("enable_password", "enable", "enable_secret"),
    privateKey: text("private_key", "ssh_key", "key"),
    passphrase: text("passphrase"),
    principal: text("principal"),
    token: text("token"),
    knownHosts: text("known_hosts"),
  };
  const parsed = secretValue.safeParse(shaped(candidate, typeof chosen === "string" ? chosen : undefined));
  if (parsed.success) return parsed.data;
  throw new Problem("secrets_reference_fields", {
    kind: "not_ready",
    say: `The fields of ${reference.text} make no credential: they need username and password, or username and private_key. Name the field with #, and the user with ?username=.`,
  });
}

type Candidate = Record<
  "kind" | "username" | "password" | "enablePassword" | "privateKey" | "passphrase" | "principal" | "token" | "knownHosts",
  string | undefined
>;

/** What kind of credential it is, when the fields do not say: a key before a password. */
function shaped(candidate: Candidate, chosen: string | undefined): unknown {
  const { kind, ...rest } = candidate;
  const all = withoutUndefined(rest);
  if (chosen !== undefined)
    return chosen.startsWith("-----BEGIN ")
      ? { ...all, kind: "ssh_key", privateKey: chosen }
      : { ...all, kind: "password", password: chosen };
  if (kind !== undefined) return { ...all, kind };
  if (rest.knownHosts !== undefined) return { ...all, kind: "git_ssh" };
  if (rest.privateKey !== undefined) return { ...all, kind: "ssh_key" };
  return { ...all, kind: rest.password === undefined && rest.token !== undefined ? "git_https" : "password" };
}

function withoutUndefined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** `privateKey`, `private_key` and `private-key` are one. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, "");
}

function notAReference(): Problem {
  return new Problem("secrets_reference_invalid", {
    kind: "invalid",
    say: "A reference is vault:<mount>/<path>, then ?version=<n> or ?username=<name> if need be, then #<field> if need be.",
  });
}

function fieldMissing(text: string, field: string): Problem {
  return new Problem("secrets_reference_fields", { kind: "not_ready", say: `${text} has no field ${field} with a text in it.` });
}
