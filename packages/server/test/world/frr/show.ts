/** What FRR answers to `show`. */
import type { InterfaceFacts } from "../facts.ts";
import { ipText, maskNumber } from "../grammar/values.ts";
import { loadOf } from "../load.ts";
import type { BgpSession, OspfNeighbor } from "../network.ts";
import type { Router } from "../router.ts";
import { clockText, upText } from "../times.ts";
import { frrVersion } from "./platform.ts";
import { naturally } from "./types.ts";
import { compareKeys } from "../config/tree.ts";

export const runningConfig = (router: Router): string => `Building configuration...\n\nCurrent configuration:\n!\n${router.running()}`;

export const runningWithoutHeader = (router: Router): string => router.running();

export const version = (router: Router): string => `FRRouting ${frrVersion} (${router.hostname()}) on Linux(6.1.0-31-amd64).
Copyright 1996-2005 Kunihiro Ishiguro, et al.
configured with:
    '--build=x86_64-linux-gnu' '--prefix=/usr' '--sysconfdir=/etc/frr' '--localstatedir=/var/run/frr' '--sbindir=/usr/lib/frr' '--enable-multipath=256' '--enable-user=frr' '--enable-group=frr' '--enable-vty-group=frrvty'`;

/** JSON as FRR prints it: no space after a colon, slashes escaped. */
export function jsonText(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return `[\n${indent}]`;
    return `[\n${value.map((one) => `${indent}  ${jsonText(one, `${indent}  `)}`).join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    const lines = entries.map(([key, one]) => `${indent}  ${JSON.stringify(key)}:${jsonText(one, `${indent}  `)}`);
    return lines.length === 0 ? `{\n${indent}}` : `{\n${lines.join(",\n")}\n${indent}}`;
  }
  return JSON.stringify(value).replaceAll("/", String.raw`\/`);
}

const sorted = (router: Router): InterfaceFacts[] =>
  [...router.facts().interfaces.values()].sort((a, b) => compareKeys(naturally(a.name), naturally(b.name)));

const isUp = (router: Router, one: InterfaceFacts): boolean =>
  one.enabled && (one.name === "lo" || router.network.carrier(router.name, one.name));

const addressesOf = (one: InterfaceFacts): string[] => one.addresses.map(({ address, length }) => `${ipText(address)}/${length}`);

export function interfaceBrief(router: Router): string {
  const rows = sorted(router).flatMap((one) => {
    const [first = "", ...more] = addressesOf(one);
    const head = `${one.name.padEnd(16)}${(isUp(router, one) ? "up" : "down").padEnd(8)}${"default".padEnd(16)}${first}`.trimEnd();
    return [head, ...more.map((address) => `${" ".repeat(40)}+ ${address}`)];
  });
  return ["Interface       Status  VRF             Addresses", "---------       ------  ---             ---------", ...rows, "\n"].join(
    "\n",
  );
}

export function interfaceBriefJson(router: Router): string {
  const all = sorted(router).map((one) => [
    one.name,
    { status: isUp(router, one) ? "up" : "down", vrfName: "default", addresses: addressesOf(one) },
  ]);
  return JSON.stringify(Object.fromEntries(all), null, 2).replaceAll('": ', '":');
}

export function interfacesJson(router: Router, name?: string): string {
  const some = sorted(router).filter((one) => name === undefined || one.name === name);
  const all = some.map((one, index) => [one.name, interfaceObject(router, one, index)]);
  return JSON.stringify(Object.fromEntries(all), null, 2).replaceAll('": ', '":');
}

const macOf = (router: Router, one: InterfaceFacts): string =>
  ["02", ...Buffer.from(`${router.name}${one.name}`.padEnd(5).slice(-5)).toString("hex").match(/../g)!].join(":");

const flagsOf = (one: InterfaceFacts, up: boolean): string => {
  const kind = one.name === "lo" ? "LOOPBACK" : "BROADCAST";
  return `<${[...(one.enabled ? ["UP"] : []), kind, ...(up ? ["RUNNING"] : []), ...(one.name === "lo" ? [] : ["MULTICAST"])].join(",")}>`;
};

function interfaceObject(router: Router, one: InterfaceFacts, index: number): object {
  const up = isUp(router, one);
  return {
    administrativeStatus: one.enabled ? "up" : "down",
    operationalStatus: up ? "up" : "down",
    linkDetection: true,
    linkUps: 1,
    linkDowns: up ? 0 : 1,
    vrfName: "default",
    mplsEnabled: false,
    linkDown: false,
    linkDownV6: false,
    mcForwardingV4: false,
    mcForwardingV6: false,
    pseudoInterface: false,
    index: index + 1,
    metric: 0,
    mtu: one.name === "lo" ? 65_536 : one.mtu,
    speed: one.name === "lo" ? 0 : 10_000,
    ...(one.description === undefined ? {} : { description: one.description }),
    flags: flagsOf(one, up),
    type: one.name === "lo" ? "Loopback" : "Ethernet",
    ...(one.name === "lo" ? {} : { hardwareAddress: macOf(router, one) }),
    ipAddresses: addressesOf(one).map((address) => ({ address, secondary: false, unnumbered: false })),
    interfaceType: one.name === "lo" ? "Other" : "VETH",
    interfaceSlaveType: "None",
    lacpBypass: false,
    evpnMh: {},
    protodown: "off",
  };
}

export function interfaces(router: Router, name?: string): string {
  const some = sorted(router).filter((one) => name === undefined || one.name === name);
  if (some.length === 0) return `% Can't find interface ${name}`;
  return some.map((one, index) => interfaceText(router, one, index)).join("\n");
}

