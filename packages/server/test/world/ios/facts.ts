import type { Block, Statement } from "../config/tree.ts";
import {
  areaOf,
  assumedRouterId,
  hostMask,
  numberOf,
  ospfTimers,
  peersOf,
  remoteAsOf,
  type Facts,
  type InterfaceFacts,
  type OspfInterface,
} from "../facts.ts";
import { ipNumber } from "../grammar/values.ts";
import { bgpBlock } from "./routing.ts";
import { interfaceName } from "./types.ts";

/** Reads an IOS configuration. */
export function iosFacts(root: Block): Facts {
  const process = [...root.statements.values()].find((one) => one.rule.mode === "ospf")?.child;
  const interfaces = new Map<string, InterfaceFacts>();
  for (const one of root.statements.values()) {
    if (one.rule.mode !== "interface") continue;
    const facts = interfaceFacts(one.args["interface"]!, one.child!);
    interfaces.set(facts.name, { ...facts, ospf: process && ospfOf(facts, one.child!, process) });
  }
  const assumed = assumedRouterId(interfaces);
  return {
    hostname: root.statements.get("hostname")?.args["name"],
    interfaces,
    ospf: process && { routerId: ipNumber(process.statements.get("router-id")?.args["id"] ?? "") ?? assumed },
    bgp: bgpFacts(root, assumed),
  };
}

function interfaceFacts(name: string, block: Block): InterfaceFacts {
  const addressed = [...block.statements.values()].filter((one) => one.args["address"] !== undefined && one.args["mask"] !== undefined);
  const primaryFirst = addressed.sort((a) => (a.key === "ip address" ? -1 : 1));
  return {
    name,
    description: block.statements.get("description")?.args["description"],
    enabled: !block.statements.has("shutdown"),
    addresses: primaryFirst.map((one) => hostMask(one.args["address"]!, one.args["mask"]!)),
    mtu: numberOf(block, "ip mtu", "bytes") ?? numberOf(block, "mtu", "bytes") ?? 1500,
    ospf: undefined,
  };
}

function ospfOf(facts: InterfaceFacts, block: Block, process: Block): OspfInterface | undefined {
  const area = block.statements.get("ip ospf area")?.args["area"] ?? networkArea(facts, process);
  if (area === undefined || facts.addresses.length === 0) return undefined;
  return { area: areaOf(area), passive: isPassive(facts.name, process), ...ospfTimers(block, { dead: true }) };
}

function networkArea(facts: InterfaceFacts, process: Block): string | undefined {
  const networks = [...process.statements.values()].filter((one) => one.args["wildcard"] !== undefined);
  const covers = (one: Statement, address: number): boolean => {
    const wildcard = ipNumber(one.args["wildcard"]!)!;
    return (address & ~wildcard) >>> 0 === (ipNumber(one.args["network"]!)! & ~wildcard) >>> 0;
  };
  return networks.find((one) => facts.addresses.some(({ address }) => covers(one, address)))?.args["area"];
}

function isPassive(name: string, process: Block): boolean {
  const own = process.statements.get(`passive-interface ${name}`)?.text;
  if (process.statements.has("passive-interface default")) return own === undefined;
  return own !== undefined;
}

function bgpFacts(root: Block, assumed: number): Facts["bgp"] {
  const statement = [...root.statements.values()].find((one) => one.rule.mode === "bgp");
  const bgp = bgpBlock(root);
  if (!statement || !bgp) return undefined;
  const hold = numberOf(bgp, "timers bgp", "hold") ?? 180;
  const family = bgp.statements.get("address-family ipv4")?.child ?? bgp;
  return {
    asn: Number(statement.args["asn"]),
    routerId: ipNumber(bgp.statements.get("bgp router-id")?.args["id"] ?? "") ?? assumed,
    networks: [...family.statements.values()].filter((one) => one.text.startsWith("network ")).length,
    peers: peersOf(bgp, (get, peer) => ({
      remoteAs: remoteAsOf(get("remote-as")),
      shutdown: get("shutdown") !== undefined || family.statements.get(`neighbor ${peer} activate`)?.text.startsWith("no ") === true,
      password: get("password")?.args["password"],
      source: sourceOf(get("update-source")),
      description: get("description")?.args["description"],
      holdSeconds: Number(get("timers")?.args["hold"] ?? hold),
    })),
  };
}

const sourceOf = (statement: Statement | undefined): string | undefined => statement && interfaceName(statement.args["interface"]!);
