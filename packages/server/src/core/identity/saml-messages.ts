/** What we say to a SAML provider: the browser carries it there in the address, deflated and signed (HTTP-Redirect; SAML 2.0 Bindings, section 3.4). */
import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { SamlSettings } from "@holdfast/contract";
import { signQuery } from "./saml-signature.ts";
import { escapeXml, refuse, spaces } from "./saml-xml.ts";

/** Who says it. */
export interface Speaker {
  settings: SamlSettings;
  /** What we call ourselves to this provider. */
  entityId: string;
  acsUrl: string;
  sloUrl: string;
  privateKey: string;
  nowMs: number;
}

const formats: Record<SamlSettings["nameIdFormat"], string> = {
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
};
const postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/** An id begins with a letter or `_`; 160 random bits. */
const newMessageId = (): string => `_${randomBytes(20).toString("hex")}`;

interface Message {
  name: string;
  attributes: Record<string, string>;
  to: string;
  content: string;
}

function written({ name, attributes, to, content }: Message, { entityId, nowMs }: Speaker): string {
  const all = { Version: "2.0", IssueInstant: new Date(nowMs).toISOString(), Destination: to, ...attributes };
  const list = Object.entries(all).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const from = `<saml:Issuer>${escapeXml(entityId)}</saml:Issuer>`;
  return `<samlp:${name} xmlns:samlp="${spaces.protocol}" xmlns:saml="${spaces.assertion}"${list.join("")}>${from}${content}</samlp:${name}>`;
}

function addressed(to: string, fields: [string, string][], privateKey: string): string {
  const deflated = fields.map(([name, value]): [string, string] =>
    name === "RelayState" ? [name, value] : [name, deflateRawSync(value).toString("base64")],
  );
  const url = new URL(to);
  url.hash = "";
  return `${url.href}${url.search === "" ? "?" : "&"}${signQuery(deflated, privateKey)}`;
}

/** Where the browser goes to prove who it is; `again`: even if the provider knows it already. */
export function loginRequest(by: Speaker, { again }: { again: boolean }): { id: string; url: string } {
  const { settings, acsUrl } = by;
  const id = newMessageId();
  const attributes = {
    ID: id,
    ProtocolBinding: postBinding,
    AssertionConsumerServiceURL: acsUrl,
    ...(again ? { ForceAuthn: "true" } : {}),
  };
  const content = `<samlp:NameIDPolicy Format="${formats[settings.nameIdFormat]}" AllowCreate="true"/>`;
  const xml = written({ name: "AuthnRequest", attributes, to: settings.ssoUrl, content }, by);
  return { id, url: addressed(settings.ssoUrl, [["SAMLRequest", xml]], by.privateKey) };
}

/** Where the browser goes to sign out at the provider. */
export function logoutRequest(by: Speaker, to: string, who: { subject: string; session: string | null }): string {
  const notOnOrAfter = new Date(by.nowMs + 300_000).toISOString();
  const format = formats[by.settings.nameIdFormat];
  const session = who.session === null ? "" : `<samlp:SessionIndex>${escapeXml(who.session)}</samlp:SessionIndex>`;
  const content = `<saml:NameID Format="${format}">${escapeXml(who.subject)}</saml:NameID>${session}`;
  const xml = written({ name: "LogoutRequest", attributes: { ID: newMessageId(), NotOnOrAfter: notOnOrAfter }, to, content }, by);
  return addressed(to, [["SAMLRequest", xml]], by.privateKey);
}

/** Where the browser goes with our word that the sessions are ended. */
export function logoutResponse(by: Speaker, to: string, asked: { id: string; relayState: string | undefined }): string {
  const content = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`;
  const xml = written({ name: "LogoutResponse", attributes: { ID: newMessageId(), InResponseTo: asked.id }, to, content }, by);
  const state: [string, string][] = asked.relayState === undefined ? [] : [["RelayState", asked.relayState]];
  return addressed(to, [["SAMLResponse", xml], ...state], by.privateKey);
}

const mostBytes = 128 * 1024;

/** @throws SamlRefusal */
export function inflated(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: mostBytes });
  } catch {
    return refuse("nothing that inflates");
  }
}
