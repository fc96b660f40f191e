/** What lines of Cisco IOS and IOS-XE configurations mean, by the kind of section they stand in. */
import { slash, network } from "./addresses.ts";
import type { LineRule } from "./dialect.ts";
import type { Words } from "./pattern.ts";
import { bare, each, single } from "./tables.ts";

/** The subnet and the address itself, each held by one interface. */
function addressOf({ address = "", mask = "", top = "" }: Words): string[] {
  const prefix = slash(address, mask);
  return prefix === undefined ? [] : [`subnet:${network(prefix)}=${top}`];
}

const top: LineRule[] = [
  ...single(
    "hostname",
    "ip domain name",
    "ip domain-name",
    "ip default-gateway",
    "ip routing protocol purge",
    "clock timezone",
    "clock summer-time",
  ),
  ...single(
    "logging buffered",
    "logging console",
    "logging monitor",
    "logging trap",
    "logging facility",
    "logging source-interface",
    "logging origin-id",
  ),
  ...single("ntp source", "ntp master", "snmp-server location", "snmp-server contact", "snmp-server chassis-id", "snmp-server trap-source"),
  ...single(
    "ip ssh version",
    "ip ssh time-out",
    "ip ssh authentication-retries",
    "ip ssh source-interface",
    "ip http port",
    "spanning-tree mode",
  ),
  ...single(
    "vtp mode",
    "vtp domain",
    "vtp version",
    "ip tftp source-interface",
    "ip tacacs source-interface",
    "ip radius source-interface",
  ),
  ...bare(
    "enable secret",
    "enable password",
    "vtp password",
    "tacacs-server key",
    "radius-server key",
    "banner motd",
    "banner login",
    "banner exec",
    "banner incoming",
  ),
  ...each(
    "service timestamps {what}",
    "spanning-tree vlan {vlans} {what}",
    "ntp authentication-key {key}",
    "snmp-server view {view} {tree}",
  ),
  ...each("ip prefix-list {name} description").map((rule) => ({ ...rule, uses: ["prefix-list:{name}"] })),
  { line: "username {name} {rest...}", slot: "username {name}", no: "no username {name}", when: "last" },
  {
    line: "snmp-server community {community} [{rest...}]",
    slot: "snmp-server community {community}",
    no: "no snmp-server community {community}",
  },
  {
    line: "snmp-server user {user} {group} {rest...}",
    slot: "snmp-server user {user} {group}",
    no: "no snmp-server user {user} {group} v3",
  },
  { line: "ntp server [vrf {vrf}] {server} [{rest...}]", slot: "ntp server {vrf} {server}" },
  { line: "aaa new-model", when: "first" },
  { line: "ip routing", when: "first" },
  { line: "ipv6 unicast-routing", when: "first" },
  {
    line: /^aaa (?<what>(?:authentication|authorization|accounting) (?:commands \d+|\S+)) (?<list>\S+) .+$/,
    slot: "aaa {what} {list}",
    when: "last",
  },
  { line: "aaa (authentication|authorization|accounting) {rest...}", when: "last" },
  {
    line: "(ip|ipv6) prefix-list {name} seq {seq} {rest...}",
    slot: "prefix-list {name} seq {seq}",
    clear: true,
    defines: ["prefix-list:{name}"],
  },
  { line: "ip community-list [{type:standard|expanded}] {name} {rest...}", defines: ["community-list:{name}"] },
  { line: "ip as-path access-list {name} {rest...}", defines: ["as-path:{name}"] },
  { line: "access-list {name} {rest...}", defines: ["acl:{name}"] },
  {
    line: /^ip route (?<vrf>vrf \S+ )?(?<prefix>[\d.]+ [\d.]+) (?<via>[A-Za-z]\S+ [\d.]+|\S+)(?: .+)?$/,
    slot: "ip route {vrf}{prefix} {via}",
  },
  { line: "ip sla schedule {id} {rest...}", slot: "ip sla schedule {id}", no: "no ip sla schedule {id}", uses: ["sla:{id}"] },
];

