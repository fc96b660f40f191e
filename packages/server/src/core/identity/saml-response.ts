/** Whether a response of a SAML provider proves somebody, and whom (SAML 2.0 Profiles, section 4.1.4). Decides; signatures were checked before. */
import type { SamlSettings } from "@holdfast/contract";
import { childOf, childrenOf, leafText, mustChild, refuse, type Xml } from "./saml-xml.ts";

/** What it has to fit. */
export interface Expected {
  settings: SamlSettings;
  /** What we call ourselves to this provider. */
  entityId: string;
  acsUrl: string;
  nowMs: number;
}

/** Whom an assertion proves. */
export interface Asserted {
  assertionId: string;
  subject: string;
  name: string;
  groups: string[];
  /** The provider's name of the session. */
  session: string | undefined;
  /** How it was proved there. */
  contexts: string[];
  provedAt: number;
  /** The request that it answers; undefined when the provider began. */
  answers: string | undefined;
  /** After this nobody takes it any more; milliseconds since 1970. */
  endsAt: number;
}

/** How far clocks may differ. */
export const skewMs = 60_000;
const longestMs = 24 * 3_600_000;
const freshMs = 10 * 60_000;
const names = "urn:oasis:names:tc:SAML:";
const success = `${names}2.0:status:Success`;
const bearer = `${names}2.0:cm:bearer`;
const transient = `${names}2.0:nameid-format:transient`;
const mostGroups = 2000;
const longestName = 255;

/** Of the envelope, which need not be signed: so it can refuse, and prove nothing. @throws SamlRefusal */
export function checkEnvelope(response: Xml, { acsUrl, settings, nowMs }: Expected, { signed }: { signed: boolean }): void {
  if (response.attributes.get("Version") !== "2.0") refuse("another version of SAML");
  const destination = response.attributes.get("Destination");
  if (destination === undefined ? signed : destination !== acsUrl) refuse("another destination");
  checkIssuer(childOf(response, "assertion", "Issuer"), settings.entityId);
  const code = mustChild(mustChild(response, "protocol", "Status"), "protocol", "StatusCode").attributes.get("Value");
  if (code !== success) refuse("a status that is no success");
  checkIssued(response, nowMs);
}

/** @throws SamlRefusal */
export function judgeAssertion(assertion: Xml, response: Xml, expected: Expected): Asserted {
  const { settings, nowMs } = expected;
  if (assertion.attributes.get("Version") !== "2.0") refuse("another version of SAML");
  checkIssuer(mustChild(assertion, "assertion", "Issuer"), settings.entityId);
  checkIssued(assertion, nowMs);
  const subject = mustChild(assertion, "assertion", "Subject");
  const confirmed = confirmationOf(subject, expected);
  if (confirmed.answers !== response.attributes.get("InResponseTo")) refuse("an envelope for another request");
  if (confirmed.answers === undefined && !settings.allowUnasked) refuse("a sign-in that nobody began here");
  checkConditions(mustChild(assertion, "assertion", "Conditions"), expected);
  const told = attributesOf(assertion);
  const nameId = nameOf(subject);
  return {
    assertionId: assertion.attributes.get("ID") ?? refuse("no ID"),
    subject: nameId,
    name: (settings.nameAttribute === undefined ? undefined : told.get(settings.nameAttribute)?.[0]) ?? nameId,
    groups: (told.get(settings.groupsAttribute) ?? []).slice(0, mostGroups),
    ...statementOf(assertion, nowMs),
    ...confirmed,
  };
}

/** What a provider calls a person. @throws SamlRefusal */
export function nameOf(parent: Xml): string {
  const nameId = mustChild(parent, "assertion", "NameID");
  if (nameId.attributes.get("Format") === transient) refuse("a name for one time only");
  const name = leafText(nameId);
  return name !== "" && name.length <= longestName ? name : refuse("no name, or one that is too long");
}

/** @throws SamlRefusal */
export function checkIssuer(issuer: Xml | undefined, entityId: string): void {
  if (issuer && leafText(issuer) !== entityId) refuse("another issuer");
}

/** Not of another day, and not of one to come. @throws SamlRefusal */
export function checkIssued(message: Xml, nowMs: number): void {
  const at = instantOf(message, "IssueInstant") ?? refuse("no IssueInstant");
  if (at > nowMs + skewMs || at < nowMs - freshMs) refuse("issued at another time");
}

