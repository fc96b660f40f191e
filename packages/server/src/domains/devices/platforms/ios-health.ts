/** What IOS tells of its health. Pure: texts of `show` commands in, figures out. */
import type { DeviceHealth, PingAnswer } from "./session.ts";

/** In the order in which `healthFromIos` takes their outputs. A command that the device does not know tells nothing. */
export const iosHealthCommands = [
  "show ip interface brief",
  "show ip ospf neighbor",
  "show ip bgp summary",
  "show processes cpu | include CPU utilization",
  "show memory statistics",
  "show version | include uptime is",
] as const;

export function healthFromIos([
  interfaces = "",
  ospf = "",
  bgp = "",
  cpu = "",
  memory = "",
  version = "",
]: readonly string[]): DeviceHealth {
  const cpuPercent = /CPU utilization for five seconds: ?(\d+)%/.exec(cpu)?.[1];
  const pool = /^\s*Processor\s+(?:[0-9A-F]+|Pool Total:)\s+(\d+)\s+(?:Used:\s*)?(\d+)/m.exec(memory);
  const uptimeS = uptimeFrom(version);
  return {
    ...(cpuPercent === undefined ? {} : { cpuPercent: Number(cpuPercent) }),
    ...(pool ? { memoryPercent: Math.round((100 * Number(pool[2])) / Number(pool[1])) } : {}),
    ...(uptimeS === undefined ? {} : { uptimeS }),
    ...interfacesFrom(interfaces),
    ospfFull: matches(ospf, /^(\d+\.\d+\.\d+\.\d+)\s+\d+\s+FULL\//gm),
    bgpEstablished: establishedFrom(bgp),
  };
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

function interfacesFrom(text: string): Pick<DeviceHealth, "interfacesUp" | "interfacesDown"> {
  const rows = [...text.matchAll(/^(\S+)\s+\S+\s+(?:YES|NO)\s+\S+\s+(.+?)\s+(up|down)\s*$/gm)];
  const up = rows.filter(([, , status, protocol]) => status === "up" && protocol === "up");
  return {
    interfacesUp: up.map((row) => row[1] ?? ""),
    interfacesDown: rows.filter((row) => !up.includes(row)).map((row) => row[1] ?? ""),
  };
}

/** Established is what shows a number of prefixes instead of a state. A long IPv6 address has a line of its own. */
function establishedFrom(text: string): string[] {
  const table = text.slice(text.search(/^Neighbor\s+V\s/m)).replaceAll(/^([\dA-Fa-f:.]+)\n\s+(?=\d)/gm, "$1 ");
  return matches(table, /^\*?([\dA-Fa-f:.]+)\s+\d\s+[\d.]+(?:\s+\d+){5}\s+\S+\s+\d+\s*$/gm);
}

const unitS: Record<string, number> = { year: 31_536_000, week: 604_800, day: 86_400, hour: 3600, minute: 60 };

function uptimeFrom(text: string): number | undefined {
  const said = /uptime is (.+)/.exec(text)?.[1];
  if (said === undefined) return undefined;
  const parts = [...said.matchAll(/(\d+) (year|week|day|hour|minute)s?/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitS[unit] ?? 0), 0);
}

export function pingFromIos(output: string, count: number): PingAnswer {
  const rate = /Success rate is \d+ percent \((\d+)\/(\d+)\)(?:, round-trip min\/avg\/max = \d+\/(\d+)\/\d+ ms)?/.exec(output);
  if (!rate) return { sent: count, received: 0 };
  const received = Number(rate[1]);
  return { sent: Number(rate[2]), received, ...(received > 0 && rate[3] !== undefined ? { rttMs: Number(rate[3]) } : {}) };
}
