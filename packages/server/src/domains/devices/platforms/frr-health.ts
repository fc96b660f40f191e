/** What FRR tells of its health. Pure: JSON of `show … json` in, figures out. FRR tells neither CPU nor memory of its host. */
import type { DeviceHealth, PingAnswer } from "./session.ts";

/** In the order in which `healthFromFrr` takes their outputs. A daemon that does not run tells nothing. */
export const frrHealthCommands = ["show interface brief json", "show ip ospf neighbor json", "show bgp summary json"] as const;

type Json = Record<string, unknown>;

export function healthFromFrr([interfaces = "", ospf = "", bgp = ""]: readonly string[]): DeviceHealth {
  const links = Object.entries(objectIn(interfaces));
  const isUp = ([, link]: [string, unknown]): boolean => asObject(link)["status"] === "up";
  return {
    interfacesUp: links.filter(isUp).map(([name]) => name),
    interfacesDown: links.filter((link) => !isUp(link)).map(([name]) => name),
    ospfFull: fullNeighbors(objectIn(ospf)),
    bgpEstablished: establishedPeers(objectIn(bgp)),
  };
}

/** What a daemon answers that does not run, or that has nothing to show, is no JSON. */
function objectIn(text: string): Json {
  const begin = text.indexOf("{");
  try {
    return begin < 0 ? {} : asObject(JSON.parse(text.slice(begin, text.lastIndexOf("}") + 1)));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

/** Old releases list the neighbours at the top, new ones under `neighbors`; `nbrState` replaces `state`. */
function fullNeighbors(ospf: Json): string[] {
  const neighbors = Object.entries("neighbors" in ospf ? asObject(ospf["neighbors"]) : ospf);
  return neighbors.flatMap(([id, adjacencies]) => {
    const list = Array.isArray(adjacencies) ? adjacencies.map(asObject) : [];
    return list.filter(({ nbrState, state }) => String(nbrState ?? state).startsWith("Full")).map(() => id);
  });
}

/** Every address family counts: a peer that carries two is listed once if either is established. */
function establishedPeers(bgp: Json): string[] {
  const families = "peers" in bgp ? [bgp] : Object.values(bgp).map(asObject);
  const peers = families.flatMap((family) => Object.entries(asObject(family["peers"])));
  return [...new Set(peers.filter(([, peer]) => asObject(peer)["state"] === "Established").map(([name]) => name))];
}

/** Echo replies seen so far in the output of `ping`. */
export function repliesIn(output: string): number {
  return output.match(/^\d+ bytes from .*icmp_seq=/gm)?.length ?? 0;
}

export function pingFromFrr(output: string, count: number): PingAnswer {
  const total = /(\d+) packets transmitted, (\d+) received/.exec(output);
  const sent = Math.min(count, Number(total?.[1] ?? count));
  const received = Math.min(sent, Number(total?.[2] ?? repliesIn(output)));
  const rtt = /= [\d.]+\/([\d.]+)\//.exec(output)?.[1];
  return { sent, received, ...(received > 0 && rtt !== undefined ? { rttMs: Number(rtt) } : {}) };
}
