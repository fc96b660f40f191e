/** Tokens and keys: 256 random bits, shown once, kept as SHA-256. What is random needs no slow hash. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;
const keyPattern = /^hf_([0-9a-z]{8})_([A-Za-z0-9_-]{43})$/;

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

/** `hf_<id>_<secret>`: the id finds the row and may be shown; the secret proves. */
export function newApiKey(): { id: string; secret: string; text: string } {
  const id = Array.from(randomBytes(8), (byte) => "0123456789abcdefghjkmnpqrstvwxyz".charAt(byte % 32)).join("");
  const secret = newToken();
  return { id, secret, text: `hf_${id}_${secret}` };
}

export function parseApiKey(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = keyPattern.exec(text) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret } : undefined;
}

/** Compares in the same time wherever they differ. */
export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
