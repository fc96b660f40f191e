/** `router bgp` of FRR in the way that it prints it, with every neighbour's activation said for each address family. */
import { ipv4, ipv4Text, network, tidy6 } from "./addresses.ts";
import { impliedFamily, moveToFamily, peerNames, sayActivation } from "./bgp-families.ts";
import { sortOptions } from "./frr-options.ts";
import { leaf, type ConfigNode } from "./tree.ts";

const unset =
  /^(?:bgp default ipv4-unicast|bgp network import-check|bgp fast-external-failover|no bgp log-neighbor-changes|no bgp deterministic-med|timers bgp 60 180|neighbor \S+ solo|distance bgp 20 200 200|neighbor \S+ send-community(?: \S+)?)$/;
/** Lines that may stand in the instance and belong to IPv4 unicast. */
const family4 =
  /^(?:no )?(?:network|aggregate-address|redistribute|maximum-paths|distance|table-map|bgp dampening|neighbor \S+ (?:activate|route-map|prefix-list|distribute-list|filter-list|unsuppress-map|next-hop-self|soft-reconfiguration|allowas-in|default-originate|maximum-prefix|send-community|remove-private-AS|weight|route-reflector-client|route-server-client|as-override|attribute-unchanged|addpath|capability orf|advertise-map|nexthop-local|soo))(?: |$)/;
const member = /^neighbor (\S+) (?:interface (?:v6only )?)?peer-group (\S+)$/;
const always = ["ipv4 unicast", "ipv6 unicast"];

function tidyLine(text: string): string {
  let said = text.includes(":")
    ? text
        .split(" ")
        .map((word) => (word.includes("/") ? network(word) : tidy6(word)))
        .join(" ")
    : text;
  said = said
    .replace(/^(neighbor \S+) enforce-multihop$/, "$1 disable-connected-check")
    .replace(/^(neighbor \S+ ebgp-multihop)$/, "$1 255")
    .replace(/^(neighbor \S+ allowas-in) 3$/, "$1")
    .replace(/^(neighbor \S+ attribute-unchanged)$/, "$1 as-path next-hop med")
    .replace(/^(neighbor \S+ maximum-prefix \d+) 75\b/, "$1")
    .replace(/^bgp cluster-id (\d+)$/, (_all, id: string) => `bgp cluster-id ${ipv4Text(Number(id))}`);
  if (said.startsWith("redistribute ")) return sortOptions(said, /^redistribute (?:table|ospf) \d/.test(said) ? 3 : 2, []);
  if (said.startsWith("network ") || said.startsWith("aggregate-address ")) return prefixed(said);
  return said;
}

/** `network 10.0.0.0 mask 255.0.0.0`, `network 10.0.0.0` (classful), `network 10.1.2.3/16`: all as a prefix. */
function prefixed(text: string): string {
  const [head = "", address = "", ...rest] = text.split(" ");
  if (address.includes("/")) return [head, network(address), ...rest].join(" ");
  const masked = rest[0] === "mask" ? rest[1] : head === "aggregate-address" ? rest[0] : undefined;
  const used = rest[0] === "mask" ? 2 : masked === undefined ? 0 : 1;
  const value = ipv4(address);
  if (value === undefined) return text;
  const length = masked === undefined ? classLength(value) : 32 - Math.log2(2 ** 32 - (ipv4(masked) ?? 0));
  return [head, network(`${address}/${length}`), ...rest.slice(used)].join(" ");
}

function classLength(address: number): number {
  return address < 2 ** 31 ? 8 : address < 2 ** 31 + 2 ** 30 ? 16 : 24;
}

/** `no … send-community all` is three things; each is said alone. */
function expanded(line: ConfigNode): ConfigNode[] {
  const [, start] = /^(no neighbor \S+ send-community) (?:all|both)$/.exec(line.text) ?? [];
  if (start === undefined) return [line];
  const kinds = line.text.endsWith("all") ? ["", " extended", " large"] : ["", " extended"];
  return kinds.map((kind) => leaf(start + kind, line.line));
}

function tidyLines(lines: ConfigNode[]): ConfigNode[] {
  return lines.flatMap((line) => {
    if (line.children.length) return [line];
    line.text = tidyLine(line.text);
    line.key = line.text;
    return unset.test(line.text) ? [] : expanded(line);
  });
}

/** `neighbor eth1 interface` with the group or AS that other lines give it, as FRR prints it: in one line. */
function joinInterfaces(lines: ConfigNode[]): ConfigNode[] {
  const taken = new Set<ConfigNode>();
  for (const line of lines) {
    const [, start, name] = /^(neighbor (\S+) interface(?: v6only)?)$/.exec(line.text) ?? [];
    if (start === undefined) continue;
    const group = lines.find(({ text }) => text.startsWith(`neighbor ${name} peer-group `));
    const other = group ?? lines.find(({ text }) => text.startsWith(`neighbor ${name} remote-as `));
    if (!other) continue;
    taken.add(other);
    line.text = `${start} ${other.text.slice(`neighbor ${name} `.length)}`;
    line.key = line.text;
  }
  return taken.size ? lines.filter((line) => !taken.has(line)) : lines;
}

/** Members of a group that has an AS do not say theirs. */
function dropMemberAs(lines: ConfigNode[], memberOf: Map<string, string>): ConfigNode[] {
  const withAs = new Set(lines.flatMap(({ text }) => /^neighbor (\S+) remote-as /.exec(text)?.[1] ?? []));
  return lines.filter(({ text }) => {
    const name = /^neighbor (\S+) remote-as /.exec(text)?.[1];
    const group = name === undefined ? undefined : memberOf.get(name);
    return group === undefined || !withAs.has(group);
  });
}

/** The group of each member. */
function membersIn(lines: ConfigNode[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { text } of lines) {
    const [, name, group] = member.exec(text) ?? [];
    if (name !== undefined && group !== undefined) found.set(name, group);
  }
  return found;
}

/** Settles one BGP instance in place. */
export function settleBgp(node: ConfigNode): void {
  const families = new Map<string, ConfigNode>();
  const lines: ConfigNode[] = [];
  for (const line of node.children) {
    const [, name] = /^address-family (\S+(?: \S+)?)$/.exec(line.text) ?? [];
    if (name === undefined) {
      lines.push(line);
      continue;
    }
    line.text = `address-family ${name.includes(" ") ? name : `${name} unicast`}`;
    line.key = line.text;
    families.set(line.text.slice("address-family ".length), line);
  }
  for (const name of always) if (!families.has(name)) families.set(name, impliedFamily(name));
  const first = families.get("ipv4 unicast");
  const own = first ? moveToFamily(lines, family4, first) : lines;
  const default4 = !own.some(({ text }) => text === "no bgp default ipv4-unicast");
  const joined = joinInterfaces(tidyLines(own));
  const memberOf = membersIn(joined);
  for (const [name, family] of families) {
    family.children = tidyLines(family.children);
    sayActivation(family, { names: peerNames(joined), memberOf }, name === "ipv4 unicast" && default4);
  }
  node.children = [...dropMemberAs(joined, memberOf), ...[...families.values()].filter(({ children }) => children.length)];
}
