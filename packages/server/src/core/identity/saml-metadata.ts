/** What a SAML provider says of itself, and what it has to be told of us (SAML 2.0 Metadata). */
import type { ProviderMetadata } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { certificateOf } from "./saml-signature.ts";
import { childOf, childrenOf, escapeXml, isNamed, leafText, readXml, SamlRefusal, spaces, type Xml } from "./saml-xml.ts";

const redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/** Metadata is read for an administrator only; some is long, and some has comments in it. */
const limits = { bytes: 512 * 1024, elements: 10_000 };

/** What to keep of a provider's metadata. A signature over it is not looked at: whoever gives it says whom we trust. @throws Problem `identity_metadata_invalid` */
export async function readMetadata(xml: string): Promise<ProviderMetadata> {
  try {
    const root = await readXml(xml.replace(/^\uFEFF/, "").replaceAll(/<!--.*?-->/gs, ""), limits);
    const found = isNamed(root, ["metadata", "EntityDescriptor"]) ? [root] : childrenOf(root, "metadata", "EntityDescriptor");
    const providers = found.filter((one) => childrenOf(one, "metadata", "IDPSSODescriptor").length > 0);
    const [only, another] = providers;
    if (!only || another) throw unreadable(`it describes ${providers.length} identity providers, and has to describe one`);
    return settingsOf(only);
  } catch (thrown) {
    if (thrown instanceof SamlRefusal) throw unreadable(thrown.message);
    throw thrown;
  }
}

function settingsOf(entity: Xml): ProviderMetadata {
  const about = childOf(entity, "metadata", "IDPSSODescriptor");
  const entityId = entity.attributes.get("entityID") ?? "";
  const ssoUrl = about && locationOf(about, "SingleSignOnService");
  const sloUrl = about && locationOf(about, "SingleLogoutService");
  if (!about || entityId === "") throw unreadable("it has no entityID");
  if (ssoUrl === undefined) throw unreadable("it has no SingleSignOnService by HTTP-Redirect");
  const certificates = certificatesOf(about);
  if (certificates.length === 0) throw unreadable("it has no signing certificate of an RSA key of 2048 bits or more");
  return {
    settings: { entityId, ssoUrl, ...(sloUrl === undefined ? {} : { sloUrl }), certificates },
    certificates: certificates.flatMap(shownCertificate),
  };
}

function locationOf(about: Xml, service: string): string | undefined {
  const found = childrenOf(about, "metadata", service).find(({ attributes }) => attributes.get("Binding") === redirect);
  const location = found?.attributes.get("Location") ?? "";
  return URL.canParse(location) && /^https?:/.test(location) ? location : undefined;
}

function certificatesOf(about: Xml): string[] {
  const keys = childrenOf(about, "metadata", "KeyDescriptor").filter(
    ({ attributes }) => (attributes.get("use") ?? "signing") === "signing",
  );
  const texts = keys
    .flatMap((key) => childrenOf(key, "signature", "KeyInfo"))
    .flatMap((key) => childrenOf(key, "signature", "X509Data"))
    .flatMap((key) => childrenOf(key, "signature", "X509Certificate"))
    .map(leafText);
  return [...new Set(texts.flatMap((text) => certificateOf(text)?.pem ?? []))].slice(0, 8);
}

/** For people to compare. Empty for what is none. */
export function shownCertificate(text: string): ProviderMetadata["certificates"] {
  const parsed = certificateOf(text)?.parsed;
  if (!parsed) return [];
  const sha256 = parsed.fingerprint256.replaceAll(":", "").toLowerCase();
  return [{ subject: parsed.subject.replaceAll("\n", ", "), sha256, expiresAt: parsed.validToDate.toISOString() }];
}

export interface OurSide {
  entityId: string;
  acsUrl: string;
  sloUrl: string;
  /** PEM. */
  certificate: string;
}

/** What a provider has to be told of us. */
export function ownMetadata({ entityId, acsUrl, sloUrl, certificate }: OurSide): string {
  const base64 = certificate.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, "");
  const info = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const at = (binding: string, location: string) => `Binding="${binding}" Location="${escapeXml(location)}"`;
  const parts = [
    `<md:KeyDescriptor use="signing">${info}</md:KeyDescriptor>`,
    `<md:KeyDescriptor use="encryption">${info}`,
    `<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>`,
    `<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/></md:KeyDescriptor>`,
    `<md:SingleLogoutService ${at(redirect, sloUrl)}/>`,
    `<md:SingleLogoutService ${at(post, sloUrl)}/>`,
    `<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>`,
    `<md:AssertionConsumerService index="0" isDefault="true" ${at(post, acsUrl)}/>`,
  ];
  const descriptor = `<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${spaces.protocol}">`;
  const root = `<md:EntityDescriptor xmlns:md="${spaces.metadata}" xmlns:ds="${spaces.signature}" entityID="${escapeXml(entityId)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}${descriptor}${parts.join("")}</md:SPSSODescriptor></md:EntityDescriptor>\n`;
}

function unreadable(why: string): Problem {
  return new Problem("identity_metadata_invalid", { kind: "invalid", say: `That is no metadata of a SAML identity provider: ${why}.` });
}
