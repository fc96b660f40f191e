/** The one door to the X.509 library, which wants its polyfill loaded first; and the forms that keys and certificates come in. */
import "reflect-metadata";
import { createPrivateKey, createPublicKey, randomBytes, type KeyObject, type webcrypto } from "node:crypto";
import { Extension } from "@peculiar/x509";
import { Problem } from "@holdfast/kit";

export * from "@peculiar/x509";

/** How a key of ours signs: the algorithm by its name in WebCrypto, for importing it and for signing with it. */
export interface Signing {
  key: webcrypto.CryptoKey;
  algorithm: { name: string; hash?: string };
}

/** Lines of PEM. Node reads lists only under the label `X509 CRL`. */
export function pemOf(label: "CERTIFICATE" | "X509 CRL" | "ENCRYPTED PRIVATE KEY", der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The DER of all blocks with one of these labels, in order. */
export function pemBlocks(pem: string, ...labels: string[]): Buffer[] {
  const found = pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g);
  return [...found].filter(([, label]) => labels.includes(label ?? "")).map(([, , body = ""]) => Buffer.from(body, "base64"));
}

/** 128 random bits, in hex. */
export function newSerial(): string {
  return randomBytes(16).toString("hex");
}

/** The serial number as it is kept and compared: hex without leading zeros. */
export function plainSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, "");
}

/** A private key that signs certificates. @throws Problem `pki_key_unfit` for what TLS peers do not take everywhere */
export function signingKey(key: KeyObject): Signing {
  const found = signingAlgorithm(key);
  if (!found) {
    throw new Problem("pki_key_unfit", {
      kind: "invalid",
      say: "An authority's key is ECDSA on P-256 or P-384, or RSA of 2048 bits or more.",
    });
  }
  return { key: key.toCryptoKey(found.imported, false, ["sign"]), algorithm: found.algorithm };
}

function signingAlgorithm(key: KeyObject) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ec" && details?.namedCurve === "prime256v1") return ecdsa("P-256", "SHA-256");
  if (type === "ec" && details?.namedCurve === "secp384r1") return ecdsa("P-384", "SHA-384");
  if (type === "rsa" && (details?.modulusLength ?? 0) >= 2048) {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    return { algorithm, imported: algorithm };
  }
  return undefined;
}

function ecdsa(namedCurve: string, hash: string) {
  return { algorithm: { name: "ECDSA", hash }, imported: { name: "ECDSA", namedCurve } };
}

/** A key that a certificate may be issued for. @throws Problem `pki_key_unfit` */
export function checkSubjectKey(spki: Buffer): KeyObject {
  const key = readPublicKey(spki);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key ?? {};
  const curve = details?.namedCurve ?? "";
  const fits =
    type === "ed25519" ||
    (type === "ec" && ["prime256v1", "secp384r1", "secp521r1"].includes(curve)) ||
    (type === "rsa" && (details?.modulusLength ?? 0) >= 2048);
  if (key && fits) return key;
  throw new Problem("pki_key_unfit", {
    kind: "invalid",
    say: "A certificate's key is ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more.",
  });
}

/** Undefined for a key of no known kind. */
function readPublicKey(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

export function spkiOf(key: KeyObject): Buffer {
  const publicKey = key.type === "public" ? key : createPublicKey(key);
  return publicKey.export({ format: "der", type: "spki" });
}

export function pkcs8Of(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "pkcs8" });
}

export function keyFromPkcs8(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

/** CRLNumber (RFC 5280, 5.2.3). */
export function crlNumber(number: number): Extension {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const positive = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return new Extension("2.5.29.20", false, Buffer.concat([Buffer.of(0x02, positive.length), positive]));
}
