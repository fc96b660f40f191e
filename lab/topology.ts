/** Which routers the lab has, how they are wired, and every address. Pure: the number of routers gives everything. */

export interface Port {
  /** Interface of this router. */
  name: string;
  address: string;
  /** The router at the other end, its interface and its address. */
  peer: string;
  peerPort: string;
  peerAddress: string;
  /** Inside a site OSPF speaks over it, between sites BGP. */
  kind: "inside" | "between";
  peerAs: number;
}

export interface LabRouter {
  name: string;
  site: string;
  as: number;
  /** From 1; its management address is made of it. */
  number: number;
  loopback: string;
  management: string;
  ports: Port[];
  /** Loopbacks of the other routers of its site. */
  ibgp: string[];
}

export interface Topology {
  routers: LabRouter[];
  /** Pairs of routers as far apart as there are: pings run between their loopbacks. */
  farEnds: { from: string; to: string; address: string }[];
}

const sites = ["lyon", "oslo", "porto"] as const;
export const managementPrefix = "10.99.0";

/** Three sites in a ring; each a ring of its own. 3 to 100 routers. */
export function planTopology(count: number): Topology {
  if (!Number.isInteger(count) || count < 3 || count > 100) throw new RangeError("A lab has 3 to 100 routers.");
  const members = sites.map((site, s) =>
    Array.from({ length: Math.floor(count / 3) + (s < count % 3 ? 1 : 0) }, (_, n) => router({ site, s, n, number: 0 })),
  );
  const routers = members.flat();
  for (const [index, one] of routers.entries()) {
    one.number = index + 1;
    one.management = `${managementPrefix}.${index + 1}`;
  }
  for (const [s, group] of members.entries()) {
    const pairs = group.length > 2 ? group.length : group.length - 1;
    for (let n = 0; n < pairs; n++) wire(at(group, n), at(group, (n + 1) % group.length), { kind: "inside", net: `10.${s + 1}.${n}` });
    for (const one of group) one.ibgp = group.filter((other) => other !== one).map((other) => other.loopback);
    const next = at(members, (s + 1) % members.length);
    wire(at(group, 0), at(next, next.length - 1), { kind: "between", net: `172.16.${s}` });
  }
  const farEnds = members.map((group, s) => {
    const [from, to] = [at(group, 0), at(at(members, (s + 2) % 3), 0)];
    return { from: from.name, to: to.name, address: to.loopback };
  });
  return { routers, farEnds };
}

function router({ site, s, n }: { site: string; s: number; n: number; number: number }): LabRouter {
  return {
    name: `${site}-${n + 1}`,
    site,
    as: 65_001 + s,
    number: 0,
    loopback: `10.255.${s + 1}.${n + 1}`,
    management: "",
    ports: [],
    ibgp: [],
  };
}

function wire(one: LabRouter, other: LabRouter, { kind, net }: { kind: Port["kind"]; net: string }): void {
  const [name, peerPort] = [`eth${one.ports.length + 1}`, `eth${other.ports.length + 1}`];
  const [address, peerAddress] = [`${net}.1`, `${net}.2`];
  one.ports.push({ name, address, peer: other.name, peerPort, peerAddress, kind, peerAs: other.as });
  other.ports.push({ name: peerPort, address: peerAddress, peer: one.name, peerPort: name, peerAddress: address, kind, peerAs: one.as });
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`no member ${index}`);
  return found;
}
