/** How devices hash the passwords they keep. */
import { createHash, randomBytes, scryptSync } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const saltOf = (length: number): string => [...randomBytes(length)].map((byte) => alphabet[byte & 63]).join("");

/** `$1$salt$hash`: MD5-crypt, what IOS writes as type 5. */
export function md5Crypt(password: string, salt = saltOf(4)): string {
  const secret = Buffer.from(password);
  const md5 = (...parts: Buffer[]): Buffer => createHash("md5").update(Buffer.concat(parts)).digest();
  const seed = Buffer.from(salt);
  const inner = md5(secret, seed, secret);
  const first: Buffer[] = [secret, Buffer.from("$1$"), seed];
  for (let left = secret.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = secret.length; bits > 0; bits >>= 1) first.push(bits & 1 ? Buffer.from([0]) : secret.subarray(0, 1));
  let hash = md5(...first);
  for (let round = 0; round < 1000; round += 1) {
    const parts: Buffer[] = [round & 1 ? secret : hash];
    if (round % 3 !== 0) parts.push(seed);
    if (round % 7 !== 0) parts.push(secret);
    parts.push(round & 1 ? hash : secret);
    hash = md5(...parts);
  }
  return `$1$${salt}$${md5Text(hash)}`;
}

function md5Text(hash: Buffer): string {
  const groups = [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const;
  const at = (index: number): number => hash[index] ?? 0;
  const long = groups.map(([a, b, c]) => sextets((at(a) << 16) | (at(b) << 8) | at(c), 4));
  return long.join("") + sextets(at(11), 2);
}

function sextets(value: number, count: number): string {
  let text = "";
  for (let index = 0; index < count; index += 1) text += alphabet[(value >> (6 * index)) & 63];
  return text;
}

/** `$9$salt$hash`: scrypt (N 16384, r 1, p 1), what IOS XE writes as type 9. */
export function scryptSecret(password: string, salt = saltOf(14)): string {
  const hash = scryptSync(password, salt, 32, { N: 16_384, r: 1, p: 1 });
  const bits = [...hash]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("")
    .padEnd(258, "0");
  const text = bits.match(/.{6}/g)!.map((six) => alphabet[Number.parseInt(six, 2)]);
  return `$9$${salt}$${text.join("")}`;
}

const checked = new Map<string, boolean>();

/** Whether the password is the one of a kept secret of type 5 or 9. A scrypt is dear, so each pair is reckoned once. */
export function opens(secret: string, password: string): boolean {
  const cacheKey = `${secret} ${password}`;
  const known = checked.get(cacheKey);
  if (known !== undefined) return known;
  const [, kind, salt = ""] = secret.split("$");
  const same = kind === "1" ? md5Crypt(password, salt) === secret : kind === "9" && scryptSecret(password, salt) === secret;
  checked.set(cacheKey, same);
  return same;
}

/** Cisco's type 7, which hides a password from a glance and from nothing else. */
const type7 = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

export function hideType7(password: string, start = 8): string {
  const bytes = [...Buffer.from(password)].map((byte, index) => byte ^ type7.charCodeAt((start + index) % type7.length));
  return String(start).padStart(2, "0") + Buffer.from(bytes).toString("hex").toUpperCase();
}

/** FRR keeps a vty password as a DES crypt of 13 characters; ours only has its shape, since nobody signs in with it. */
export const newestPasswordHash = (password: string): string =>
  createHash("sha256").update(password).digest("base64").replace(/[+/=]/g, ".").slice(0, 13);
