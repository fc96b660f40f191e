/**
 * What the arguments of a command may be, and the form in which a device writes them back.
 * A type answers the canonical text of a word, or undefined when the word is none of its values.
 */

export interface ValueType {
  /** Which reading wins when a word fits several: a number or address before a free word before the rest of the line. */
  rank: 0 | 1 | 3;
  /** Takes the whole rest of the line, spaces included. */
  rest?: true;
  parse(text: string): string | undefined;
}

/** `10.1.2.3` as a number, or undefined. */
export function ipNumber(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export const ipText = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");

/** The mask of a prefix length, as an unsigned number. */
export const maskNumber = (length: number): number => (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0);

/** Prefix length of `255.255.255.0`, or undefined when the mask has holes. */
export function maskLength(text: string): number | undefined {
  const value = ipNumber(text);
  if (value === undefined) return undefined;
  const length = Math.clz32(~value >>> 0);
  return maskNumber(length) === value ? length : undefined;
}

interface Prefix {
  address: number;
  length: number;
}

/** `10.1.2.3/16`, host bits kept. */
export function prefixOf(text: string): Prefix | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = match ? ipNumber(match[1]!) : undefined;
  const length = Number(match?.[2]);
  return address === undefined || length > 32 ? undefined : { address, length };
}

export const networkText = ({ address, length }: Prefix): string => `${ipText((address & maskNumber(length)) >>> 0)}/${length}`;

export const sameSubnet = (a: Prefix, b: Prefix): boolean =>
  a.length === b.length && (a.address & maskNumber(a.length)) >>> 0 === (b.address & maskNumber(b.length)) >>> 0;

const ip6 = (text: string): string | undefined =>
  /^[0-9a-fA-F:]+(\.\d+)*$/.test(text) && text.includes(":") ? text.toLowerCase() : undefined;

const words = (rank: 0 | 1 | 3, pattern: RegExp): ValueType => ({ rank, parse: (text) => (pattern.test(text) ? text : undefined) });
const rest = (pattern: RegExp = /\S/): ValueType => ({
  rank: 0,
  rest: true,
  parse: (text) => (pattern.test(text) ? text.trimEnd() : undefined),
});

const types = {
  word: words(1, /^\S+$/),
  name: words(1, /^[A-Za-z0-9_][\w.:/+-]*$/),
  hostname: words(1, /^[A-Za-z][A-Za-z0-9._-]{0,62}$/),
  line: rest(),
  numbers: rest(/^\s*\d+(\s+\d+)*\s*$/),
  ip: { rank: 3, parse: (text) => (ipNumber(text) === undefined ? undefined : ipText(ipNumber(text)!)) },
  ip6: { rank: 3, parse: ip6 },
  mask: { rank: 3, parse: (text) => (maskLength(text) === undefined ? undefined : text) },
  wildcard: { rank: 3, parse: (text) => (ipNumber(text) === undefined ? undefined : text) },
  prefix: { rank: 3, parse: (text) => ifPrefix(text, networkText) },
  "host-prefix": { rank: 3, parse: (text) => ifPrefix(text, ({ address, length }) => `${ipText(address)}/${length}`) },
  prefix6: { rank: 3, parse: (text) => (/^[0-9a-fA-F:]+\/\d{1,3}$/.test(text) ? text.toLowerCase() : undefined) },
  area: { rank: 3, parse: (text) => (/^\d{1,10}$/.test(text) || ipNumber(text) !== undefined ? text : undefined) },
  community: words(1, /^(\d+:\d+|\d+|internet|local-AS|no-advertise|no-export|additive)$/),
} satisfies Record<string, ValueType>;

function ifPrefix(text: string, write: (prefix: Prefix) => string): string | undefined {
  const prefix = prefixOf(text);
  return prefix && write(prefix);
}

/** A type by its name in a form: `word`, `ip`, `1-65535`, or one that the platform adds (interface names). */
export function valueType(name: string, own: Record<string, ValueType>): ValueType {
  const range = /^(\d+)-(\d+)$/.exec(name);
  if (range) return { rank: 3, parse: (text) => inRange(text, Number(range[1]), Number(range[2])) };
  const known = own[name] ?? (types as Record<string, ValueType>)[name];
  if (!known) throw new Error(`no such type of argument: ${name}`);
  return known;
}

function inRange(text: string, from: number, to: number): string | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? String(value) : undefined;
}
