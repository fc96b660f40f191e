/**
 * The network of the demo: three sites of eight routers each, IOS-like and FRR-like mixed, every role twice. One address plan:
 * loopbacks 10.255.SITE.N, links 10.SITE.255.0/24 in /30s (between sites 10.0.255.0/24), users 10.SITE.N.0/24.
 */
import type { PlatformName } from "../device.ts";
import type { ExternalSpec, LinkSpec } from "../network.ts";

export const sites = ["lyon", "turin", "geneva"] as const;
export type SiteName = (typeof sites)[number];

export const ownAs = 65_010;

type Role = "edge" | "core" | "dist" | "access";

interface Port {
  name: string;
  description: string;
  address: string;
  length: number;
  area: number;
  passive: boolean;
}

interface Peer {
  address: string;
  asn: number;
  description: string;
  internal: boolean;
}

export interface PlannedDevice {
  name: string;
  site: SiteName;
  role: Role;
  platform: PlatformName;
  redundancyGroup: string;
  loopback: string;
  ports: Port[];
  peers: Peer[];
}

export interface DemoPlan {
  devices: PlannedDevice[];
  links: LinkSpec[];
  externals: ExternalSpec[];
}

const roles: Role[] = ["edge", "core", "dist", "access"];

/** The two of a pair run different systems, so that a fault of one does not take both. */
const platformOf = (role: Role, number: number): PlatformName => ((role === "edge" || role === "dist") === (number === 1) ? "ios" : "frr");

function bareDevices(): PlannedDevice[] {
  return sites.flatMap((site, siteIndex) =>
    roles.flatMap((role, roleIndex) =>
      [1, 2].map((number): PlannedDevice => {
        const name = `${site}-${role}-${number}`;
        const loopback = `10.255.${siteIndex + 1}.${roleIndex * 2 + number}`;
        return { name, site, role, platform: platformOf(role, number), redundancyGroup: `${site}-${role}`, loopback, ports: [], peers: [] };
      }),
    ),
  );
}

/** A port that takes the next number of its device. */
function addPort(device: PlannedDevice, port: Omit<Port, "name" | "passive"> & { passive?: boolean }): string {
  const number = device.ports.length + 1;
  const name = device.platform === "ios" ? `GigabitEthernet${number}` : `eth${number}`;
  device.ports.push({ passive: false, ...port, name });
  return `${device.name}:${name}`;
}

/** Which devices are joined, and in which OSPF area: the middle and the edges are the backbone, the rest of a site its own area. */
function cables(): [string, string, number][] {
  const inside = sites.flatMap((site, index): [string, string, number][] => {
    const at = (name: string): string => `${site}-${name}`;
    const both = (upper: string, lower: string, area: number): [string, string, number][] =>
      [1, 2].flatMap((x) => [1, 2].map((y): [string, string, number] => [at(`${upper}-${x}`), at(`${lower}-${y}`), area]));
    return [
      ...both("core", "edge", 0),
      [at("core-1"), at("core-2"), 0],
      ...both("core", "dist", index + 1),
      ...both("dist", "access", index + 1),
    ];
  });
  const between = [1, 2].flatMap((number) =>
    sites.map((site, index): [string, string, number] => [`${site}-core-${number}`, `${sites[(index + 1) % 3]}-core-${number}`, 0]),
  );
  return [...inside, ...between];
}

const siteNumber = (device: PlannedDevice): number => sites.indexOf(device.site) + 1;

function joinDevices(devices: PlannedDevice[]): LinkSpec[] {
  const used = new Map<number, number>();
  const find = (name: string): PlannedDevice => devices.find((device) => device.name === name)!;
  return cables().map(([upper, lower, area]) => {
    const [x, y] = [find(upper), find(lower)];
    const block = x.site === y.site ? siteNumber(x) : 0;
    const offset = used.get(block) ?? 0;
    used.set(block, offset + 4);
    const address = (host: number): string => `10.${block}.255.${offset + host}`;
    const a = addPort(x, { description: `to ${y.name}`, address: address(1), length: 30, area });
    const b = addPort(y, { description: `to ${x.name}`, address: address(2), length: 30, area });
    return { a, b };
  });
}

/** The networks of the users hang on the access routers. */
function addUsers(devices: PlannedDevice[]): void {
  for (const device of devices.filter((one) => one.role === "access")) {
    const number = Number(device.name.slice(-1));
    const site = siteNumber(device);
    addPort(device, {
      description: `users ${device.site} ${number}`,
      address: `10.${site}.${number}.1`,
      length: 24,
      area: site,
      passive: true,
    });
  }
}

/** Every edge has a provider, and the other edges for peers inside. */
function addPeers(devices: PlannedDevice[]): ExternalSpec[] {
  const edges = devices.filter((device) => device.role === "edge");
  for (const edge of edges) {
    for (const other of edges) {
      if (other !== edge) edge.peers.push({ address: other.loopback, asn: ownAs, description: other.name, internal: true });
    }
  }
  return edges.map((edge, index) => {
    const asn = 64_501 + (index % 3);
    const offset = index * 4;
    const at = addPort(edge, { description: `provider AS${asn}`, address: `198.51.100.${offset + 2}`, length: 30, area: 0, passive: true });
    edge.peers.push({ address: `198.51.100.${offset + 1}`, asn, description: `provider AS${asn}`, internal: false });
    return { at, address: `198.51.100.${offset + 1}`, asn, routes: 12 };
  });
}

export function demoPlan(): DemoPlan {
  const devices = bareDevices();
  const links = joinDevices(devices);
  addUsers(devices);
  const externals = addPeers(devices);
  // Something must be plugged into the users' ports for them to be up.
  const users = devices
    .filter((one) => one.role === "access")
    .map((one) => ({ at: `${one.name}:${one.ports.at(-1)!.name}`, address: "192.0.2.254", asn: 64_500 }));
  return { devices, links, externals: [...externals, ...users] };
}
