/**
 * What holds between devices: a link is up when both ends are, two routers are neighbours when their ends agree, and a BGP session
 * stands when each end expects the other. So a bad change to one device is felt by its neighbours, after the time that the
 * protocols take to notice.
 */
import type { WorldClock } from "./clock.ts";
import type { Address, Facts, InterfaceFacts, PeerFacts } from "./facts.ts";
import { ipNumber, sameSubnet } from "./grammar/values.ts";

/** What the network needs of a device. */
export interface Member {
  name: string;
  facts(): Facts;
  powered(): boolean;
}

export interface LinkEnd {
  device: string;
  interface: string;
}

export interface LinkSpec {
  a: string;
  b: string;
}

/** A neighbour outside the fleet, always there: a provider. */
export interface ExternalSpec {
  /** `device:interface` that it is connected to. */
  at: string;
  address: string;
  asn: number;
  /** How many routes it sends. */
  routes?: number;
}

export interface OspfNeighbor {
  routerId: number;
  address: number;
  interface: string;
  priority: number;
  network: string;
  fullSince: number;
  deadSeconds: number;
}

export interface BgpSession {
  peer: PeerFacts;
  establishedSince: number | undefined;
  routes: number;
  remoteName: string | undefined;
}

/** Something that comes up some time after its conditions hold, and goes down some time after they fail. */
interface Condition {
  holds: boolean;
  changedAt: number;
  upSince: number | undefined;
  /** How long after the change it shows. */
  afterMs: number;
}

const upAfterMs = { adjacency: 1200, session: 1500 };

export class Network {
  private readonly members = new Map<string, Member>();
  private readonly links: { a: LinkEnd; b: LinkEnd }[];
  private readonly externals: (Omit<ExternalSpec, "at"> & { end: LinkEnd; number: number })[];
  private readonly clock: WorldClock;
  private readonly conditions = new Map<string, Condition>();
  private cancel: (() => void) | undefined;
  private owners: Map<number, { device: string; interface: string }> | undefined;
  private readonly startedAt: number;
  private opened = false;
  private closed = false;

  constructor(clock: WorldClock, spec: { links?: LinkSpec[]; externals?: ExternalSpec[] } = {}) {
    this.clock = clock;
    this.startedAt = clock.now() - 3_600_000 * 7;
    this.links = (spec.links ?? []).map(({ a, b }) => ({ a: endOf(a), b: endOf(b) }));
    this.externals = (spec.externals ?? []).map(({ at, ...rest }) => ({ ...rest, end: endOf(at), number: ipNumber(rest.address)! }));
  }

  /** Takes a device in; what is there when the network opens is found as if it had been up for hours. */
  join(member: Member): void {
    this.members.set(member.name, member);
    if (this.opened) this.changed();
  }

  open(): void {
    this.settle();
    this.opened = true;
  }

  /** Interfaces that a device must have because something is plugged into them. */
  interfacesOf(device: string): string[] {
    const ends = [...this.links.flatMap(({ a, b }) => [a, b]), ...this.externals.map((external) => external.end)];
    return ends.filter((end) => end.device === device).map((end) => end.interface);
  }

  /** To be called after anything that may matter to a neighbour. */
  changed(): void {
    this.owners = undefined;
    if (this.opened && !this.closed) this.settle();
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
  }

  private settle(): void {
    this.cancel?.();
    for (const { a, b } of this.links) {
      this.adjacency(a, b);
      this.adjacency(b, a);
    }
    for (const member of this.members.values()) {
      for (const peer of member.facts().bgp?.peers ?? []) this.session(member, peer);
    }
    const now = this.clock.now();
    const due = [...this.conditions.values()].map((one) => dueAt(one)).filter((at) => at !== undefined && at > now);
    if (due.length > 0) this.cancel = this.clock.after(Math.min(...(due as number[])) - now + 1, () => this.settle());
  }

  private condition(key: string, holds: boolean, times: { upMs: number; downMs: number }): Condition {
    const now = this.clock.now();
    let one = this.conditions.get(key);
    if (!one) {
      one = { holds, changedAt: now, upSince: holds && !this.opened ? this.startedAt : undefined, afterMs: times.upMs };
      this.conditions.set(key, one);
    }
    ripen(one, now);
    if (one.holds !== holds) Object.assign(one, { holds, changedAt: now, afterMs: holds ? times.upMs : times.downMs });
    ripen(one, now);
    return one;
  }