function interfaceText(router: Router, one: InterfaceFacts, index: number): string {
  const up = isUp(router, one);
  const head = one.enabled ? `Interface ${one.name} is up, line protocol is ${up ? "up" : "down"}` : `Interface ${one.name} is down`;
  return [
    head,
    "  Link ups:       1    last: (never)",
    `  Link downs:     ${up ? 0 : 1}    last: (never)`,
    "  vrf: default",
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    `  index ${index + 1} metric 0 mtu ${one.name === "lo" ? 65_536 : one.mtu} speed ${one.name === "lo" ? 0 : 10_000} `,
    `  flags: ${flagsOf(one, up)}`,
    `  Type: ${one.name === "lo" ? "Loopback" : "Ethernet"}`,
    ...(one.name === "lo" ? [] : [`  HWaddr: ${macOf(router, one)}`]),
    ...addressesOf(one).map((address) => `  inet ${address}`),
    `  Interface Type ${one.name === "lo" ? "Other" : "VETH"}`,
    "  Interface Slave Type None",
    "  protodown: off ",
  ].join("\n");
}

export function interfaceDescription(router: Router): string {
  const rows = sorted(router).map((one) => {
    const up = isUp(router, one);
    return `${one.name.padEnd(16)}${(one.enabled ? "up" : "down").padEnd(8)}${(up ? "up" : "down").padEnd(10)}${one.description ?? ""}`;
  });
  return ["", "\tVRF default(0)", "", "Interface       Status  Protocol  Description", ...rows].join("\n");
}

const stateOf = (one: OspfNeighbor): string => (one.network === "point-to-point" ? "Full/-" : "Full/DR");

