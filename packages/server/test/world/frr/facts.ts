import type { Block, Statement } from "../config/tree.ts";
import {
  areaOf,
  assumedRouterId,
  hostPrefix,
  numberOf,
  ospfTimers,
  peersOf,
  remoteAsOf,
  type Facts,
  type InterfaceFacts,
  type OspfInterface,
} from "../facts.ts";
import { ipNumber, maskNumber, prefixOf } from "../grammar/values.ts";
import { bgpBlock } from "./bgp.ts";

/** Reads an FRR configuration; interfaces of the hardware are there without a line. */
export function frrFacts(root: Block, hardware: ReadonlySet<string>): Facts {
  const process = root.statements.get("router ospf")?.child;
  const interfaces = new Map<string, InterfaceFacts>();
  const named = [...root.statements.values()].filter((one) => one.rule.mode === "interface");
  for (const name of new Set([...hardware, ...named.map((one) => one.args["interface"]!)])) {
    if (!hardware.has(name)) continue;
    const block = root.statements.get(`interface ${name}`)?.child;
    const facts = interfaceFacts(name, block);
    interfaces.set(name, { ...facts, ospf: process && block && ospfOf(facts, block, process) });
  }
  const assumed = assumedRouterId(interfaces);
  return {
    hostname: root.statements.get("hostname")?.args["name"],
    interfaces,
    ospf: process && { routerId: ipNumber(process.statements.get("ospf router-id")?.args["id"] ?? "") ?? assumed },
    bgp: bgpFacts(root, assumed),
  };
}

function interfaceFacts(name: string, block: Block | undefined): InterfaceFacts {
  const lines = [...(block?.statements.values() ?? [])];
  return {
    name,
    description: block?.statements.get("description")?.args["description"],
    enabled: block?.statements.has("shutdown") !== true,
    addresses: lines.filter((one) => one.text.startsWith("ip address ")).flatMap((one) => hostPrefix(one.args["address"]!)),
    mtu: 1500,
    ospf: undefined,
  };
}

function ospfOf(facts: InterfaceFacts, block: Block, process: Block): OspfInterface | undefined {
  const area = block.statements.get("ip ospf area")?.args["area"] ?? networkArea(facts, process);
  if (area === undefined || facts.addresses.length === 0) return undefined;
  const own = block.statements.get("ip ospf passive")?.text;
  const passive = own === undefined ? process.statements.has("passive-interface default") : !own.startsWith("no ");
  return { area: areaOf(area), passive, ...ospfTimers(block, { dead: false }) };
}

function networkArea(facts: InterfaceFacts, process: Block): string | undefined {
  const networks = [...process.statements.values()].filter((one) => one.text.startsWith("network "));
  const covers = (one: Statement, address: number): boolean => {
    const prefix = prefixOf(one.args["prefix"]!)!;
    return (address & maskNumber(prefix.length)) >>> 0 === prefix.address;
  };
  return networks.find((one) => facts.addresses.some(({ address }) => covers(one, address)))?.args["area"];
}

function bgpFacts(root: Block, assumed: number): Facts["bgp"] {
  const statement = [...root.statements.values()].find((one) => one.rule.mode === "router-bgp");
  const bgp = bgpBlock(root);
  if (!statement || !bgp) return undefined;
  const hold = numberOf(bgp, "timers bgp", "hold") ?? 180;
  const family = bgp.statements.get("address-family ipv4 unicast")?.child;
  return {
    asn: Number(statement.args["asn"]),
    routerId: ipNumber(bgp.statements.get("bgp router-id")?.args["id"] ?? "") ?? assumed,
    networks: [...(family?.statements.values() ?? [])].filter((one) => one.text.startsWith("network ")).length,
    peers: peersOf(bgp, (get, peer) => ({
      remoteAs: remoteAsOf(get("remote-as")),
      shutdown: get("shutdown") !== undefined || family?.statements.get(`neighbor ${peer} activate`)?.text.startsWith("no ") === true,
      password: get("password")?.args["password"],
      source: get("update-source")?.text.split(" ").at(-1),
      description: get("description")?.args["description"],
      holdSeconds: Number(get("timers")?.args["hold"] ?? hold),
    })),
  };
}