  private interfaceAt(end: LinkEnd): InterfaceFacts | undefined {
    const member = this.members.get(end.device);
    return member?.powered() ? member.facts().interfaces.get(end.interface) : undefined;
  }

  /** Whether the port has a carrier: both ends switched on. A port with nothing plugged in has none. */
  carrier(device: string, name: string): boolean {
    const mine = (end: LinkEnd): boolean => end.device === device && end.interface === name;
    if (this.externals.some((external) => mine(external.end))) return true;
    const link = this.links.find(({ a, b }) => mine(a) || mine(b));
    return link !== undefined && this.interfaceAt(link.a)?.enabled === true && this.interfaceAt(link.b)?.enabled === true;
  }

  /** The neighbour as one end sees it: an end that hears nothing it can believe waits for its own dead interval. */
  private adjacency(own: LinkEnd, other: LinkEnd): Condition {
    const [x, y] = [this.interfaceAt(own), this.interfaceAt(other)];
    const linked = x?.enabled === true && y?.enabled === true;
    const holds = linked && agree(x, y) && this.routerId(own.device) !== this.routerId(other.device);
    const downMs = linked && x.ospf ? x.ospf.dead * 1000 : 0;
    return this.condition(`ospf ${own.device}:${own.interface}`, holds, { upMs: upAfterMs.adjacency, downMs });
  }

  private routerId(device: string): number | undefined {
    return this.members.get(device)?.facts().ospf?.routerId;
  }

  /** Neighbours in state Full, as one device sees them. */
  ospfNeighbors(device: string): OspfNeighbor[] {
    const found: OspfNeighbor[] = [];
    for (const { a, b } of this.links) {
      const [own, other] = a.device === device ? [a, b] : [b, a];
      if (own.device !== device) continue;
      const { upSince } = this.adjacency(own, other);
      const [mine, theirs] = [this.interfaceAt(own), this.interfaceAt(other)];
      if (upSince === undefined || !mine) continue;
      found.push({
        routerId: this.routerId(other.device) ?? 0,
        address: theirs?.addresses[0]?.address ?? 0,
        interface: own.interface,
        priority: theirs?.ospf?.priority ?? 1,
        network: mine.ospf?.network ?? "broadcast",
        fullSince: upSince,
        deadSeconds: mine.ospf?.dead ?? 40,
      });
    }
    return found;
  }

  /** The sessions of a device, standing or not. */
  bgpSessions(device: string): BgpSession[] {
    const member = this.members.get(device);
    const bgp = member?.facts().bgp;
    return (bgp?.peers ?? []).map((peer) => {
      const { upSince } = this.session(member!, peer);
      const remote = this.ownerOf(peer.address);
      const external = this.externals.find((one) => one.number === peer.address);
      const networks = remote && this.members.get(remote.device)?.facts().bgp?.networks;
      return { peer, establishedSince: upSince, routes: external?.routes ?? networks ?? 0, remoteName: remote?.device };
    });
  }

  private session(member: Member, peer: PeerFacts): Condition {
    const expected = this.expects(member, peer);
    const holds = expected && this.reaches(member.name, peer.address!);
    return this.condition(`bgp ${member.name} ${peer.peer}`, holds, {
      upMs: upAfterMs.session,
      downMs: expected && this.ownerOf(peer.address) && !this.connected(member, peer.address!) ? peer.holdSeconds * 1000 : 0,
    });
  }

  /** Each end is configured for the other. */
  private expects(member: Member, peer: PeerFacts): boolean {
    const own = member.facts().bgp!;
    if (peer.address === undefined || peer.shutdown || !member.powered()) return false;
    const external = this.externals.find((one) => one.number === peer.address);
    if (external) return isAs(peer, external.asn, own.asn);
    const owner = this.ownerOf(peer.address);
    const other = owner && this.members.get(owner.device);
    const theirs = other?.powered() ? other.facts().bgp : undefined;
    if (!theirs || !isAs(peer, theirs.asn, own.asn)) return false;
    const sources = this.sourcesOf(member, peer);
    return theirs.peers.some(
      (back) => !back.shutdown && sources.has(back.address ?? -1) && isAs(back, own.asn, theirs.asn) && back.password === peer.password,
    );
  }

