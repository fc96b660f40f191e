/** The repository of the demonstration: inventory, templates, data and policies, as an engineer would keep them. */
import { stringify } from "yaml";
import type { Node, Topology } from "./topology.ts";

const iosTemplate = `version 17.3
service password-encryption
hostname {{ device.name }}
!
enable secret 9 {{ secrets.enable_hash }}
!
no aaa new-model
!
username {{ secrets.username }} privilege 15 secret 9 {{ secrets.user_hash }}
!
archive
 path flash:holdfast
!
{% for port in ports %}
interface {{ port.name }}
 description {{ port.description }}
 ip address {{ port.address }} {{ port.netmask }}
{% if port.ospf %}
 ip ospf dead-interval {{ ospf.dead }}
 ip ospf hello-interval {{ ospf.hello }}
 ip ospf 1 area 0
{% endif %}
!
{% endfor %}
router ospf 1
 router-id {{ router_id }}
!
{% if peers %}
router bgp {{ asn }}
 bgp router-id {{ router_id }}
 bgp log-neighbor-changes
{% for peer in peers %}
 neighbor {{ peer.address }} remote-as {{ peer.asn }}
 neighbor {{ peer.address }} description {{ peer.description }}
{% endfor %}
!
{% endif %}
no ip http server
no ip http secure-server
!
{% for prefix in internal_prefixes %}
ip prefix-list INTERNAL seq {{ loop.index * 5 }} permit {{ prefix }} le 32
{% endfor %}
!
logging host {{ logging.host }}
ntp server {{ ntp.server }}
!
line con 0
line vty 0 4
 login local
!
end
`;

const frrTemplate = `frr version 8.4.4
frr defaults traditional
hostname {{ device.name }}
log syslog informational
service integrated-vtysh-config
!
{% for port in ports %}
interface {{ port.name }}
 description {{ port.description }}
 ip address {{ port.address }}/{{ port.length }}
{% if port.ospf %}
 ip ospf area 0
 ip ospf dead-interval {{ ospf.dead }}
 ip ospf hello-interval {{ ospf.hello }}
{% endif %}
exit
!
{% endfor %}
router ospf
 ospf router-id {{ router_id }}
exit
!
{% for prefix in internal_prefixes %}
ip prefix-list INTERNAL seq {{ loop.index * 5 }} permit {{ prefix }} le 32
{% endfor %}
!
end
`;

const global = {
  ntp: { server: "192.0.2.123" },
  logging: { host: "192.0.2.200" },
  ospf: { hello: 1, dead: 4 },
  internal_prefixes: ["10.0.0.0/8"],
  secrets: {
    username: "holdfast",
    user_hash: "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6",
    enable_hash: "$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM",
  },
};

const health = {
  apiVersion: "holdfast/v1",
  kind: "HealthCheck",
  metadata: { name: "as-healthy-as-before" },
  spec: {
    settle: "1s",
    patience: "4s",
    checks: [
      { kind: "device_answers" },
      { kind: "interfaces_up" },
      { kind: "ospf_neighbors", tolerance: 0 },
      { kind: "bgp_neighbors", tolerance: 0 },
      { kind: "cpu_below", percent: 90 },
      { kind: "memory_below", percent: 95 },
    ],
  },
};

const globalPath = "data/global.yaml";

/** Everything but the inventory, which needs the ports that the devices listen on. */
export function repositoryFiles({ nodes }: Topology): Record<string, string> {
  return {
    "README.md":
      "# The demonstration's network\n\nThree sites, eight devices each. `data/` says what, `templates/` says how, `policies/` says what has to stay healthy.\n",
    "templates/ios/device.j2": iosTemplate,
    "templates/frr/device.j2": frrTemplate,
    [globalPath]: stringify(global),
    "policies/health.yaml": stringify(health),
    ...Object.fromEntries(nodes.map((node) => [`data/devices/${node.name}.yaml`, stringify(deviceData(node))])),
  };
}

function deviceData(node: Node) {
  const ports = node.ports.map((port) => ({ ...port, ...(node.platform === "ios" ? { netmask: "255.255.255.252" } : {}) }));
  return { router_id: node.routerId, asn: node.asn, ports, peers: node.peers };
}

/** One inventory file per site. */
export function inventoryFiles({ nodes }: Topology, portOf: (name: string) => number, credential: string): Record<string, string> {
  const bySite = Map.groupBy(nodes, (node) => node.site);
  return Object.fromEntries(
    [...bySite].map(([site, members]) => [
      `inventory/${site}.yaml`,
      members.map((node) => inventoryDocument(node, portOf(node.name), credential)).join("---\n"),
    ]),
  );
}

function inventoryDocument(node: Node, port: number, credential: string): string {
  return stringify({
    apiVersion: "holdfast/v1",
    kind: "Device",
    metadata: { name: node.name, labels: { role: node.role } },
    spec: {
      platform: node.platform,
      address: "127.0.0.1",
      port,
      site: node.site,
      ...(node.redundancyGroup === undefined ? {} : { redundancyGroup: node.redundancyGroup }),
      credential,
    },
  });
}

/** A second internal prefix: on all devices, harmless. */
export const goodFiles = { [globalPath]: stringify({ ...global, internal_prefixes: [...global.internal_prefixes, "172.16.0.0/12"] }) };

/** Slower hellos at one site: each device that has them loses its neighbours that do not have them yet. */
export const badFiles = { "data/sites/turin.yaml": stringify({ ospf: { hello: 3 } }) };
