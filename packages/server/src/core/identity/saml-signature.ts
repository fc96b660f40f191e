/**
 * Signatures and encryption of SAML. What is checked is one shape of signature and no other: over the element that it stands in, by one of the
 * provider's certificates, with algorithms of a short list. What is read afterwards are the bytes that were signed, not those that came.
 */
import { createSign, createVerify, X509Certificate } from "node:crypto";
import { decryptXml, getVerifiedXml } from "@node-saml/node-saml/lib/xml.js";
import { childOf, childrenOf, mustChild, refuse, SamlRefusal, type Xml } from "./saml-xml.ts";

const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
const enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const digests = new Set(["http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"]);
/** By name, as Node calls them. */
const querySignatures = new Map([
  ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "RSA-SHA256"],
  ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "RSA-SHA512"],
]);
const signatures = new Set([...querySignatures.keys(), "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"]);
const contentCiphers = new Set(["http://www.w3.org/2009/xmlenc11#aes128-gcm", "http://www.w3.org/2009/xmlenc11#aes256-gcm"]);
const keyCiphers = new Set(["http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"]);
const smallestKeyBits = 2048;

/** A text with a child signature over its root or one of its elements. */
export interface Signed {
  text: string;
  element: Xml;
}

/** The bytes that were signed; undefined where there is no signature. @throws SamlRefusal for one that does not hold */
export function signedText({ text, element }: Signed, certificates: readonly string[]): string | undefined {
  const signature = childOf(element, "signature", "Signature");
  if (!signature) return undefined;
  checkShape(signature, element);
  try {
    return getVerifiedXml(text, element.dom as never, [...certificates]) ?? refuse("a signature that does not hold");
  } catch (thrown) {
    if (thrown instanceof SamlRefusal) throw thrown;
    return refuse("a signature that does not hold");
  }
}

function checkShape(signature: Xml, element: Xml): void {
  const about = mustChild(signature, "signature", "SignedInfo");
  if (childrenOf(signature, "signature", "Object").length > 0) refuse("a signature with an object in it");
  if (algorithmOf(about, "CanonicalizationMethod") !== exclusive) refuse("a canonicalisation that is not allowed");
  if (!signatures.has(algorithmOf(about, "SignatureMethod"))) refuse("a signature algorithm that is not allowed");
  const reference = mustChild(about, "signature", "Reference");
  const id = element.attributes.get("ID") ?? "";
  if (id === "" || reference.attributes.get("URI") !== `#${id}`) refuse("a signature over something else");
  if (!digests.has(algorithmOf(reference, "DigestMethod"))) refuse("a digest that is not allowed");
  const steps = childrenOf(mustChild(reference, "signature", "Transforms"), "signature", "Transform");
  const [first, second, more] = steps.map(({ attributes }) => attributes.get("Algorithm"));
  if (first !== enveloped || second !== exclusive || more !== undefined) refuse("transforms that are not allowed");
}

function algorithmOf(xml: Xml, name: string): string {
  return mustChild(xml, "signature", name).attributes.get("Algorithm") ?? "";
}

/** What was encrypted for us. @throws SamlRefusal */
export async function decrypted(encrypted: Xml, privateKey: string): Promise<string> {
  const content = mustChild(encrypted, "encryption", "EncryptedData");
  const keys = [
    ...childrenOf(encrypted, "encryption", "EncryptedKey"),
    ...childrenOf(content, "signature", "KeyInfo").flatMap((about) => childrenOf(about, "encryption", "EncryptedKey")),
  ];
  const cipherOf = (xml: Xml) => mustChild(xml, "encryption", "EncryptionMethod").attributes.get("Algorithm") ?? "";
  if (!contentCiphers.has(cipherOf(content))) refuse("encryption that is not allowed");
  if (keys.length !== 1 || !keys.every((key) => keyCiphers.has(cipherOf(key)))) refuse("encryption of the key that is not allowed");
  try {
    return await decryptXml(String(encrypted.dom), privateKey);
  } catch {
    return refuse("an assertion that our key does not open");
  }
}

/** A query with our signature (HTTP-Redirect; SAML 2.0 Bindings, section 3.4.4.1). */
export function signQuery(fields: readonly [string, string][], privateKey: string): string {
  const algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
  const query = [...fields, ["SigAlg", algorithm] as const].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const signature = createSign("RSA-SHA256").update(query).sign(privateKey, "base64");
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}

/** The fields of a query that one of the certificates signed: as it came, letter by letter. @throws SamlRefusal */
export function signedQuery(raw: string, message: "SAMLRequest", certificates: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of raw.split("&")) {
    const [name = "", value = ""] = part.split(/=(.*)/s);
    if (parts.has(name) || ![message, "RelayState", "SigAlg", "Signature"].includes(name)) refuse("a query with something else in it");
    parts.set(name, value);
  }
  const order = [message, "RelayState", "SigAlg"].filter((name) => parts.has(name));
  const said = order.map((name) => `${name}=${parts.get(name)}`).join("&");
  const fields = new Map([...parts].map(([name, value]) => [name, decode(value)]));
  const algorithm = querySignatures.get(fields.get("SigAlg") ?? "") ?? refuse("a signature algorithm that is not allowed");
  const signature = Buffer.from(fields.get("Signature") ?? "", "base64");
  const holds = certificates.some((certificate) => createVerify(algorithm).update(said).verify(certificate, signature));
  return holds ? fields : refuse("a signature that does not hold");
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    return refuse("a query that is none");
  }
}

/** As PEM; undefined for what is no certificate of an RSA key that is long enough. */
export function certificateOf(text: string): { pem: string; parsed: X509Certificate } | undefined {
  const base64 = text.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const parsed = new X509Certificate(Buffer.from(base64, "base64"));
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = parsed.publicKey;
    const longEnough = type === "rsa" && (details?.modulusLength ?? 0) >= smallestKeyBits;
    return longEnough ? { pem: parsed.toString(), parsed } : undefined;
  } catch {
    return undefined; // what it is not is said where it was given
  }
}
