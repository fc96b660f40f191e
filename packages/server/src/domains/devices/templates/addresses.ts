/** IP prefixes as numbers. */

export interface IpPrefix {
  version: 4 | 6;
  address: bigint;
  /** Length of the prefix; all bits where none was written. */
  length: number;
  /** Whether a length was written. */
  withLength: boolean;
}

/** `10.0.0.1`, `10.0.0.1/24`, `10.0.0.1/255.255.255.0`, `2001:db8::1/64`; undefined for anything else. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const [addressText = "", lengthText, ...rest] = text.split("/");
  const address = parseAddress(addressText);
  if (!address || rest.length > 0) return undefined;
  const bits = bitsOf(address.version);
  if (lengthText === undefined) return { ...address, length: bits, withLength: false };
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : maskLength(lengthText, address.version);
  return length === undefined || length > bits ? undefined : { ...address, length, withLength: true };
}

export function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

function parseAddress(text: string): { version: 4 | 6; address: bigint } | undefined {
  const address = text.includes(":") ? parse6(text) : parse4(text);
  return address === undefined ? undefined : { version: text.includes(":") ? 6 : 4, address };
}

function parse4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parse6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const groups = [...(head ?? []), ...(tail ?? [])];
  const missing = 8 - groups.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  const full = tail === undefined ? groups : [...(head ?? []), ...Array.from({ length: missing }, () => "0"), ...tail];
  return full.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function maskLength(text: string, version: 4 | 6): number | undefined {
  const mask = version === 4 ? parse4(text) : undefined;
  if (mask === undefined) return undefined;
  const length = mask.toString(2).replaceAll("0", "").length;
  return mask === netmask(length, 4) ? length : undefined;
}

export function netmask(length: number, version: 4 | 6): bigint {
  const bits = BigInt(bitsOf(version));
  return ((1n << BigInt(length)) - 1n) << (bits - BigInt(length));
}

export function hostmask(length: number, version: 4 | 6): bigint {
  return (1n << BigInt(bitsOf(version) - length)) - 1n;
}

export function showAddress(address: bigint, version: 4 | 6): string {
  return version === 4 ? show4(address) : show6(address);
}

function show4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join(".");
}

/** RFC 5952: lower case, the longest run of zero groups (two at least, the first of equals) as `::`. */
function show6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(":");
  return `${hex.slice(0, best.from).join(":")}::${hex.slice(best.from + best.length).join(":")}`;
}
