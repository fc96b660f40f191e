/**
 * Tokens, keys and client secrets: 256 random bits, shown once, kept as SHA-256. What is random needs no slow hash. Keys and client secrets
 * begin with what they are and end with a checksum, so that a scanner finds one that leaked and a mistyped one is known as such.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;
/** Keys without a checksum were made before there was one. */
const credentialPattern = /^(hf|hfs)_([0-9a-z]{8})_([A-Za-z0-9_-]{43})(?:_([0-9a-z]{7}))?$/;
const digits = "0123456789abcdefghjkmnpqrstvwxyz";

/** 43 characters, safe in a URL. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** False for what cannot be one of ours, so that nothing is looked up for it. */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}

export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

export interface Credential {
  id: string;
  secret: string;
  text: string;
}

/** `hf_<id>_<secret>_<checksum>`: the id finds the row and may be shown; the secret proves. */
export function newApiKey(): Credential {
  return newCredential("hf");
}

/** `hfs_<id>_<secret>_<checksum>`, of a service account. */
export function newClientSecret(): Credential {
  return newCredential("hfs");
}

export function parseApiKey(text: string): { id: string; secret: string } | undefined {
  return parse("hf", text);
}

export function parseClientSecret(text: string): { id: string; secret: string } | undefined {
  return parse("hfs", text);
}

/** Compares in the same time wherever they differ. */
export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function newCredential(prefix: "hf" | "hfs"): Credential {
  const id = Array.from(randomBytes(8), (byte) => digits.charAt(byte % 32)).join("");
  const secret = newToken();
  const text = `${prefix}_${id}_${secret}`;
  return { id, secret, text: `${text}_${checksum(text)}` };
}

function parse(prefix: "hf" | "hfs", text: string): { id: string; secret: string } | undefined {
  const [, kind, id, secret, check] = credentialPattern.exec(text) ?? [];
  if (kind !== prefix || id === undefined || secret === undefined) return undefined;
  const whole = check === undefined ? prefix === "hf" : check === checksum(`${prefix}_${id}_${secret}`);
  return whole ? { id, secret } : undefined;
}

/** CRC-32 in seven digits of Crockford's base 32. */
function checksum(text: string): string {
  const value = crc32(text);
  return Array.from({ length: 7 }, (_, at) => digits.charAt(Math.floor(value / 32 ** (6 - at)) % 32)).join("");
}
