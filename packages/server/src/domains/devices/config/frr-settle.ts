/** Brings an FRR tree to the way in which `show running-config` of FRR writes it. */
import { decimalArea, ipv4, network, slash, tidy6 } from "./addresses.ts";
import { settleBgp } from "./frr-bgp.ts";
import { settleEntry, sortCommunities } from "./frr-lists.ts";
import { sortOptions } from "./frr-options.ts";
import { vrfWords } from "./frr-passive.ts";
import { headOf } from "./pattern.ts";
import { adopt, leaf, type ConfigNode, type ConfigTree } from "./tree.ts";

const interfaceUnset =
  /^(?:no shutdown|link-detect|ip ospf network broadcast|ip ospf priority 1|ip ospf hello-interval 10|ip ospf retransmit-interval 5|ip ospf transmit-delay 1|ipv6 nd suppress-ra|no description|no ip ospf (?!passive$)\S+)$/;
const ospfUnset = /^(?:timers throttle spf 0 50 5000|ospf abr-type cisco|no log-adjacency-changes|no passive-interface default)$/;
const routeOptions = ["tag", "distance", "label", "nexthop-vrf", "table", "onlink", "color", "bfd"];

interface Route {
  node: ConfigNode;
  vrf: string | undefined;
  /** Routes of one path share their tag: the last one typed holds for all. */
  path: string;
  options: Map<string, string>;
  start: string;
}

/** `ip route 10.1.2.3 255.0.0.0 null0 30 tag 5`: prefix, next hop and options put in order. */
function readRoute(node: ConfigNode): Route | undefined {
  const words = node.text.split(" ");
  const [family = "", , first = ""] = words;
  let at = 3;
  const masked = family === "ip" && words[at] !== undefined ? slash(first, words[at] ?? "") : undefined;
  if (masked !== undefined) at++;
  const via = [(words[at++] ?? "").replace(/^null0$/i, "Null0")].map(tidy6);
  const next = words[at];
  if (next !== undefined && /^[A-Za-z]/.test(next) && !routeOptions.includes(next) && next !== "vrf") via.push(words[at++] ?? "");
  const options = new Map<string, string>();
  let vrf: string | undefined;
  while (at < words.length) {
    const word = words[at++] ?? "";
    if (/^\d+$/.test(word)) options.set("distance", word);
    else if (word === "vrf") vrf = words[at++];
    else if (word === "onlink") options.set(word, word);
    else if (word === "bfd") options.set(word, [word, ...words.slice(at, (at = words.length))].join(" "));
    else if (routeOptions.includes(word)) options.set(word, `${word} ${words[at++] ?? ""}`);
    else return undefined;
  }
  if (options.get("distance") === "1") options.delete("distance");
  const prefix = network(masked ?? first);
  const start = `${family} route ${prefix} ${via.join(" ")}`;
  return {
    node,
    vrf,
    path: `${vrf ?? ""} ${family} ${prefix} ${options.get("distance") ?? 1} ${options.get("table") ?? ""}`,
    options,
    start,
  };
}

function writeRoutes(routes: Route[]): void {
  const tags = new Map(routes.map(({ path, options }) => [path, options.get("tag")]));
  for (const { node, path, options, start } of routes) {
    const tag = tags.get(path);
    if (tag === undefined) options.delete("tag");
    else options.set("tag", tag);
    node.text = [start, ...routeOptions.flatMap((name) => options.get(name) ?? [])].join(" ");
    node.key = node.text;
  }
}

function settleInterface(node: ConfigNode): void {
  const kept = node.children.filter((line) => !interfaceUnset.test(line.text));
  for (const line of kept) {
    if (line.text.includes(":")) line.text = line.text.split(" ").map(tidy6).join(" ");
    if (line.text.startsWith("ip ospf area ")) line.text = decimalArea(line.text);
    line.key = line.text;
  }
  node.children = kept;
}

function ospfLine(text: string): string {
  const said = text
    .replace(/^router-id /, "ospf router-id ")
    .replace(/^ospf rfc1583compatibility$/, "compatible rfc1583")
    .replace(/^write-multiplier /, "ospf write-multiplier ")
    .replace(
      /^network (\S+) (\d+\.\d+\.\d+\.\d+) area/,
      (all, address: string, wildcard: string) => `network ${wildcardPrefix(address, wildcard) ?? all.slice(8, -5)} area`,
    )
    .replace(/^network (\S+) area/, (_all, prefix: string) => `network ${network(prefix)} area`);
  if (said.startsWith("redistribute ")) return sortOptions(said.replace(/ metric-type 2\b/, ""), 2, []);
  if (said.startsWith("default-information originate")) return sortOptions(said, 2, ["always"]);
  return said;
}

function wildcardPrefix(address: string, wildcard: string): string | undefined {
  const value = ipv4(wildcard);
  if (value === undefined) return undefined;
  const length = 32 - Math.log2(value + 1);
  return Number.isInteger(length) ? `${address}/${length}` : undefined;
}

