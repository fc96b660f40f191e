/** What matters to the neighbours of a device, read out of its configuration whatever its platform. */
import type { Block, Statement } from "./config/tree.ts";
import { ipNumber, maskLength, prefixOf } from "./grammar/values.ts";

export interface Address {
  address: number;
  length: number;
}

export interface OspfInterface {
  area: string;
  hello: number;
  dead: number;
  passive: boolean;
  network: string;
  cost: number | undefined;
  priority: number;
  /** Whatever must be the same at both ends to be believed. */
  authentication: string;
  mtuIgnore: boolean;
}

export interface InterfaceFacts {
  name: string;
  description: string | undefined;
  enabled: boolean;
  addresses: Address[];
  mtu: number;
  ospf: OspfInterface | undefined;
}

export interface PeerFacts {
  /** As configured. */
  peer: string;
  address: number | undefined;
  remoteAs: number | "internal" | "external" | undefined;
  shutdown: boolean;
  password: string | undefined;
  source: string | undefined;
  description: string | undefined;
  holdSeconds: number;
}

export interface Facts {
  hostname: string | undefined;
  interfaces: Map<string, InterfaceFacts>;
  ospf: { routerId: number } | undefined;
  bgp: { asn: number; routerId: number; peers: PeerFacts[]; networks: number } | undefined;
}

export const textOf = (block: Block | undefined, key: string): Statement | undefined => block?.statements.get(key);

export const numberOf = (block: Block | undefined, key: string, arg: string): number | undefined => {
  const text = block?.statements.get(key)?.args[arg];
  return text === undefined ? undefined : Number(text);
};

/** `0` and `0.0.0.0` are one area. */
export const areaOf = (text: string): string => (text.includes(".") ? String(ipNumber(text)) : text);

/** Highest address of a loopback, else highest of all: what a router calls itself unless told. */
export function assumedRouterId(interfaces: Map<string, InterfaceFacts>): number {
  const all = [...interfaces.values()].filter((one) => one.enabled && one.addresses.length > 0);
  const loopbacks = all.filter((one) => /^lo/i.test(one.name));
  return Math.max(0, ...(loopbacks.length > 0 ? loopbacks : all).flatMap((one) => one.addresses.map((address) => address.address)));
}

export function hostPrefix(text: string): Address[] {
  const prefix = prefixOf(text);
  return prefix ? [prefix] : [];
}

export function hostMask(address: string, mask: string): Address {
  return { address: ipNumber(address)!, length: maskLength(mask) ?? 32 };
}

/** What both platforms write the same way under an interface. */
export function ospfTimers(
  block: Block,
  inherits: { dead: boolean },
): Pick<OspfInterface, "hello" | "dead" | "network" | "cost" | "priority" | "authentication" | "mtuIgnore"> {
  const hello = numberOf(block, "ip ospf hello-interval", "seconds") ?? 10;
  const dead = numberOf(block, "ip ospf dead-interval", "seconds") ?? (inherits.dead ? hello * 4 : 40);
  const keys = [...block.statements.values()].filter((one) => /^ip ospf (authentication|message-digest-key)/.test(one.text));
  return {
    hello,
    dead,
    network: textOf(block, "ip ospf network")?.text.split(" ").at(-1) ?? "broadcast",
    cost: numberOf(block, "ip ospf cost", "cost"),
    priority: numberOf(block, "ip ospf priority", "priority") ?? 1,
    authentication: keys
      .map((one) => one.text)
      .sort()
      .join(","),
    mtuIgnore: block.statements.has("ip ospf mtu-ignore"),
  };
}

/** Peers with what they have from their group. */
export function peersOf(
  bgp: Block,
  read: (get: (word: string) => Statement | undefined, peer: string) => Omit<PeerFacts, "peer" | "address">,
): PeerFacts[] {
  const names = new Set([...bgp.statements.values()].flatMap((one) => one.args["peer"] ?? []));
  return [...names].flatMap((peer) => {
    const own = (word: string): Statement | undefined => bgp.statements.get(`neighbor ${peer} ${word}`);
    const group = own("peer-group");
    if (group && group.args["group"] === undefined) return [];
    const shared = (word: string): Statement | undefined =>
      own(word) ?? (group && bgp.statements.get(`neighbor ${group.args["group"]} ${word}`));
    return [{ peer, address: ipNumber(peer), ...read(shared, peer) }];
  });
}

export const remoteAsOf = (statement: Statement | undefined): PeerFacts["remoteAs"] => {
  const text = statement?.text.split(" ").at(-1);
  if (text === undefined || text === "internal" || text === "external") return text;
  return Number(text);
};
