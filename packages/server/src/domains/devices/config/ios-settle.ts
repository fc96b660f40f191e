/** Brings an IOS tree to one way of writing, so that what people write and what the device prints compare equal. */
import { decimalArea, tidy6 } from "./addresses.ts";
import { settleIosBgp } from "./ios-bgp.ts";
import { compareByPlain } from "./ios-secrets.ts";
import { headOf } from "./pattern.ts";
import { adopt, leaf, type ConfigNode, type ConfigTree } from "./tree.ts";

const interfaceNames = [
  ..."TwentyFiveGigE TwoGigabitEthernet TenGigabitEthernet FortyGigabitEthernet HundredGigE FiveGigabitEthernet GigabitEthernet".split(" "),
  ..."FastEthernet Ethernet Loopback Tunnel Port-channel Vlan Serial BVI BDI Dialer Cellular AppGigabitEthernet".split(" "),
];
const interfaceName = /^interface ([A-Za-z-]+) ?([\d/.:]+)$/;
const unset =
  /^(?:no shutdown|no ip address|negotiation auto|duplex auto|speed auto|no description|no ip access-group.*|no service-policy.*)$/;
const routingUnset = /^(?:no auto-summary|no synchronization|no passive-interface default|exit-address-family)$/;
const topUnset = /^(?:ip forward-protocol nd|no aaa new-model|no service password-encryption|no ip domain lookup source-interface)$/;
const loneVlans = /^vlan (\d[\d,-]*[,-][\d,-]*)$/;
const trunk = "switchport trunk allowed vlan ";
const physical =
  /^interface (?!(?:Loopback|Vlan|Tunnel|Port-channel|BVI|BDI|Dialer|Virtual-Template|nve|VirtualPortGroup|Multilink|vasi)|\S+\.\d)/;
const hollow = /^control-plane/;

/** The mark that ends a banner: `^C` as two characters, or any one character. */
export function bannerEnd(line: string): string | undefined {
  const rest = /^banner (?:motd|login|exec|incoming|prompt-timeout|slip-ppp) ?(.+)$/s.exec(line)?.[1];
  if (rest === undefined) return undefined;
  return /^\^[A-Z]/.test(rest) ? rest.slice(0, 2) : rest.slice(0, 1);
}

function banner(node: ConfigNode): void {
  const mark = bannerEnd(node.text);
  if (mark === undefined) return;
  const start = node.text.indexOf(mark);
  const said = node.text.slice(start + mark.length).split(mark)[0] ?? "";
  node.key = `${node.text.slice(0, start).trimEnd()}\n${said.replaceAll(/[ \t]+$/gm, "").replace(/^\n+|\n+$/g, "")}`;
}

/** `Gi0/1`, `gigabitEthernet 0/1`: the name that the device prints, when exactly one begins so. */
function nameInterface(node: ConfigNode): void {
  const [, word = "", number = ""] = interfaceName.exec(node.text) ?? [];
  if (word === "") return;
  const fitting = interfaceNames.filter((name) => name.toLowerCase().startsWith(word.toLowerCase()));
  const name = fitting.find((one) => one.toLowerCase() === word.toLowerCase()) ?? (fitting.length === 1 ? fitting[0] : shortName(word));
  if (name === undefined) return;
  node.text = `interface ${name}${number}`;
  node.key = node.text;
}

function shortName(word: string): string | undefined {
  const short: Record<string, string> = {
    gi: "GigabitEthernet",
    te: "TenGigabitEthernet",
    fa: "FastEthernet",
    po: "Port-channel",
    tw: "TwentyFiveGigE",
  };
  return short[word.toLowerCase()];
}

/** IPv6 is printed in capitals and typed in any case. */
function tidyKey(node: ConfigNode): void {
  if (!node.text.includes(":")) return;
  node.key = node.text
    .split(" ")
    .map((word) => (word.includes(":") ? tidy6(word.toLowerCase()) : word))
    .join(" ");
}

function settleInterface(node: ConfigNode): void {
  nameInterface(node);
  let allowed: ConfigNode | undefined;
  const kept: ConfigNode[] = [];
  for (const line of node.children) {
    const { text } = line;
    const first = text.charCodeAt(0);
    // Most lines begin with neither n, d, s nor i: nothing to do for them.
    if ((first === 110 || first === 100 || first === 115) && unset.test(text)) continue;
    if (text.startsWith(trunk)) {
      if (allowed && text.startsWith(`${trunk}add `)) {
        allowed.text += `,${text.slice(trunk.length + 4)}`;
        allowed.key = allowed.text;
        continue;
      }
      allowed = line;
    } else if (text.startsWith("ipv6 ")) tidyKey(line);
    kept.push(line);
  }
  if (kept.length < node.children.length) node.children = kept;
}