  private sourcesOf(member: Member, peer: PeerFacts): Set<number> {
    const { interfaces } = member.facts();
    const named = peer.source === undefined ? [...interfaces.values()] : [interfaces.get(peer.source)];
    const all = named.flatMap((one) => (one?.enabled ? one.addresses : []));
    return new Set([...all.map((one) => one.address), ...(ipNumber(peer.source ?? "") === undefined ? [] : [ipNumber(peer.source!)!])]);
  }

  private ownerOf(address: number | undefined): { device: string; interface: string } | undefined {
    if (!this.owners) {
      this.owners = new Map();
      for (const member of this.members.values()) {
        for (const one of member.facts().interfaces.values()) {
          for (const own of one.addresses) this.owners.set(own.address, { device: member.name, interface: one.name });
        }
      }
    }
    return address === undefined ? undefined : this.owners.get(address);
  }

  private connected(member: Member, address: number): boolean {
    const up = [...member.facts().interfaces.values()].filter(
      (one) => one.enabled && (this.carrier(member.name, one.name) || /^lo/i.test(one.name)),
    );
    return up.some((one) => one.addresses.some((own) => sameSubnet(own, { address, length: own.length })));
  }

  /** Whether a packet from the device to the address comes back. */
  reaches(device: string, address: number): boolean {
    const member = this.members.get(device);
    if (!member?.powered()) return false;
    const owner = this.ownerOf(address);
    if (owner?.device === device) return member.facts().interfaces.get(owner.interface)!.enabled;
    if (this.connected(member, address))
      return owner ? this.interfaceAt(owner)?.enabled === true : this.externals.some((one) => one.number === address);
    return owner !== undefined && this.interfaceAt(owner)?.enabled === true && this.around(device).has(owner.device);
  }

  /** Every device that can be reached over adjacencies. */
  private around(device: string): Set<string> {
    const seen = new Set([device]);
    const full = (end: LinkEnd): boolean => this.conditions.get(`ospf ${end.device}:${end.interface}`)?.upSince !== undefined;
    const edges = this.links.filter(({ a, b }) => full(a) && full(b) && this.bothOn(a, b));
    for (let grown = true; grown;) {
      grown = false;
      for (const { a, b } of edges) {
        if (seen.has(a.device) === seen.has(b.device)) continue;
        seen.add(a.device).add(b.device);
        grown = true;
      }
    }
    return seen;
  }

  private bothOn(a: LinkEnd, b: LinkEnd): boolean {
    return this.interfaceAt(a)?.enabled === true && this.interfaceAt(b)?.enabled === true;
  }
}

function endOf(text: string): LinkEnd {
  const at = text.indexOf(":");
  return { device: text.slice(0, at), interface: text.slice(at + 1) };
}

function ripen(one: Condition, now: number): void {
  const at = dueAt(one);
  if (at !== undefined && at <= now) one.upSince = one.holds ? at : undefined;
}

/** When the condition will show; nothing when it does already. */
function dueAt(one: Condition): number | undefined {
  return one.holds === (one.upSince !== undefined) ? undefined : one.changedAt + one.afterMs;
}

const isAs = (peer: PeerFacts, remote: number, own: number): boolean => {
  if (peer.remoteAs === "internal") return remote === own;
  if (peer.remoteAs === "external") return remote !== own;
  return peer.remoteAs === remote;
};

/** Two ends of a link become neighbours (RFC 2328, section 10.5): area, timers, network and authentication must be the same. */
function agree(x: InterfaceFacts, y: InterfaceFacts): boolean {
  const [p, q] = [x.ospf, y.ospf];
  if (!p || !q || p.passive || q.passive) return false;
  const same = p.area === q.area && p.hello === q.hello && p.dead === q.dead && p.authentication === q.authentication;
  const mtu = x.mtu === y.mtu || (p.mtuIgnore && q.mtuIgnore);
  return same && mtu && pointToPoint(p.network) === pointToPoint(q.network) && sharing(x.addresses[0], y.addresses[0]);
}

const pointToPoint = (network: string): boolean => network === "point-to-point";

const sharing = (a: Address | undefined, b: Address | undefined): boolean => a !== undefined && b !== undefined && sameSubnet(a, b);