const interfaces: LineRule[] = [
  {
    line: "(vrf forwarding|ip vrf forwarding) {vrf}",
    slot: "vrf forwarding",
    uses: ["vrf:{vrf}"],
    wipes: /^(ip address|ipv6 address|ipv6 enable)\b/,
  },
  { line: "switchport", when: "first" },
  { line: "ip address {address} {mask}", slot: "ip address", defines: ["primary:{top}"], holds: addressOf },
  { line: "ip address {address} {mask} secondary", uses: ["primary:{top}"], holds: addressOf },
  { line: "ip address (dhcp|negotiated) [{rest...}]", slot: "ip address" },
  { line: "ip access-group {acl} {way:in|out}", slot: "ip access-group {way}", uses: ["acl:{acl}"] },
  { line: "ipv6 traffic-filter {acl} {way:in|out}", slot: "ipv6 traffic-filter {way}", uses: ["acl:{acl}"] },
  { line: "service-policy {way:input|output} {policy}", slot: "service-policy {way}", clear: true, uses: ["policy-map:{policy}"] },
  { line: "ip nat {side:inside|outside}", slot: "ip nat", clear: true },
  { line: "shutdown", when: "break", stays: true },
  {
    line: "channel-group {id} [{rest...}]",
    slot: "channel-group",
    no: "no channel-group {id}",
    clear: true,
    uses: ["interface:Port-channel{id}"],
  },
  { line: "switchport {use:access|voice} vlan {vlan}", slot: "switchport {use} vlan", uses: ["vlan:{vlan}"] },
  { line: "switchport mode {mode...}", slot: "switchport mode", no: "no switchport mode" },
  { line: "switchport trunk allowed vlan {vlans...}", slot: "switchport trunk allowed vlan", no: "no switchport trunk allowed vlan" },
  {
    line: "ip ospf message-digest-key {key} {rest...}",
    slot: "ip ospf message-digest-key {key}",
    no: "no ip ospf message-digest-key {key}",
    clear: true,
  },
  ...bare(
    "description",
    "ip ospf authentication-key",
    "ip ospf cost",
    "ip ospf priority",
    "ip ospf network",
    "mtu",
    "bandwidth",
    "ip mtu",
    "ip tcp adjust-mss",
  ),
  ...single(
    "encapsulation",
    "ip ospf hello-interval",
    "ip ospf dead-interval",
    "ip ospf retransmit-interval",
    "ip ospf bfd",
    "ip policy route-map",
  ),
  ...single(
    "switchport trunk native vlan",
    "switchport trunk encapsulation",
    "switchport port-security maximum",
    "switchport port-security violation",
  ),
  ...single(
    "tunnel source",
    "tunnel destination",
    "tunnel mode",
    "tunnel protection",
    "tunnel key",
    "ip unnumbered",
    "crypto map",
    "delay",
    "speed",
    "duplex",
  ),
  ...single(
    "load-interval",
    "carrier-delay",
    "keepalive",
    "spanning-tree portfast",
    "spanning-tree cost",
    "spanning-tree bpduguard",
    "spanning-tree guard",
  ),
  ...single(
    "storm-control broadcast level",
    "storm-control multicast level",
    "power inline",
    "udld port",
    "media-type",
    "ip nhrp network-id",
    "ip ospf authentication",
  ),
  ...single(
    "ip verify unicast source reachable-via",
    "bfd interval",
    "lacp rate",
    "zone-member security",
    "ip directed-broadcast",
    "logging event link-status",
  ),
  ...each(
    "ip ospf {process:\\d+} area",
    "hold-queue {way}",
    "standby version",
    "standby {group:\\d+} {what}",
    "vrrp {group:\\d+} {what}",
    "ip authentication {what} eigrp {as}",
  ),
];

const neighbor = { owner: "neighbor {peer}", uses: ["peer:{top}:{peer}"] };

/** Attributes of a neighbour or peer-group, in the instance or in an address family. */
const neighbors: LineRule[] = [
  {
    line: "neighbor {peer} {what:route-map|prefix-list|filter-list|distribute-list} {name} {way}",
    slot: "neighbor {peer} {what} {way}",
    ...neighbor,
  },
  { line: "neighbor {peer} password {rest...}", slot: "neighbor {peer} password", no: "no neighbor {peer} password", ...neighbor },
  { line: "neighbor {peer} send-community [{which}]", slot: "neighbor {peer} send-community", clear: true, ...neighbor },
  { line: "neighbor {peer} shutdown", when: "break", ...neighbor },
  {
    line: "neighbor {peer} {what:description|timers|local-as|ttl-security|ebgp-multihop|update-source|maximum-prefix|weight|advertisement-interval|allowas-in|default-originate|remove-private-as|next-hop-self|inherit} [{rest...}]",
    slot: "neighbor {peer} {what}",
    ...neighbor,
  },
  { line: "neighbor {peer} {what} [{rest...}]", ...neighbor },
];