/** `11.067s`, `4m02s`, `7h02m`, as FRR shortens a time. */
function shortTime(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(3)}s`;
  const total = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (total < 3600) return `${Math.floor(total / 60)}m${two(total % 60)}s`;
  if (total < 86_400) return `${Math.floor(total / 3600)}h${two(Math.floor(total / 60) % 60)}m${two(total % 60)}s`;
  return `${Math.floor(total / 86_400)}d${two(Math.floor(total / 3600) % 24)}h${two(Math.floor(total / 60) % 60)}m`;
}

function ownAddress(router: Router, one: OspfNeighbor): string {
  const address = router.facts().interfaces.get(one.interface)?.addresses[0]?.address;
  return address === undefined ? "" : ipText(address);
}

const deadMs = (router: Router, one: OspfNeighbor): number =>
  one.deadSeconds * 1000 - (router.clock.now() % Math.max(1, one.deadSeconds * 250));

export function ospfNeighbors(router: Router): string {
  if (!router.facts().ospf) return "% OSPF is not enabled in vrf default";
  const now = router.clock.now();
  const rows = router.network.ospfNeighbors(router.name).map((one) => {
    const cells = [
      ipText(one.routerId).padEnd(15),
      String(one.priority).padStart(3),
      stateOf(one).padEnd(15),
      shortTime(now - one.fullSince).padEnd(15),
    ];
    return `${cells.join(" ")} ${shortTime(deadMs(router, one)).padStart(9)} ${ipText(one.address).padEnd(15)} ${`${one.interface}:${ownAddress(router, one)}`.padEnd(32)} 0     0     0`;
  });
  const head =
    "Neighbor ID     Pri State           Up Time         Dead Time Address         Interface                        RXmtL RqstL DBsmL";
  return ["", head, ...rows, ""].join("\n") + "\n";
}

export function ospfNeighborsJson(router: Router): string {
  if (!router.facts().ospf) return "{\n}";
  const byId: Record<string, object[]> = {};
  for (const one of router.network.ospfNeighbors(router.name)) (byId[ipText(one.routerId)] ??= []).push(neighborObject(router, one));
  return jsonText({ neighbors: byId });
}

function neighborObject(router: Router, one: OspfNeighbor): object {
  const up = Math.floor(router.clock.now() - one.fullSince);
  const dead = Math.floor(deadMs(router, one));
  return {
    priority: one.priority,
    state: stateOf(one),
    nbrPriority: one.priority,
    nbrState: stateOf(one),
    converged: "Full",
    role: one.network === "point-to-point" ? "DROther" : "DR",
    upTimeInMsec: up,
    deadTimeMsecs: dead,
    routerDeadIntervalTimerDueMsec: dead,
    upTime: shortTime(up),
    deadTime: shortTime(dead),
    address: ipText(one.address),
    ifaceAddress: ipText(one.address),
    ifaceName: `${one.interface}:${ownAddress(router, one)}`,
    retransmitCounter: 0,
    linkStateRetransmissionListCounter: 0,
    requestCounter: 0,
    linkStateRequestListCounter: 0,
    dbSummaryCounter: 0,
    databaseSummaryListCounter: 0,
  };
}

const byAddress = (a: BgpSession, b: BgpSession): number => (a.peer.address ?? 0) - (b.peer.address ?? 0);

export function bgpSummary(router: Router): string {
  const { bgp } = router.facts();
  if (!bgp) return "% BGP instance not found";
  const sessions = router.network.bgpSessions(router.name).sort(byAddress);
  const now = router.clock.now();
  const rows = sessions.map(({ peer, establishedSince, routes }) => {
    const up = establishedSince !== undefined;
    const messages = String(up ? Math.floor((now - establishedSince) / 60_000) + 3 : 0);
    const state = up ? String(routes) : peer.shutdown ? "Idle (Admin)" : "Active";
    const remoteAs = typeof peer.remoteAs === "number" ? String(peer.remoteAs) : String(bgp.asn);
    const age = up ? frrUp(now - establishedSince) : "never";
    return `${peer.peer.padEnd(15)} 4 ${remoteAs.padStart(10)} ${messages.padStart(9)} ${messages.padStart(9)}        0    0    0 ${age.padStart(8)} ${state.padStart(12)} ${String(up ? bgp.networks : 0).padStart(8)} ${peer.description ?? "N/A"}`;
  });
  return [
    "",
    "IPv4 Unicast Summary (VRF default):",
    `BGP router identifier ${ipText(bgp.routerId)}, local AS number ${bgp.asn} vrf-id 0`,
    "BGP table version 4",
    `RIB entries ${bgp.networks}, using ${bgp.networks * 192} bytes of memory`,
    `Peers ${sessions.length}, using ${sessions.length * 724} KiB of memory`,
    "",
    "Neighbor        V         AS   MsgRcvd   MsgSent   TblVer  InQ OutQ  Up/Down State/PfxRcd   PfxSnt Desc",
    ...rows,
    "",
    `Total number of neighbors ${sessions.length}`,
  ].join("\n");
}

const frrUp = (ms: number): string => (ms < 86_400_000 ? clockText(ms) : upText(ms));

export function bgpSummaryJson(router: Router): string {
  const { bgp } = router.facts();
  if (!bgp) return "{}";
  const sessions = router.network.bgpSessions(router.name).sort(byAddress);
  const summary = {
    routerId: ipText(bgp.routerId),
    as: bgp.asn,
    vrfId: 0,
    vrfName: "default",
    tableVersion: 4,
    ribCount: bgp.networks,
    ribMemory: bgp.networks * 192,
    peerCount: sessions.length,
    peerMemory: sessions.length * 741_464,
    peers: Object.fromEntries(sessions.map((one) => [one.peer.peer, peerObject(router, one)])),
    failedPeers: sessions.filter((one) => one.establishedSince === undefined).length,
    displayedPeers: sessions.length,
    totalPeers: sessions.length,
    dynamicPeers: 0,
    bestPath: { multiPathRelax: "false" },
  };
  // FRR opens the outer object by hand and puts the inner one at its margin.
  return `{\n"ipv4Unicast":${jsonText(summary)}\n}`;
}

function peerObject(router: Router, { peer, establishedSince, routes, remoteName }: BgpSession): object {
  const { bgp } = router.facts();
  const up = establishedSince !== undefined;
  const ms = up ? Math.floor((router.clock.now() - establishedSince) / 1000) * 1000 : 0;
  const messages = up ? Math.floor(ms / 60_000) + 3 : 0;
  return {
    ...(up && remoteName !== undefined ? { hostname: remoteName } : {}),
    remoteAs: typeof peer.remoteAs === "number" ? peer.remoteAs : bgp!.asn,
    localAs: bgp!.asn,
    version: 4,
    msgRcvd: messages,
    msgSent: messages,
    tableVersion: 0,
    outq: 0,
    inq: 0,
    peerUptime: up ? frrUp(ms) : "never",
    peerUptimeMsec: ms,
    ...(up ? { peerUptimeEstablishedEpoch: Math.floor(establishedSince / 1000) } : {}),
    pfxRcd: up ? routes : 0,
    pfxSnt: up ? bgp!.networks : 0,
    state: up ? "Established" : peer.shutdown ? "Idle (Admin)" : "Active",
    peerState: peer.shutdown ? "Admin" : "OK",
    connectionsEstablished: up ? 1 : 0,
    connectionsDropped: 0,
    ...(peer.description === undefined ? {} : { desc: peer.description }),
    idType: "ipv4",
  };
}

export function memory(router: Router): string {
  const { memoryUsed } = loadOf(router);
  return [
    "Memory statistics for zebra:",
    "System allocator statistics:",
    `  Total heap allocated:  ${Math.floor(memoryUsed / 26_000)} KiB`,
    "  Holding block headers: 0 bytes",
  ].join("\n");
}

export function routes(router: Router): string {
  const head = ["Codes: K - kernel route, C - connected, S - static, O - OSPF, B - BGP,", "       > - selected route, * - FIB route", ""];
  const up = sorted(router).filter((one) => isUp(router, one));
  const connected = up.flatMap((one) =>
    one.addresses.map(
      ({ address, length }) => `C>* ${ipText((address & maskNumber(length)) >>> 0)}/${length} is directly connected, ${one.name}`,
    ),
  );
  const fixed = router
    .running()
    .split("\n")
    .filter((line) => line.startsWith("ip route "))
    .map((line) => `S>* ${line.slice(9).replace(" ", " [1/0] via ")}`);
  return [...head, ...connected, ...fixed].join("\n");
}
