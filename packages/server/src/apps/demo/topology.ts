/** The network of the demonstration: three sites of eight devices, IOS at the edges and half of the access layer, FRR in the core and the other half. */

export interface Port {
  name: string;
  description: string;
  address: string;
  /** Prefix length. */
  length: number;
  ospf: boolean;
}

export interface Node {
  name: string;
  site: string;
  role: "edge" | "core" | "access";
  platform: "ios" | "frr";
  redundancyGroup?: string;
  routerId: string;
  asn: number;
  ports: Port[];
  /** eBGP neighbours over the wide-area links. */
  peers: { address: string; asn: number; description: string }[];
}

export interface Topology {
  nodes: Node[];
  /** `{ a: "lyon-edge-1:GigabitEthernet1", b: "lyon-core-1:eth1" }` */
  links: { a: string; b: string }[];
}

const sites = ["geneva", "lyon", "turin"] as const;
const roles = [
  ["edge-1", "edge", "ios"],
  ["edge-2", "edge", "ios"],
  ["core-1", "core", "frr"],
  ["core-2", "core", "frr"],
  ["access-1", "access", "ios"],
  ["access-2", "access", "frr"],
  ["access-3", "access", "ios"],
  ["access-4", "access", "frr"],
] as const;
/** Within a site: who is wired to whom. */
const wires = [
  ["edge-1", "core-1"],
  ["edge-1", "core-2"],
  ["edge-2", "core-1"],
  ["edge-2", "core-2"],
  ["core-1", "core-2"],
  ...["access-1", "access-2", "access-3", "access-4"].flatMap((access) => [
    [access, "core-1"],
    [access, "core-2"],
  ]),
] as const;
/** Between sites: a ring, each link with its own pair of edges. */
const wideArea = [
  ["geneva-edge-1", "lyon-edge-1"],
  ["lyon-edge-2", "turin-edge-1"],
  ["turin-edge-2", "geneva-edge-2"],
] as const;

export function createTopology(): Topology {
  const nodes = new Map<string, Node>();
  sites.forEach((site, number) =>
    roles.forEach(([short, role, platform], index) => {
      const name = `${site}-${short}`;
      const group = role === "access" ? {} : { redundancyGroup: `${site}-${role}` };
      nodes.set(name, {
        name,
        site,
        role,
        platform,
        ...group,
        routerId: `10.255.${number + 1}.${index + 1}`,
        asn: 65_001 + number,
        ports: [],
        peers: [],
      });
    }),
  );
  const links: Topology["links"] = [];
  const join = (a: string, b: string, wide: boolean): void => {
    const [one, two] = [nodes.get(a), nodes.get(b)];
    if (!one || !two) throw new Error(`no such nodes: ${a}, ${b}`);
    const third = links.length * 4;
    const network = `10.${wide ? 254 : 1 + sites.findIndex((site) => site === one.site)}.${Math.floor(third / 256)}`;
    const address = (offset: number): string => `${network}.${(third % 256) + offset}`;
    links.push({ a: `${a}:${portName(one)}`, b: `${b}:${portName(two)}` });
    addPort(one, { peer: two, address: address(1), wide });
    addPort(two, { peer: one, address: address(2), wide });
    if (wide) peer(one, two, address(1), address(2));
  };
  for (const site of sites) for (const [a, b] of wires) join(`${site}-${a ?? ""}`, `${site}-${b ?? ""}`, false);
  for (const [a, b] of wideArea) join(a, b, true);
  return { nodes: [...nodes.values()], links };
}

function portName(node: Node): string {
  return node.platform === "ios" ? `GigabitEthernet${node.ports.length + 1}` : `eth${node.ports.length + 1}`;
}

function addPort(node: Node, wire: { peer: Node; address: string; wide: boolean }): void {
  const description = `${wire.wide ? "WAN " : ""}to ${wire.peer.name}`;
  node.ports.push({ name: portName(node), description, address: wire.address, length: 30, ospf: !wire.wide });
}

function peer(one: Node, two: Node, addressOne: string, addressTwo: string): void {
  one.peers.push({ address: addressTwo, asn: two.asn, description: two.name });
  two.peers.push({ address: addressOne, asn: one.asn, description: one.name });
}