/** Entries are equal by what they say; the number in front is only their place. */
function settleEntries(node: ConfigNode): void {
  for (const entry of node.children) entry.key = entry.text.replace(/^\d+ /, "");
}

/** `access-list 10 permit …` is a list as `ip access-list standard 10` is: one way of writing for both. */
function numberedList(node: ConfigNode, lists: Map<string, ConfigNode>): ConfigNode[] {
  const [, name = "", entry = ""] = /^access-list (\d+) (.+)$/.exec(node.text) ?? [];
  const number = Number(name);
  const standard = (number >= 1 && number <= 99) || (number >= 1300 && number <= 1999);
  const extended = (number >= 100 && number <= 199) || (number >= 2000 && number <= 2699);
  if (!standard && !extended) return [node];
  const text = `ip access-list ${standard ? "standard" : "extended"} ${name}`;
  const old = lists.get(text);
  const list = old ?? leaf(text, node.line);
  lists.set(text, list);
  adopt(list, leaf(entry, node.line));
  return old ? [] : [list];
}

function numberPrefixes(node: ConfigNode, last: Map<string, number>): void {
  const [, list = "", seq] = /^((?:ip|ipv6) prefix-list \S+) (?:seq (\d+) )?(?:permit|deny) /.exec(node.text) ?? [];
  if (list === "") return;
  const number = seq === undefined ? Math.floor((last.get(list) ?? 0) / 5) * 5 + 5 : Number(seq);
  last.set(list, Math.max(number, last.get(list) ?? 0));
  if (seq !== undefined) return;
  node.text = `${list} seq ${number}${node.text.slice(list.length)}`;
  node.key = node.text;
}

function vlans(node: ConfigNode): ConfigNode[] {
  const [, list = ""] = loneVlans.exec(node.text) ?? [];
  if (list === "" || node.children.length) return [node];
  return list.split(",").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_one, at) => leaf(`vlan ${from + at}`, node.line));
  });
}

/** Whether a line says of one interface what holds of all: IOS shows none such. */
function saysTheDefault(text: string, passive: boolean): boolean {
  const [, no] = /^(no )?passive-interface (?!default$)/.exec(text) ?? [undefined, null];
  return no !== null && passive === (no === undefined);
}

function settleRouting(node: ConfigNode): void {
  for (const line of node.children) if (line.children.length) settleRouting(line);
  const passive = node.children.some(({ text }) => text === "passive-interface default");
  const kept = node.children.filter((line) => !routingUnset.test(line.text) && !saysTheDefault(line.text, passive));
  if (kept.length < node.children.length) node.children = kept;
  for (const line of kept) {
    if (line.children.length) continue;
    if (line.text.includes("area ")) {
      line.text = decimalArea(line.text);
      line.key = line.text;
    } else tidyKey(line);
  }
}

interface Lists {
  access: Map<string, ConfigNode>;
  prefixes: Map<string, number>;
}

/** The node in its one form: none, itself, or several. */
function settled(node: ConfigNode, lists: Lists): ConfigNode[] {
  const { text } = node;
  switch (headOf(text)) {
    case "interface":
      settleInterface(node);
      return node.children.length || !physical.test(node.text) ? [node] : [];
    case "router":
      if (text.startsWith("router bgp ")) settleIosBgp(node);
      else settleRouting(node);
      return [node];
    case "access-list":
      return numberedList(node, lists.access);
    case "vlan":
      return vlans(node);
    case "banner":
      banner(node);
      return [node];
    case "ip":
    case "ipv6":
      if (text.startsWith("ip access-list ")) lists.access.set(text, node);
      else if (text.includes("prefix-list ")) numberPrefixes(node, lists.prefixes);
      else if (text.startsWith("ipv6 ")) tidyKey(node);
      return topUnset.test(text) ? [] : [node];
    case "line":
      node.children = node.children.filter((line) => line.text !== "exec-timeout 10 0");
      return node.children.length ? [node] : [];
    default:
      if (!node.children.length && (hollow.test(text) || topUnset.test(text))) return [];
      return [node];
  }
}

/** Settles the whole tree in place. */
export function settleIos(tree: ConfigTree): void {
  const lists: Lists = { access: new Map(), prefixes: new Map() };
  const kept: ConfigNode[] = [];
  for (const node of tree.children) {
    const nodes = settled(node, lists);
    for (const one of nodes) kept.push(one);
  }
  tree.children = kept;
  compareByPlain(kept);
  for (const list of lists.access.values()) settleEntries(list);
}
