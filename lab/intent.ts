/** The lab's Git repository: inventory, data, templates and policies of its routers. What the routers boot with is rendered from it. */
import { stringify } from "yaml";
import { readIntent, renderDevice } from "../packages/server/src/domains/devices/intent.ts";
import type { LabRouter, Topology } from "./topology.ts";

/** Where a router's SSH answers for Holdfast. */
export type Door = { address: string; port: number };

export const credentialName = "lab-routers";
export const timers = { hello: 1, dead: 4, settle: "6s" };

/** Files by path. `doors` by name of the router. */
export function labFiles(topology: Topology, doors: ReadonlyMap<string, Door>): Record<string, string> {
  const files: Record<string, string> = {
    "data/global.yaml": globalData({}),
    "templates/frr/device.j2": deviceTemplate,
    "templates/frr/ospf.j2": ospfTemplate,
    "templates/frr/bgp.j2": bgpTemplate,
    "policies/health.yaml": healthPolicy,
  };
  for (const site of new Set(topology.routers.map((router) => router.site))) {
    const members = topology.routers.filter((router) => router.site === site);
    files[`inventory/${site}.yaml`] = members.map((router) => stringify(deviceDocument(router, doors.get(router.name)))).join("---\n");
    files[`data/sites/${site}.yaml`] = stringify({ asn: members[0]?.as });
    for (const router of members) files[`data/devices/${router.name}.yaml`] = stringify(deviceData(router));
  }
  return files;
}

/** What a router boots with: the repository's own rendering of it. */
export function renderLab(files: Record<string, string>, name: string): string {
  const intent = readIntent(new Map(Object.entries(files)));
  const rendered = renderDevice(intent, name);
  if ("problem" in rendered) throw new Error(`${rendered.problem.at}: ${rendered.problem.say}`);
  return rendered.text;
}

/** Data of all sites; the changes of the demonstration are changes of it. */
export function globalData(change: { hello?: number; discard?: string[] }): string {
  return stringify({
    ospf: { hello: change.hello ?? timers.hello, dead: timers.dead },
    bgp: { keepalive: 1, hold: 3 },
    discard: change.discard ?? [],
  });
}

function deviceDocument(router: LabRouter, door: Door | undefined): object {
  return {
    apiVersion: "holdfast/v1",
    kind: "Device",
    metadata: { name: router.name, labels: { role: router.ports.some(({ kind }) => kind === "between") ? "border" : "core" } },
    spec: {
      platform: "frr",
      address: door?.address ?? router.management,
      port: door?.port ?? 22,
      site: router.site,
      credential: credentialName,
    },
  };
}

function deviceData(router: LabRouter): object {
  return {
    loopback: router.loopback,
    interfaces: router.ports.map(({ name, address, kind, peer, peerPort }) => ({
      name,
      address: `${address}/30`,
      description: `to ${peer} ${peerPort}`,
      inside: kind === "inside",
    })),
    ibgp: router.ibgp,
    ebgp: router.ports
      .filter(({ kind }) => kind === "between")
      .map(({ peer, peerAddress, peerAs }) => ({ address: peerAddress, asn: peerAs, peer })),
  };
}

const deviceTemplate = `frr defaults traditional
hostname {{ device.name }}
service integrated-vtysh-config
!
{% for network in discard %}
ip route {{ network }} blackhole
{% endfor %}
!
{% for interface in interfaces %}
interface {{ interface.name }}
 description {{ interface.description }}
 ip address {{ interface.address }}
{% if interface.inside %}
 ip ospf area 0
 ip ospf dead-interval {{ ospf.dead }}
 ip ospf hello-interval {{ ospf.hello }}
 ip ospf network point-to-point
{% endif %}
exit
!
{% endfor %}
interface lo
 ip address {{ loopback }}/32
 ip ospf area 0
exit
!
{% include "frr/bgp.j2" %}
{% include "frr/ospf.j2" %}
ip prefix-list own seq 5 permit 10.255.0.0/16 le 32
ip prefix-list own seq 10 permit 172.16.0.0/16 le 30
ip prefix-list own seq 15 permit 10.0.0.0/13 le 30
!
route-map own permit 10
 match ip address prefix-list own
exit
!
`;

const ospfTemplate = `router ospf
 ospf router-id {{ loopback }}
exit
!
`;

const bgpTemplate = `router bgp {{ asn }}
 bgp router-id {{ loopback }}
 no bgp ebgp-requires-policy
{% for neighbor in ibgp %}
 neighbor {{ neighbor }} remote-as {{ asn }}
 neighbor {{ neighbor }} update-source lo
 neighbor {{ neighbor }} timers {{ bgp.keepalive }} {{ bgp.hold }}
 neighbor {{ neighbor }} timers connect 1
{% endfor %}
{% for neighbor in ebgp %}
 neighbor {{ neighbor.address }} remote-as {{ neighbor.asn }}
 neighbor {{ neighbor.address }} description {{ neighbor.peer }}
 neighbor {{ neighbor.address }} timers {{ bgp.keepalive }} {{ bgp.hold }}
 neighbor {{ neighbor.address }} timers connect 1
{% endfor %}
 !
 address-family ipv4 unicast
  redistribute connected route-map own
{% for neighbor in ibgp %}
  neighbor {{ neighbor }} next-hop-self
{% endfor %}
 exit-address-family
exit
!
`;

const healthPolicy = `apiVersion: holdfast/v1
kind: HealthCheck
metadata:
  name: routing-stays
spec:
  selector: platform=frr
  # Longer than OSPF's dead interval and BGP's hold time: by then a neighbour that is lost is known to be lost.
  settle: ${timers.settle}
  patience: 4s
  checks:
    - kind: device_answers
    - kind: interfaces_up
    - kind: ospf_neighbors
    - kind: bgp_neighbors
`;