const bgp: LineRule[] = [
  { line: "neighbor {peer} peer-group", owner: "neighbor {peer}", unmake: "no neighbor {peer} peer-group", defines: ["peer:{top}:{peer}"] },
  {
    line: "neighbor {peer} peer-group {group}",
    slot: "neighbor {peer} peer-group",
    owner: "neighbor {peer}",
    unmake: "no neighbor {peer}",
    fixed: "text",
    defines: ["peer:{top}:{peer}"],
    uses: ["peer:{top}:{group}", "peer-as:{top}:{group}"],
  },
  {
    line: /^neighbor (?<peer>[\dA-Fa-f]*[.:]\S*) remote-as (?<as>\S+)$/,
    slot: "neighbor {peer} remote-as",
    owner: "neighbor {peer}",
    unmake: "no neighbor {peer}",
    fixed: "presence",
    defines: ["peer:{top}:{peer}"],
  },
  {
    line: "neighbor {group} remote-as {as}",
    slot: "neighbor {group} remote-as",
    owner: "neighbor {group}",
    // Without its AS a group is another one, and its members with it.
    fixed: "presence",
    uses: ["peer:{top}:{group}"],
    defines: ["peer-as:{top}:{group}"],
  },
  ...neighbors,
  { line: "bgp default ipv4-unicast", when: "first" },
  {
    line: "bgp listen range {range} peer-group {group}",
    slot: "bgp listen range {range}",
    clear: true,
    uses: ["peer:{top}:{group}", "peer-as:{top}:{group}"],
  },
  ...single(
    "bgp router-id",
    "bgp cluster-id",
    "bgp confederation identifier",
    "timers bgp",
    "maximum-paths",
    "distance bgp",
    "bgp graceful-restart restart-time",
  ),
  { line: "network {net} [mask {mask}] [{rest...}]", slot: "network {net} mask {mask}" },
  { line: "aggregate-address {net} {mask} [{rest...}]", slot: "aggregate-address {net} {mask}" },
  {
    line: "redistribute {protocol:connected|static|rip} [{rest...}]",
    slot: "redistribute {protocol}",
    no: "no redistribute {protocol}",
    clear: true,
  },
  {
    line: "redistribute {protocol} {id} [{rest...}]",
    slot: "redistribute {protocol} {id}",
    no: "no redistribute {protocol} {id}",
    clear: true,
  },
];

/** Turned round, it forgets what was said of single interfaces; IOS knows no way to say that beforehand. */
const passiveDefault: LineRule = { line: "passive-interface default", wipes: /^(?:no )?passive-interface (?!default$)/ };

const ospf: LineRule[] = [
  passiveDefault,
  { line: "network {net} {wildcard} area {area}", slot: "network {net} {wildcard}", clear: true },
  ...single(
    "router-id",
    "auto-cost reference-bandwidth",
    "timers throttle spf",
    "maximum-paths",
    "distance",
    "default-metric",
    "default-information originate",
    "max-metric router-lsa",
  ),
  ...each("area {area} range {net} {mask}", "area {area} default-cost", "area {area} virtual-link {router}"),
  { line: "area {area} {what:stub|nssa} [{rest...}]", slot: "area {area} type", no: "no area {area} {what}", clear: true },
  { line: "area {area} authentication [message-digest]", slot: "area {area} authentication" },
  {
    line: "redistribute {protocol:connected|static|rip} [{rest...}]",
    slot: "redistribute {protocol}",
    no: "no redistribute {protocol}",
    clear: true,
  },
  {
    line: "redistribute {protocol} {id} [{rest...}]",
    slot: "redistribute {protocol} {id}",
    no: "no redistribute {protocol} {id}",
    clear: true,
  },
];

export const iosLines: Record<string, LineRule[]> = {
  top,
  interface: interfaces,
  bgp,
  "bgp-family": bgp,
  ospf,
  ospf3: ospf,
  eigrp: [passiveDefault],
  router: [passiveDefault],
  "route-map": [
    ...single(
      "set metric",
      "set local-preference",
      "set weight",
      "set origin",
      "set tag",
      "set metric-type",
      "set ip next-hop",
      "set as-path prepend",
      "set community",
      "continue",
    ),
    ...bare("description"),
    // Access lists and prefix-lists do not mix in one clause; names of one kind add up.
    {
      line: "match {what:ip address|ip next-hop|ipv6 address} prefix-list {names...}",
      slot: "match {what} prefix-list",
      clear: "overlap",
      holds: ["{top} {what}=prefix-list"],
    },
    {
      line: "match {what:ip address|ip next-hop|ipv6 address|community|as-path|tag|interface} {names...}",
      slot: "match {what}",
      clear: "overlap",
      holds: ["{top} {what}=list"],
    },
  ],
  "policy-class": [
    ...single(
      "bandwidth",
      "priority",
      "shape average",
      "set dscp",
      "set ip dscp",
      "set cos",
      "queue-limit",
      "service-policy",
      "fair-queue",
    ),
  ],
  line: [
    ...single(
      "exec-timeout",
      "transport input",
      "transport output",
      "transport preferred",
      "length",
      "width",
      "privilege level",
      "session-timeout",
      "login",
      "logging synchronous",
    ),
    ...bare("password"),
    { line: "access-class {acl} {way:in|out} [{rest...}]", slot: "access-class {way}", uses: ["acl:{acl}"] },
  ],
  vlan: single("name", "state", "mtu"),
  vrf: [...single("rd"), ...bare("description")],
  key: [...bare("key-string"), ...single("cryptographic-algorithm", "accept-lifetime", "send-lifetime")],
  "aaa-server": [...bare("key"), ...single("timeout"), ...each("address {family}")],
  "aaa-group": [{ line: "server name {server}", uses: ["aaa-server:{server}"] }],
  dhcp: [...single("network", "default-router", "dns-server", "domain-name", "lease")],
  "*": bare("description"),
};
