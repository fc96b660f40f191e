/** Secrets of type 7 are no secrets: they are brought back to plain text, so that an intent may say them either way. */
import type { ConfigNode } from "./tree.ts";

/** The constant that Cisco's type 7 is XORed with; it has been public since 1995. */
const pad = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";
const typed = /\b(password|key|key-string|authentication-key|md5|server-key|ascii) (?:7 ((?:\d\d)(?:[\dA-F]{2})+)|0 (\S.*))$/i;

/** The plain text of a type 7 secret. */
export function decodeType7(secret: string): string {
  const start = Number.parseInt(secret.slice(0, 2), 10);
  const bytes = secret.slice(2).match(/../g) ?? [];
  return bytes
    .map((byte, at) => String.fromCodePoint(Number.parseInt(byte, 16) ^ (pad.codePointAt((start + at) % pad.length) ?? 0)))
    .join("");
}

/** Makes lines equal that say one secret in two ways; the texts stay as they are. */
export function compareByPlain(nodes: ConfigNode[]): void {
  for (const node of nodes) {
    if (node.children.length) compareByPlain(node.children);
    if (node.text.includes(" 7 ") || node.text.includes(" 0 ")) {
      node.key = node.key.replace(
        typed,
        (_all, word: string, cipher: string | undefined, plain = "") => `${word} ${cipher === undefined ? plain : decodeType7(cipher)}`,
      );
    }
  }
}
