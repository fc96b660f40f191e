/** How many tries to sign in an account and an address have. Pure. */
import { createHash } from "node:crypto";
import { foldName } from "./names.ts";

/** A count that starts with the first try and ends `windowMs` later. */
export interface Limit {
  tries: number;
  windowMs: number;
}

/** Counted before the password is looked at, so that of any number of tries at once only these are looked at. */
export const accountLimit: Limit = { tries: 5, windowMs: 60_000 };
/** Higher, because people share an address; what counts an attacker who goes through many accounts. */
export const addressLimit: Limit = { tries: 30, windowMs: 60_000 };

/** The counter of an account, of an unknown name too. Hashed: people type passwords into the wrong field. */
export function accountBucket(name: string): string {
  return `account:${createHash("sha256").update(foldName(name)).digest("hex")}`;
}

/** The counter of an address; of IPv6 the network of 64 bits, which one customer has whole. */
export function addressBucket(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return `address:${mapped[1]}`;
  if (!address.includes(":")) return `address:${address}`;
  return `address:${network64(address)}`;
}

/** The first four groups of an IPv6 address, e.g. `2001:db8:0:1`. */
function network64(address: string): string {
  const [left = "", right] = address.toLowerCase().replace(/%.*$/, "").split("::");
  const groups = (part: string): string[] => part.split(":").filter((group) => group !== "");
  const front = groups(left);
  const back = groups(right ?? "");
  const filled = right === undefined ? front : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0"), ...back];
  return filled
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