/** Settles `router ospf`; gives the passive interfaces, which FRR keeps with the interface. */
function settleOspf(node: ConfigNode): { name: string; line: ConfigNode }[] {
  const passive: { name: string; line: ConfigNode }[] = [];
  const kept: ConfigNode[] = [];
  for (const line of node.children) {
    if (ospfUnset.test(line.text)) continue;
    const [, no = "", name = "", address = ""] = /^(no )?passive-interface (?!default)(\S+)( \S+)?$/.exec(line.text) ?? [];
    if (name !== "") passive.push({ name: name + vrfWords(node.text), line: leaf(`${no}ip ospf passive${address}`, line.line) });
    else {
      line.text = ospfLine(decimalArea(line.text));
      line.key = line.text.replace(/ nssa no-summary$/, " nssa");
      kept.push(line);
    }
  }
  node.children = kept;
  return passive;
}

/** Of RIP's passive interfaces only those say something that differ from the default. */
function settleRip(node: ConfigNode): void {
  const all = node.children.some(({ text }) => text === "passive-interface default");
  const idle = all ? /^passive-interface (?!default$)/ : /^no passive-interface /;
  node.children = node.children.filter(({ text }) => !idle.test(text) && text !== "no passive-interface default");
}

function settleRouteMap(node: ConfigNode): void {
  for (const line of node.children) {
    let text = line.text.replace(/^continue (\d+)$/, "on-match goto $1").replace(/^match metric \+/, "match metric ");
    if (text.startsWith("set community ") && !text.endsWith(" none")) {
      const words = text.split(" ").slice(2);
      const additive = words.at(-1) === "additive" ? [words.pop() ?? ""] : [];
      text = ["set community", ...sortCommunities(words), ...additive].join(" ");
    } else if (text.includes(":") && text.includes("ip")) text = text.split(" ").map(tidy6).join(" ");
    line.text = text;
    line.key = text;
  }
}

class Settling {
  readonly #top: ConfigNode[] = [];
  readonly #named = new Map<string, ConfigNode>();
  readonly #last = new Map<string, number>();
  readonly #routes: Route[] = [];
  readonly #passive: { name: string; line: ConfigNode }[] = [];

  take(node: ConfigNode): void {
    switch (headOf(node.text)) {
      case "interface":
        settleInterface(node);
        return this.#section(node);
      case "vrf":
        for (const line of node.children) if (/^ip(?:v6)? route /.test(line.text)) this.#route(line, node.text.slice(4));
        return this.#section(node);
      case "router":
        if (node.text.startsWith("router bgp ")) settleBgp(node);
        else if (/^router ospf(?: |$)/.test(node.text)) this.#passive.push(...settleOspf(node));
        else if (/^router rip(?: |$)/.test(node.text)) settleRip(node);
        return this.#section(node);
      case "line":
        node.children = node.children.filter(({ text }) => text !== "exec-timeout 10 0");
        return this.#section(node);
      case "route-map":
        settleRouteMap(node);
        return this.#section(node);
      default:
        return this.#line(node);
    }
  }

  #section(node: ConfigNode): void {
    const old = this.#named.get(node.text);
    if (old) for (const line of node.children) adopt(old, line);
    else {
      this.#named.set(node.text, node);
      this.#top.push(node);
    }
  }

  #line(node: ConfigNode): void {
    if (/^ip(?:v6)? route /.test(node.text)) return this.#route(node, undefined);
    if (!settleEntry(node, this.#last)) {
      node.text = node.text.replace(/^router-id /, "ip router-id ").replace(/^(log (?:syslog|stdout|file \S+)) debugging$/, "$1");
      if (node.text.includes(":") && node.text.startsWith("ipv6 ")) node.text = node.text.split(" ").map(tidy6).join(" ");
      node.key = node.text;
    }
    this.#top.push(node);
  }

  #route(node: ConfigNode, inside: string | undefined): void {
    const route = readRoute(node);
    if (route) this.#routes.push(inside === undefined ? route : { ...route, path: `${inside}${route.path}` });
    if (inside !== undefined) return;
    if (route?.vrf === undefined) this.#top.push(node);
    else adopt(this.#place(`vrf ${route.vrf}`), node);
  }

  /** The section of this header, made when nobody wrote it. */
  #place(header: string): ConfigNode {
    const old = this.#named.get(header);
    if (old) return old;
    const made = leaf(header, 0);
    this.#section(made);
    return made;
  }

  finish(): ConfigNode[] {
    writeRoutes(this.#routes);
    for (const { name, line } of this.#passive) {
      const section = this.#place(`interface ${name}`);
      if (!section.children.some(({ text }) => text === line.text)) adopt(section, line);
    }
    return this.#top.filter((node) => node.children.length || !/^(?:interface|vrf|line) /.test(node.text));
  }
}

/** Settles the whole tree in place. */
export function settleFrr(tree: ConfigTree): void {
  const settling = new Settling();
  for (const node of tree.children) settling.take(node);
  tree.children = settling.finish();
}
