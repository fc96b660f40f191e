/** Arguments of IOS commands beyond the usual ones. */
import type { ValueType } from "../grammar/values.ts";
import { ipNumber } from "../grammar/values.ts";

const kinds = ["Loopback", "Port-channel", "Tunnel", "FastEthernet", "GigabitEthernet", "TenGigabitEthernet", "Serial", "Vlan", "Null"];

/** `gi0/1` is `GigabitEthernet0/1`. */
export function interfaceName(text: string): string | undefined {
  const match = /^([A-Za-z-]+)(\d+(?:\/\d+)*(?:\.\d+)?)$/.exec(text);
  if (!match) return undefined;
  const start = match[1]!.toLowerCase();
  const found = kinds.filter((kind) => kind.toLowerCase().startsWith(start));
  const kind = found.find((one) => one.toLowerCase() === start) ?? (start.length > 1 || found.length === 1 ? found[0] : undefined);
  return kind && kind + match[2]!;
}

export const isPhysical = (name: string): boolean => /^(FastEthernet|GigabitEthernet|TenGigabitEthernet|Serial)[\d/]+$/.test(name);

/** Loopbacks first, then tunnels, then ports by number, as the device lists them. */
export function interfaceOrder(name: string): number[] {
  const kind = name.replace(/[\d/.]+$/, "");
  return [kinds.indexOf(kind), ...name.slice(kind.length).split(/[/.]/).map(Number)];
}

/** Networks by address, then by length of the mask. */
export const addressOrder = (address = "", mask = "0.0.0.0"): number[] => [ipNumber(address) ?? 0, ipNumber(mask) ?? 0];

const lower = (text: string): string | undefined => (/^[A-Za-z0-9_.:-]+$/.test(text) ? text : undefined);

export const iosTypes: Record<string, ValueType> = {
  ifname: { rank: 3, parse: interfaceName },
  list: { rank: 1, parse: lower },
  numbers: { rank: 0, rest: true, parse: (text) => (/^\d+(\s+\d+)*\s*$/.test(text) ? text.trim().replace(/\s+/g, " ") : undefined) },
  peer: { rank: 1, parse: (text) => (/^[0-9.]+$/.test(text) && ipNumber(text) === undefined ? undefined : text) },
  vlans: { rank: 3, parse: (text) => (/^\d+([,-]\d+)*$/.test(text) ? text : undefined) },
  asn: {
    rank: 3,
    parse: (text) => (/^\d{1,10}(\.\d{1,5})?$/.test(text) && Number(text) > 0 && Number(text) < 4_294_967_296 ? text : undefined),
  },
};
