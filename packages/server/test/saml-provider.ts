/** A SAML identity provider of tests: writes responses and signs them, or lies in whatever way it is asked to. */
import { createCipheriv, createSign, publicEncrypt, randomBytes, X509Certificate } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { signXml } from "@node-saml/node-saml/lib/xml.js";
import { makeOwnKey } from "../src/core/identity/saml-keys.ts";

export const issuer = "https://idp.example.net/saml";
export const sloUrl = "https://idp.example.net/slo";

/** What a response says; what is left out is what it should say. */
export interface Said {
  nowMs: number;
  /** Of us: acs, audience. */
  acsUrl: string;
  entityId: string;
  /** Undefined: the provider began. */
  answers: string | undefined;
  subject?: string;
  nameFormat?: string;
  issuer?: string;
  assertionId?: string;
  audience?: string;
  recipient?: string;
  destination?: string;
  envelopeAnswers?: string;
  status?: string;
  issuedMs?: number;
  fromMs?: number;
  untilMs?: number;
  confirmedUntilMs?: number;
  provedMs?: number;
  context?: string;
  groups?: string[];
  session?: string;
  /** Instead of the conditions. */
  conditions?: string;
  /** Instead of the confirmation. */
  confirmation?: string;
}

export interface Key {
  privateKey: string;
  certificate: string;
}

type Part = "assertion" | "response";
type Algorithm = "sha1" | "sha256" | "sha512";

export const newKey = (nowMs: number): Promise<Key> => makeOwnKey("test", nowMs);
export const base64 = (xml: string): string => Buffer.from(xml).toString("base64");

let count = 0;
const instant = (ms: number): string => new Date(ms).toISOString();
const minute = 60_000;

export function assertionOf(said: Said): string {
  const { nowMs, acsUrl, entityId, answers, subject = "ada-at-idp", groups = ["netops"] } = said;
  const { issuedMs = nowMs, fromMs = nowMs - minute, untilMs = nowMs + 5 * minute } = said;
  const id = said.assertionId ?? `_a${count++}`;
  const audience = `<saml:AudienceRestriction><saml:Audience>${said.audience ?? entityId}</saml:Audience></saml:AudienceRestriction>`;
  const format = said.nameFormat ?? "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
  const values = groups.map((group) => `<saml:AttributeValue>${group}</saml:AttributeValue>`).join("");
  const to = `Recipient="${said.recipient ?? acsUrl}" NotOnOrAfter="${instant(said.confirmedUntilMs ?? untilMs)}"`;
  const request = answers === undefined ? "" : ` InResponseTo="${answers}"`;
  const confirmation =
    said.confirmation ??
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData ${to}${request}/></saml:SubjectConfirmation>`;
  const context = said.context ?? "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${instant(issuedMs)}">`,
    `<saml:Issuer>${said.issuer ?? issuer}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${format}">${subject}</saml:NameID>${confirmation}</saml:Subject>`,
    said.conditions ?? `<saml:Conditions NotBefore="${instant(fromMs)}" NotOnOrAfter="${instant(untilMs)}">${audience}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${instant(said.provedMs ?? nowMs)}" SessionIndex="${said.session ?? "s1"}">`,
    `<saml:AuthnContext><saml:AuthnContextClassRef>${context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement><saml:Attribute Name="groups">${values}</saml:Attribute>`,
    `<saml:Attribute Name="login"><saml:AttributeValue>ada</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
    `</saml:Assertion>`,
  ].join("");
}

/** Around assertions, or whatever is put there. */
export function responseOf(said: Said, content: string): string {
  const { nowMs, acsUrl, answers } = said;
  const request = said.envelopeAnswers ?? answers;
  const attributes = [
    `ID="_r${count++}" Version="2.0" IssueInstant="${instant(said.issuedMs ?? nowMs)}" Destination="${said.destination ?? acsUrl}"`,
    ...(request === undefined ? [] : [`InResponseTo="${request}"`]),
  ];
  const status = `<samlp:Status><samlp:StatusCode Value="${said.status ?? "urn:oasis:names:tc:SAML:2.0:status:Success"}"/></samlp:Status>`;
  const from = `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${said.issuer ?? issuer}</saml:Issuer>`;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes.join(" ")}>${from}${status}${content}</samlp:Response>`;
}

