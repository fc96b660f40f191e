/** Arguments of FRR's commands beyond the usual ones. */
import type { ValueType } from "../grammar/values.ts";
import { ipNumber } from "../grammar/values.ts";

const word = (pattern: RegExp): ValueType => ({ rank: 1, parse: (text) => (pattern.test(text) ? text : undefined) });

export const frrTypes: Record<string, ValueType> = {
  ifname: word(/^[A-Za-z][A-Za-z0-9_.:-]{0,14}$/),
  peer: { rank: 1, parse: (text) => (/^[0-9.]+$/.test(text) && ipNumber(text) === undefined ? undefined : text) },
  line: { rank: 0, rest: true, parse: (text) => text.trim().replace(/\s+/g, " ") || undefined },
  regex: { rank: 0, rest: true, parse: (text) => text.trimEnd() },
  metric: word(/^[+-]?\d{1,10}$/),
};

/** `eth2` before `eth10`, `lo` after both. */
export const naturally = (name: string): (string | number)[] =>
  name
    .split(/(\d+)/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** Peer groups, then peers on interfaces, then by address. */
export function peerOrder(peer: string): (string | number)[] {
  const ip = ipNumber(peer);
  if (ip !== undefined) return [2, ip];
  if (peer.includes(":")) return [3, peer];
  return [0, peer];
}

/** Networks by address, the shorter first. */
export function prefixOrder(prefix: string): number[] {
  const [address = "", length = "0"] = prefix.split("/");
  return [ipNumber(address) ?? 0, Number(length)];
}
