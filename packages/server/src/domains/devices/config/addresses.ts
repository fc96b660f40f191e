/** Internet addresses as configurations write them, brought to one form. What does not parse is given back as it came. */

/** The 32 bits of `a.b.c.d` as a number; undefined when it is none. */
export function ipv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!parts) return undefined;
  const bytes = parts.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;
}

/** `a.b.c.d` of a number of 32 bits. */
export function ipv4Text(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The length of `255.255.255.0`; undefined when it is no mask. */
export function maskLength(text: string): number | undefined {
  const value = ipv4(text);
  if (value === undefined) return undefined;
  for (let length = 0; length <= 32; length++) if (value === 2 ** 32 - 2 ** (32 - length)) return length;
  return undefined;
}

/** First and last address of a block. */
export function range4(address: string, length: number): { low: number; high: number } | undefined {
  const value = ipv4(address);
  if (value === undefined || length < 0 || length > 32) return undefined;
  const size = 2 ** (32 - length);
  const low = value - (value % size);
  return { low, high: low + size - 1 };
}

/** The 8 groups of an IPv6 address; undefined when it is none. */
function groupsOf(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || !/^[\da-fA-F:.]+$/.test(text)) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const given = (head?.length ?? 0) + (tail?.length ?? 0);
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined;
  const words = [...(head ?? []), ...Array.from({ length: 8 - given }, () => "0"), ...(tail ?? [])];
  return words.every((word) => /^[\da-fA-F]{1,4}$/.test(word)) ? words.map((word) => Number.parseInt(word, 16)) : undefined;
}

/** RFC 5952 text of 8 groups. */
function ipv6Text(groups: number[]): string {
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = [...text.matchAll(/(?<![\da-f])0(?::0)+(?![\da-f])/g)].sort((one, other) => other[0].length - one[0].length);
  const run = runs[0];
  if (!run) return text;
  return `${text.slice(0, run.index).replace(/:$/, "")}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
}

/** Lower case, shortest form; with `/len` kept. Host bits are kept. */
export function tidy6(text: string): string {
  const [address = "", length] = text.split("/");
  const groups = groupsOf(address);
  return groups ? ipv6Text(groups) + (length === undefined ? "" : `/${length}`) : text;
}

/** A prefix with its host bits cleared, in either family: `10.1.2.3/16` is `10.1.0.0/16`. */
export function network(text: string): string {
  const [address = "", length] = text.split("/");
  if (length === undefined) return text;
  const block = range4(address, Number(length));
  if (block) return `${ipv4Text(block.low)}/${length}`;
  const groups = groupsOf(address);
  if (!groups) return text;
  const cleared = groups.map((group, at) => {
    const bits = Math.min(16, Math.max(0, Number(length) - at * 16));
    return group & ((0xffff << (16 - bits)) & 0xffff);
  });
  return `${ipv6Text(cleared)}/${length}`;
}

/** `address mask` as `address/len`; undefined when the mask is none. */
export function slash(address: string, mask: string): string | undefined {
  const length = maskLength(mask);
  return length === undefined || ipv4(address) === undefined ? undefined : `${address}/${length}`;
}

/** OSPF areas are written as numbers or as addresses: `area 0.0.0.1` is `area 1`. */
export function decimalArea(text: string): string {
  return text.replace(/\barea (\d+\.\d+\.\d+\.\d+)/, (all, area: string) => `area ${ipv4(area) ?? all.slice(5)}`);
}
