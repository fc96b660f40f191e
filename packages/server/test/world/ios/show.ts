/** What IOS answers to `show`. */
import type { InterfaceFacts } from "../facts.ts";
import { ipText, maskNumber } from "../grammar/values.ts";
import { loadOf, seedOf } from "../load.ts";
import type { BgpSession } from "../network.ts";
import type { Router } from "../router.ts";
import { clockText, longTime, longUptime, upText } from "../times.ts";
import { interfaceOrder } from "./types.ts";

/** The running configuration with the words that IOS puts before it. */
export function runningConfig(router: Router): string {
  const text = router.running();
  const { lastChange, lastSave } = router.state;
  const notes = [
    ...(lastChange ? [`! Last configuration change at ${longTime(lastChange.at)} by ${lastChange.by}`] : []),
    ...(lastSave ? [`! NVRAM config last updated at ${longTime(lastSave.at)} by ${lastSave.by}`] : []),
  ];
  const head = notes.length === 0 ? ["!"] : ["!", ...notes, "!"];
  return `Building configuration...\n\nCurrent configuration : ${text.length} bytes\n${[...head, text].join("\n")}\n\n`;
}

export const startupConfig = (router: Router): string =>
  `Using ${router.state.startup.length} out of 33554432 bytes\n!\n${router.state.startup}\n\n`;

export function runningInterface(router: Router, name: string): string | undefined {
  const lines = router.running().split("\n");
  const start = lines.indexOf(`interface ${name}`);
  if (start < 0) return undefined;
  const end = lines.findIndex((line, index) => index > start && !line.startsWith(" "));
  const text = [...lines.slice(start, end), "end"].join("\n");
  return `Building configuration...\n\nCurrent configuration : ${text.length} bytes\n!\n${text}\n\n`;
}

export function version(router: Router): string {
  const up = router.clock.now() - router.bootedAt;
  return `Cisco IOS XE Software, Version 17.03.04a
Cisco IOS Software [Amsterdam], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.3.4a, RELEASE SOFTWARE (fc3)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2021 by Cisco Systems, Inc.
Compiled Tue 20-Jul-21 04:59 by mcpre

ROM: IOS-XE ROMMON

${router.hostname()} uptime is ${longUptime(up)}
Uptime for this control processor is ${longUptime(up)}
System returned to ROM by reload
System image file is "bootflash:packages.conf"
Last reload reason: reload

cisco C8000V (VXE) processor (revision VXE) with 2042844K/3075K bytes of memory.
Processor board ID 9${String(seedOf(router.name, 9_999_999)).padStart(7, "0")}XE
Router operating mode: Autonomous
${ports(router).length} Gigabit Ethernet interfaces
32768K bytes of non-volatile configuration memory.
3965112K bytes of physical memory.
6188032K bytes of virtual hard disk at bootflash:.

Configuration register is 0x2102

`;
}

export const clock = (router: Router): string => `*${clockText(router.clock.now())}.000 ${longTime(router.clock.now()).slice(9)}`;