function confirmationOf(subject: Xml, { acsUrl, nowMs }: Expected): { answers: string | undefined; endsAt: number } {
  const bearers = childrenOf(subject, "assertion", "SubjectConfirmation").filter(({ attributes }) => attributes.get("Method") === bearer);
  const [only, another] = bearers;
  if (!only || another) return refuse("no bearer, or two");
  const about = mustChild(only, "assertion", "SubjectConfirmationData");
  if (about.attributes.get("Recipient") !== acsUrl) refuse("another recipient");
  const endsAt = instantOf(about, "NotOnOrAfter") ?? refuse("no end");
  if (endsAt + skewMs <= nowMs) refuse("out of date");
  if (endsAt > nowMs + longestMs) refuse("an end that is too far away");
  const from = instantOf(about, "NotBefore");
  if (from !== undefined && from > nowMs + skewMs) refuse("not yet");
  return { answers: about.attributes.get("InResponseTo"), endsAt: endsAt + skewMs };
}

const knownConditions = new Set(["AudienceRestriction", "OneTimeUse", "ProxyRestriction"]);

function checkConditions(conditions: Xml, { nowMs, entityId }: Expected): void {
  const [from, until] = [instantOf(conditions, "NotBefore"), instantOf(conditions, "NotOnOrAfter")];
  if (from !== undefined && from > nowMs + skewMs) refuse("not yet");
  if (until !== undefined && until + skewMs <= nowMs) refuse("out of date");
  if (conditions.children.some(({ name }) => !knownConditions.has(name))) refuse("a condition that we do not know");
  const audiences = childrenOf(conditions, "assertion", "AudienceRestriction");
  const meant = (restriction: Xml) => childrenOf(restriction, "assertion", "Audience").map(leafText).includes(entityId);
  if (audiences.length === 0 || !audiences.every(meant)) refuse("for another audience");
}

function statementOf(assertion: Xml, nowMs: number): Pick<Asserted, "session" | "contexts" | "provedAt"> {
  const statement = mustChild(assertion, "assertion", "AuthnStatement");
  const provedAt = instantOf(statement, "AuthnInstant") ?? refuse("no AuthnInstant");
  if (provedAt > nowMs + skewMs) refuse("proved in times to come");
  const ends = instantOf(statement, "SessionNotOnOrAfter");
  if (ends !== undefined && ends + skewMs <= nowMs) refuse("a session that is over");
  const context = childOf(statement, "assertion", "AuthnContext");
  const kinds = context ? childrenOf(context, "assertion", "AuthnContextClassRef").map(leafText) : [];
  const session = statement.attributes.get("SessionIndex");
  if (session !== undefined && session.length > longestName) refuse("a name of the session that is too long");
  return { session, contexts: kinds, provedAt };
}

function attributesOf(assertion: Xml): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, "assertion", "AttributeStatement")) {
    for (const attribute of childrenOf(statement, "assertion", "Attribute")) {
      const name = attribute.attributes.get("Name") ?? "";
      const values = childrenOf(attribute, "assertion", "AttributeValue").filter(({ children }) => children.length === 0);
      const texts = values.map(leafText).filter((text) => text !== "");
      told.set(name, [...(told.get(name) ?? []), ...texts]);
    }
  }
  return told;
}

/** Instants of SAML are of UTC (SAML 2.0 Core, section 1.3.3). @throws SamlRefusal */
export function instantOf(xml: Xml, name: string): number | undefined {
  const text = xml.attributes.get(name);
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? refuse(`a ${name} that is no instant`) : at;
}

/** What of a logout request says whose session ends. @throws SamlRefusal */
export function logoutOf(request: Xml, { settings, sloUrl, nowMs }: { settings: SamlSettings; sloUrl: string; nowMs: number }) {
  if (request.attributes.get("Version") !== "2.0") refuse("another version of SAML");
  if (request.attributes.get("Destination") !== sloUrl) refuse("another destination");
  checkIssuer(mustChild(request, "assertion", "Issuer"), settings.entityId);
  checkIssued(request, nowMs);
  const ends = instantOf(request, "NotOnOrAfter");
  if (ends !== undefined && ends + skewMs <= nowMs) refuse("out of date");
  const sessions = childrenOf(request, "protocol", "SessionIndex").map(leafText);
  return { id: request.attributes.get("ID") ?? refuse("no ID"), subject: nameOf(request), sessions, endsAt: nowMs + freshMs + skewMs };
}