/** The document with a signature over its root, or over the assertion in it. */
export function signed(
  xml: string,
  key: Key,
  { part = "assertion", algorithm = "sha256" }: { part?: Part; algorithm?: Algorithm } = {},
): string {
  const named = (name: string) => `*[local-name(.)='${name}']`;
  const element = part === "assertion" ? `//${named("Assertion")}` : "/*";
  const options = { privateKey: key.privateKey, publicCert: key.certificate, signatureAlgorithm: algorithm, digestAlgorithm: algorithm };
  return signXml(xml, element, { reference: `${element}/${named("Issuer")}`, action: "after" }, options);
}

/** As it should be. */
export function good(said: Said, key: Key): string {
  return signed(responseOf(said, assertionOf(said)), key);
}

export function requestIn(url: string): { id: string; xml: string; query: string } {
  const { searchParams, search } = new URL(url);
  const xml = inflateRawSync(Buffer.from(searchParams.get("SAMLRequest") ?? "", "base64")).toString();
  return { id: / ID="([^"]+)"/.exec(xml)?.[1] ?? "", xml, query: search.slice(1) };
}

export interface LogoutSaid {
  nowMs: number;
  destination: string;
  subject?: string;
  session?: string;
  issuer?: string;
  id?: string;
  issuedMs?: number;
}

export function logoutXml(said: LogoutSaid): string {
  const id = said.id ?? `_l${count++}`;
  const attributes = `ID="${id}" Version="2.0" IssueInstant="${instant(said.issuedMs ?? said.nowMs)}" Destination="${said.destination}"`;
  const session = said.session === undefined ? "" : `<samlp:SessionIndex>${said.session}</samlp:SessionIndex>`;
  const spaces = `xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`;
  const who = `<saml:Issuer>${said.issuer ?? issuer}</saml:Issuer><saml:NameID>${said.subject ?? "ada-at-idp"}</saml:NameID>`;
  return `<samlp:LogoutRequest ${spaces} ${attributes}>${who}${session}</samlp:LogoutRequest>`;
}

/** A message in a query, signed (HTTP-Redirect). */
export function inQuery(
  xml: string,
  key: Key,
  { hash = "SHA256", relayState }: { hash?: "SHA1" | "SHA256"; relayState?: string } = {},
): string {
  const algorithm = hash === "SHA1" ? "http://www.w3.org/2000/09/xmldsig#rsa-sha1" : "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
  const fields = {
    SAMLRequest: deflateRawSync(xml).toString("base64"),
    ...(relayState === undefined ? {} : { RelayState: relayState }),
    SigAlg: algorithm,
  };
  const query = Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
  const signature = createSign(`RSA-${hash}`).update(query).sign(key.privateKey, "base64");
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}

function sealedBy(key: Buffer, iv: Buffer, text: string): Buffer[] {
  const made = createCipheriv("aes-256-gcm", key, iv);
  return [made.update(text), made.final(), made.getAuthTag()];
}

function scrambledBy(key: Buffer, iv: Buffer, text: string): Buffer[] {
  const made = createCipheriv("aes-256-cbc", key, iv);
  return [made.update(text), made.final()];
}

/** An assertion that only the holder of the certificate's key can read. */
export function encryptedFor(
  certificate: string,
  assertion: string,
  { cipher = "aes256-gcm" }: { cipher?: "aes256-gcm" | "aes256-cbc" } = {},
): string {
  const [key, iv] = [randomBytes(32), randomBytes(cipher === "aes256-gcm" ? 12 : 16)];
  const content = [iv, ...(cipher === "aes256-gcm" ? sealedBy(key, iv, assertion) : scrambledBy(key, iv, assertion))];
  const wrapped = publicEncrypt({ key: new X509Certificate(certificate).publicKey, oaepHash: "sha1" }, key);
  const algorithm = cipher === "aes256-gcm" ? "http://www.w3.org/2009/xmlenc11#aes256-gcm" : "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
  const value = (bytes: Buffer) => `<xenc:CipherData><xenc:CipherValue>${bytes.toString("base64")}</xenc:CipherValue></xenc:CipherData>`;
  return [
    `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">`,
    `<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="${algorithm}"/>`,
    `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>`,
    `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>${value(wrapped)}</xenc:EncryptedKey></ds:KeyInfo>`,
    `${value(Buffer.concat(content))}</xenc:EncryptedData></saml:EncryptedAssertion>`,
  ].join("");
}
