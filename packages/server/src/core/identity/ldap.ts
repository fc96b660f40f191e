/**
 * Directories (LDAP, RFC 4511; Active Directory): looked up as a service, proved by binding as the person. Nothing is said before TLS, and
 * nobody comes in without a password: a bind with an empty one succeeds and proves nothing (RFC 4513, section 5.1.2).
 */
import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import type { LdapSettings } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { Client, InvalidCredentialsError, ResultCodeError, type Entry } from "ldapts";
import type { Egress } from "#platform/egress";
import type { Proved } from "./external-identities.ts";
import type { ProviderRow } from "./store-providers.ts";

export interface Shown {
  name: string;
  password: string;
  /** Of the service that looks people up. */
  secret: string | undefined;
}

type Directory = ProviderRow & { settings: LdapSettings };

const connectMs = 5000;
const answerMs = 10_000;

/** Undefined when name or password are wrong. @throws Problem `identity_directory_unusable`, `egress_*` */
export async function proveByPassword(
  directory: Directory,
  { name, password, secret }: Shown,
  egress: Egress,
): Promise<Proved | undefined> {
  if (password === "" || name === "" || secret === undefined || secret === "") return undefined;
  const { settings } = directory;
  try {
    return await connected(settings, egress, async (service) => {
      await service.bind(settings.bindDn, secret);
      const person = await findPerson(service, settings, name);
      const holds = await mayBind(settings, egress, { dn: person?.dn, password });
      if (!person || !holds) return undefined;
      const subject = subjectOf(person, settings.idAttribute);
      if (subject === undefined) throw new Error(`${settings.idAttribute} is missing`);
      const groups = await groupsOf(service, settings, person);
      return { provider: directory, subject, name: textsOf(person[settings.nameAttribute])[0] ?? name, groups };
    });
  } catch (thrown) {
    if (thrown instanceof Problem) throw thrown;
    throw unusable(directory.name, thrown);
  }
}

async function findPerson(service: Client, settings: LdapSettings, name: string): Promise<Entry | undefined> {
  const { baseDn, userFilter, idAttribute, nameAttribute } = settings;
  const found = await service.search(baseDn, {
    scope: "sub",
    filter: fill(userFilter, "{name}", name),
    attributes: [idAttribute, nameAttribute, "memberOf"],
    explicitBufferAttributes: [idAttribute],
    sizeLimit: 2,
    derefAliases: "never",
  });
  const [person, other] = found.searchEntries;
  // Two people of one name are nobody: which of them it is would be a guess.
  return other === undefined ? person : undefined;
}

async function groupsOf(service: Client, { groupBaseDn, groupFilter }: LdapSettings, person: Entry): Promise<string[]> {
  if (groupBaseDn === undefined) return textsOf(person["memberOf"]);
  const filter = fill(groupFilter, "{dn}", person.dn);
  const found = await service.search(groupBaseDn, { scope: "sub", filter, attributes: ["1.1"], sizeLimit: 1000, derefAliases: "never" });
  return found.searchEntries.map(({ dn }) => dn);
}

/** Somebody who is not there is tried as well, under a name that nobody has, so that the answer takes as long. */
async function mayBind(
  settings: LdapSettings,
  egress: Egress,
  { dn, password }: { dn: string | undefined; password: string },
): Promise<boolean> {
  return connected(settings, egress, async (client) => {
    try {
      await client.bind(dn ?? `cn=${randomUUID()},${settings.baseDn}`, password);
      return true;
    } catch (thrown) {
      if (dn === undefined ? thrown instanceof ResultCodeError : thrown instanceof InvalidCredentialsError) return false;
      throw thrown;
    }
  });
}

/** A connection to the judged address, with the certificate checked against the name; closed afterwards. */
async function connected<T>(settings: LdapSettings, egress: Egress, work: (client: Client) => Promise<T>): Promise<T> {
  const url = new URL(settings.url);
  const { host, address, family } = await egress.judge(url.hostname);
  const at = `${url.protocol}//${family === 6 ? `[${address}]` : address}${url.port === "" ? "" : `:${url.port}`}`;
  // The name is for the certificate alone: a host here would be looked up again, and judged by nobody.
  const tls = { ca: egress.ca, host: address, ...(isIP(host) === 0 ? { servername: host } : {}), minVersion: "TLSv1.2" as const };
  const client = new Client({
    url: at,
    timeout: answerMs,
    connectTimeout: connectMs,
    strictDN: false,
    ...(url.protocol === "ldaps:" ? { tlsOptions: tls } : {}),
  });
  try {
    if (url.protocol === "ldap:") await client.startTLS(tls);
    return await work(client);
  } finally {
    await client.unbind();
  }
}

/** A filter with what somebody typed in its place, as text and nothing else (RFC 4515, section 3). */
export function fill(filter: string, mark: string, text: string): string {
  return filter.split(mark).join(escaped(text));
}

function escaped(text: string): string {
  return Array.from(Buffer.from(text, "utf8"), (byte) => {
    const letter = String.fromCodePoint(byte);
    return /[A-Za-z0-9 @._=,-]/.test(letter) ? letter : `\\${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

/** Text as it is (entryUUID); sixteen bytes of Active Directory (objectGUID) as hex. */
function subjectOf(person: Entry, attribute: string): string | undefined {
  const value = [person[attribute]].flat()[0];
  if (typeof value === "string") return value === "" ? undefined : value;
  if (value === undefined || value.length === 0) return undefined;
  return /^objectguid$/i.test(attribute) ? value.toString("hex") : value.toString("utf8");
}

function textsOf(value: Entry[string] | undefined): string[] {
  return [value]
    .flat()
    .flatMap((one) => (one === undefined || one.length === 0 ? [] : [typeof one === "string" ? one : one.toString("utf8")]));
}

function unusable(name: string, because: unknown): Problem {
  return new Problem("identity_directory_unusable", {
    kind: "unavailable",
    say: `The directory ${name} does not answer as it should; the log has the details.`,
    because,
  });
}