const sorted = (router: Router): InterfaceFacts[] =>
  [...router.facts().interfaces.values()].sort((a, b) => {
    const [x, y] = [interfaceOrder(a.name), interfaceOrder(b.name)];
    return x.map((part, index) => part - (y[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
  });

const ports = (router: Router): InterfaceFacts[] =>
  sorted(router).filter((one) => one.name.startsWith("GigabitEthernet") && !one.name.includes("."));

function linkUp(router: Router, one: InterfaceFacts): boolean {
  return one.enabled && (/^(Loopback|Tunnel|Vlan|Port)/.test(one.name) || router.network.carrier(router.name, one.name.split(".")[0]!));
}

export function interfaceBrief(router: Router): string {
  const rows = sorted(router).map((one) => {
    const up = linkUp(router, one);
    const status = one.enabled ? (up ? "up" : "down") : "administratively down";
    const address = one.addresses[0] ? ipText(one.addresses[0].address) : "unassigned";
    return `${one.name.padEnd(22)} ${address.padEnd(15)} YES NVRAM  ${status.padEnd(21)} ${up ? "up" : "down"}      `;
  });
  return ["Interface              IP-Address      OK? Method Status                Protocol", ...rows].join("\n");
}

export function interfaceDescription(router: Router): string {
  const rows = sorted(router).map((one) => {
    const up = linkUp(router, one);
    const status = one.enabled ? (up ? "up" : "down") : "admin down";
    const short = one.name.replace(/^([A-Z][a-z])[A-Za-z-]*/, "$1");
    return `${short.padEnd(31)}${status.padEnd(15)}${(up ? "up" : "down").padEnd(9)}${one.description ?? ""}`.trimEnd();
  });
  return [`${"Interface".padEnd(31)}${"Status".padEnd(15)}${"Protocol".padEnd(9)}Description`, ...rows].join("\n");
}

export function interfaces(router: Router, name?: string): string {
  return sorted(router)
    .filter((one) => name === undefined || one.name === name)
    .map((one) => interfaceText(router, one))
    .join("\n");
}

function interfaceText(router: Router, one: InterfaceFacts): string {
  const up = linkUp(router, one);
  const status = one.enabled ? (up ? "up" : "down") : "administratively down";
  const address = one.addresses[0];
  const lines = [
    `${one.name} is ${status}, line protocol is ${up ? "up" : "down"} `,
    `  Hardware is ${one.name.startsWith("Loopback") ? "Loopback" : "vNIC"}`,
    ...(one.description === undefined ? [] : [`  Description: ${one.description}`]),
    ...(address ? [`  Internet address is ${ipText(address.address)}/${address.length}`] : []),
    `  MTU ${one.mtu} bytes, BW 1000000 Kbit/sec, DLY 10 usec, `,
    "     reliability 255/255, txload 1/255, rxload 1/255",
    "  Encapsulation ARPA, loopback not set",
    "  Full Duplex, 1000Mbps, link type is auto, media type is Virtual",
    "  5 minute input rate 2000 bits/sec, 3 packets/sec",
    "  5 minute output rate 2000 bits/sec, 3 packets/sec",
    "     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored",
    "     0 output errors, 0 collisions, 0 interface resets",
  ];
  return lines.join("\n");
}

export function ospfNeighbors(router: Router): string {
  if (!router.facts().ospf) return "";
  const now = router.clock.now();
  const rows = router.network.ospfNeighbors(router.name).map((one) => {
    const left = one.deadSeconds - (Math.floor(now / 1000) % Math.max(1, Math.floor(one.deadSeconds / 4)));
    const state = one.network === "point-to-point" ? "FULL/  -" : "FULL/DR";
    const priority = one.network === "point-to-point" ? 0 : one.priority;
    return `${ipText(one.routerId).padEnd(15)} ${String(priority).padStart(3)}   ${state.padEnd(15)} ${clockText(left * 1000).padEnd(11)} ${ipText(one.address).padEnd(15)} ${one.interface}`;
  });
  return rows.length === 0 ? "" : ["", "Neighbor ID     Pri   State           Dead Time   Address         Interface", ...rows].join("\n");
}

export function bgpSummary(router: Router): string {
  const { bgp } = router.facts();
  if (!bgp) return "% BGP not active";
  const now = router.clock.now();
  const sessions = router.network.bgpSessions(router.name).sort((a, b) => (a.peer.address ?? 0) - (b.peer.address ?? 0));
  const head = [
    `BGP router identifier ${ipText(bgp.routerId)}, local AS number ${bgp.asn}`,
    "BGP table version is 12, main routing table version 12",
    `${bgp.networks} network entries using ${bgp.networks * 248} bytes of memory`,
    "",
    "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd",
  ];
  return [...head, ...sessions.map((session) => bgpRow(session, now))].join("\n");
}

function bgpRow({ peer, establishedSince, routes }: BgpSession, now: number): string {
  const up = establishedSince !== undefined;
  const age = up ? upText(now - establishedSince) : "never";
  const messages = up ? Math.floor((now - establishedSince) / 30_000) + 2 : 0;
  const state = up ? String(routes) : peer.shutdown ? "Idle (Admin)" : "Active";
  return `${peer.peer.padEnd(15)} 4 ${String(peer.remoteAs ?? "").padStart(12)} ${String(messages).padStart(7)} ${String(messages).padStart(7)} ${String(up ? 12 : 1).padStart(8)}    0    0 ${age.padEnd(8)} ${state.padStart(9)}`;
}

export function processesCpu(router: Router): string {
  const load = loadOf(router);
  return [
    `CPU utilization for five seconds: ${load.fiveSeconds}%/0%; one minute: ${load.oneMinute}%; five minutes: ${load.fiveMinutes}%`,
    " PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process ",
    "   1           4          23        173  0.00%  0.00%  0.00%   0 Chunk Manager    ",
    "   2        1287       29310         43  0.00%  0.00%  0.00%   0 Load Meter       ",
    `  87       48211      981220         49  ${(load.fiveSeconds / 10).toFixed(2)}%  0.11%  0.10%   0 IP Input         `,
  ].join("\n");
}

export function memory(router: Router): string {
  const { memoryTotal, memoryUsed } = loadOf(router);
  const free = memoryTotal - memoryUsed;
  const row = (name: string, values: number[]): string =>
    `${name.padEnd(14)} ${["7FA2B8A0A048", ...values.map(String)].map((one) => one.padStart(12)).join(" ")}`;
  return [
    "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)",
    row("Processor", [memoryTotal, memoryUsed, free, free - 1_048_576, Math.floor(free * 0.9)]),
    row("lsmpi_io", [3_149_400, 3_148_576, 824, 824, 412]),
  ].join("\n");
}

export function routes(router: Router): string {
  const connected = sorted(router)
    .filter((one) => linkUp(router, one))
    .flatMap((one) => one.addresses.map((address) => ({ ...address, name: one.name })));
  const rows = connected.flatMap(({ address, length, name }) => {
    const network = ipText((address & maskNumber(length)) >>> 0);
    const local = `L        ${ipText(address)}/32 is directly connected, ${name}`;
    return length === 32
      ? [`C        ${network}/32 is directly connected, ${name}`]
      : [`C        ${network}/${length} is directly connected, ${name}`, local];
  });
  const fixed = router
    .running()
    .split("\n")
    .filter((line) => line.startsWith("ip route "));
  return [
    "Codes: L - local, C - connected, S - static, O - OSPF, B - BGP",
    "",
    ...rows,
    ...fixed.map((line) => `S        ${line.slice(9)}`),
  ].join("\n");
}

export function prefixLists(router: Router): string {
  const lines = router
    .running()
    .split("\n")
    .filter((line) => line.startsWith("ip prefix-list ") && line.includes(" seq "));
  const names = [...new Set(lines.map((line) => line.split(" ")[2]!))];
  return names
    .map((name) => {
      const own = lines.filter((line) => line.split(" ")[2] === name);
      return [`ip prefix-list ${name}: ${own.length} entries`, ...own.map((line) => `   ${line.slice(line.indexOf(" seq ") + 1)}`)].join(
        "\n",
      );
    })
    .join("\n");
}
