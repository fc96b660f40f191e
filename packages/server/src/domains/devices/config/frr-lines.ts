/** What lines of FRRouting configurations mean, by the kind of section they stand in; each row is proven on FRR 8.4.4. */
import type { LineRule } from "./dialect.ts";
import type { Words } from "./pattern.ts";
import { bare, each, single } from "./tables.ts";

/** A prefix leads to next hops or is dropped in one way, not both: FRR refuses the mixture. */
function pathOf({ prefix = "", via = "" }: Words): string[] {
  return [`route ${prefix}=${/^(?:Null0|blackhole|reject)$/.test(via) ? via : "hop"}`];
}

/** The next hop may have an interface after it; tag and distance are values of the route, not part of its name. */
function route(family: string): LineRule {
  const via = String.raw`(?<via>\S+(?: (?!(?:tag|label|nexthop-vrf|table|onlink|color|bfd|segments)\b)[A-Za-z]\S*)?)`;
  return {
    line: new RegExp(`^${family} route (?<prefix>\\S+) ${via}(?: (?!table).*?)?(?: (?<table>table \\d+).*)?$`),
    slot: "route {prefix} {via} {table}",
    holds: pathOf,
  };
}

/** Entries of a numbered list. FRR takes a rule once: it leaves its old number before it is put at another. */
function entries(line: string, list: string, name: string): LineRule & { holds: string[] } {
  return { line: `${line} seq {seq} {says...}`, slot: `${list} {seq}`, defines: [name], holds: [`${list} {says}={seq}`] };
}

const routes = [route("ip"), route("ipv6")];

const top: LineRule[] = [
  ...routes,
  ...single(
    "log syslog",
    "log file",
    "log stdout",
    "log facility",
    "log timestamp precision",
    "ip router-id",
    "ipv6 router-id",
    "banner motd",
  ),
  ...single("bgp route-map delay-timer", "zebra route-map delay-timer", "bgp update-delay", "bgp session-dscp", "zebra nexthop-group keep"),
  ...bare("password", "enable password"),
  ...each("ip protocol {protocol} route-map", "ipv6 protocol {protocol} route-map"),
  entries("{family:ip|ipv6} prefix-list {name}", "{family} prefix-list {name}", "prefix-list:{name}"),
  {
    line: "{family:ip|ipv6} prefix-list {name} description {text...}",
    slot: "{family} prefix-list {name} description",
    no: "no {family} prefix-list {name} description",
  },
  entries("access-list {name}", "access-list {name}", "acl:{name}"),
  { line: "access-list {name} remark {text...}", slot: "access-list {name} remark" },
  entries("ipv6 access-list {name}", "ipv6 access-list {name}", "acl:{name}"),
  { line: "ipv6 access-list {name} remark {text...}", slot: "ipv6 access-list {name} remark" },
  entries("bgp as-path access-list {name}", "as-path {name}", "as-path:{name}"),
  ...["community-list", "large-community-list", "extcommunity-list"].map((what) => {
    const rule = entries(`bgp ${what} [{type:standard|expanded}] {name}`, `${what} {type} {name}`, `${what}:{name}`);
    return { ...rule, holds: [...rule.holds, `${what} {name}={type}`] };
  }),
];

const interfaces: LineRule[] = [
  { line: "shutdown", when: "break", stays: true },
  { line: "ip ospf area {area} [{address}]", slot: "ip ospf area {address}", clear: true, holds: ["ospf-mode=interface"] },
  // Before the default is turned round, so that an interface that stays as it is does not change for a moment.
  { line: "ip ospf passive [{address}]", slot: "ip ospf passive {address}", clear: true, when: "before" },
  { line: "ip ospf bfd", defines: ["ospf-bfd:{top}"] },
  { line: "ip ospf bfd profile {profile}", slot: "ip ospf bfd profile", uses: ["ospf-bfd:{top}", "bfd-profile:{profile}"] },
  {
    line: "ip ospf message-digest-key {key} {rest...}",
    slot: "ip ospf message-digest-key {key}",
    no: "no ip ospf message-digest-key {key}",
    clear: true,
  },
  ...["cost", "hello-interval", "retransmit-interval", "transmit-delay", "priority"].map((word) => ({
    line: `ip ospf ${word} {value} [{address}]`,
    slot: `ip ospf ${word} {address}`,
  })),
  ...bare("description"),
  ...single("bandwidth", "ip ospf dead-interval", "ip ospf network", "ip ospf authentication", "ip ospf authentication-key"),
  ...single("ipv6 nd ra-interval", "ipv6 nd ra-lifetime", "ipv6 nd reachable-time", "ipv6 nd mtu", "ipv6 nd router-preference"),
  { line: "{family:ip|ipv6} router isis {tag}", defines: ["isis:{top}"] },
  { line: "isis {what} [{rest...}]", slot: "isis {what}", uses: ["isis:{top}"] },
  ...each("ipv6 nd prefix {prefix}", "ipv6 ospf6 {what}"),
];

const ospf: LineRule[] = [
  { line: "passive-interface default", when: "first" },
  { line: "network {prefix} area {area}", slot: "network {prefix}", clear: true, holds: ["ospf-mode=network"] },
  ...single(
    "ospf router-id",
    "auto-cost reference-bandwidth",
    "timers throttle spf",
    "timers throttle lsa all",
    "timers lsa min-arrival",
    "distance",
  ),
  ...single(
    "distance ospf",
    "default-metric",
    "max-metric router-lsa on-startup",
    "refresh timer",
    "ospf abr-type",
    "graceful-restart grace-period",
  ),
  { line: "default-information originate [{rest...}]", slot: "default-information originate", no: "no default-information originate" },
  { line: "maximum-paths {count}", slot: "maximum-paths", no: "no maximum-paths" },
  { line: "log-adjacency-changes [detail]", slot: "log-adjacency-changes", no: "no log-adjacency-changes", clear: true },
  { line: "aggregation timer {seconds}", slot: "aggregation timer", no: "no aggregation timer" },
  { line: "router-info {what...}", slot: "router-info", no: "no router-info" },
  { line: "redistribute {protocol} [{rest...}]", slot: "redistribute {protocol}", no: "no redistribute {protocol}", clear: true },
  { line: "distribute-list {acl} out {protocol}", slot: "distribute-list out {protocol}", uses: ["acl:{acl}"] },
  {
    line: "area {area} {type:stub|nssa} [{rest...}]",
    slot: "area {area} type",
    no: "no area {area} {type}",
    clear: true,
    defines: ["area-type:{area}"],
  },
  { line: "area {area} default-cost {cost}", slot: "area {area} default-cost", uses: ["area-type:{area}"] },
  { line: "area {area} authentication [message-digest]", slot: "area {area} authentication" },
  { line: "area {area} range {prefix} [{rest...}]", slot: "area {area} range {prefix}", no: "no area {area} range {prefix}", clear: true },
  { line: "area {area} filter-list prefix {name} {way}", slot: "area {area} filter-list {way}" },
  { line: "area {area} {what:export-list|import-list} {acl}", slot: "area {area} {what}", uses: ["acl:{acl}"] },
  { line: "neighbor {address} [{rest...}]", slot: "neighbor {address}" },
];

const peer = { owner: "neighbor {peer}", uses: ["peer:{top}:{peer}"] };
const directed = "route-map|prefix-list|filter-list|distribute-list";
const valued =
  "description|timers|ebgp-multihop|update-source|advertisement-interval|local-as|ttl-security|port|bfd|weight|allowas-in|default-originate|maximum-prefix|maximum-prefix-out|remove-private-AS|next-hop-self|unsuppress-map|attribute-unchanged|soo|tcp-mss|local-role|interface";

const neighbors: LineRule[] = [
  { line: `neighbor {peer} {what:${directed}} {name} {way}`, slot: "neighbor {peer} {what} {way}", ...peer },
  {
    line: "neighbor {peer} {what:timers connect|timers delayopen|capability orf prefix-list} {value}",
    slot: "neighbor {peer} {what}",
    ...peer,
  },
  { line: "neighbor {peer} password {secret}", slot: "neighbor {peer} password", no: "no neighbor {peer} password", ...peer },
  {
    line: "neighbor {peer} {what:remove-private-AS|next-hop-self|attribute-unchanged|allowas-in|local-as} [{rest...}]",
    slot: "neighbor {peer} {what}",
    clear: true,
    ...peer,
  },
  {
    line: "neighbor {peer} maximum-prefix {rest...}",
    slot: "neighbor {peer} maximum-prefix",
    no: "no neighbor {peer} maximum-prefix",
    clear: true,
    ...peer,
  },
  {
    line: "neighbor {peer} default-originate [{rest...}]",
    slot: "neighbor {peer} default-originate",
    no: "no neighbor {peer} default-originate",
    clear: true,
    ...peer,
  },
  {
    line: "neighbor {peer} bfd profile {name}",
    slot: "neighbor {peer} bfd profile",
    ...peer,
    uses: ["peer:{top}:{peer}", "bfd-profile:{name}"],
  },
  { line: "neighbor {peer} bfd check-control-plane-failure [{rest...}]", ...peer },
  {
    line: "neighbor {peer} shutdown [{rest...}]",
    slot: "neighbor {peer} shutdown",
    no: "no neighbor {peer} shutdown",
    when: "break",
    ...peer,
  },
  { line: `neighbor {peer} {what:${valued}} [{rest...}]`, slot: "neighbor {peer} {what}", ...peer },
  { line: "neighbor {peer} {what...}", ...peer },
];

const bgp: LineRule[] = [
  { line: "neighbor {peer} peer-group", owner: "neighbor {peer}", unmake: "no neighbor {peer} peer-group", defines: ["peer:{top}:{peer}"] },
  {
    line: "neighbor {peer} interface [v6only] [remote-as {as}] [peer-group {group}]",
    slot: "neighbor {peer} interface",
    owner: "neighbor {peer}",
    unmake: "no neighbor {peer} interface",
    fixed: "text",
    defines: ["peer:{top}:{peer}"],
    uses: ["peer:{top}:{group}", "peer-as:{top}:{group}"],
  },
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
    uses: ["peer:{top}:{group}"],
    defines: ["peer-as:{top}:{group}"],
  },
  {
    line: "bgp listen range {range} peer-group {group}",
    slot: "bgp listen range {range}",
    clear: true,
    uses: ["peer:{top}:{group}", "peer-as:{top}:{group}"],
  },
  { line: "bgp default ipv4-unicast", when: "first" },
  ...single(
    "bgp router-id",
    "bgp cluster-id",
    "bgp confederation identifier",
    "timers bgp",
    "bgp listen limit",
    "bgp default local-preference",
  ),
  ...single(
    "bgp graceful-restart stalepath-time",
    "bgp graceful-restart restart-time",
    "bgp minimum-holdtime",
    "coalesce-time",
    "bgp max-med on-startup",
  ),
  ...neighbors,
];

const families: LineRule[] = [
  { line: "network {prefix} [{rest...}]", slot: "network {prefix}", clear: true },
  {
    line: "redistribute {protocol:table|ospf} {id:\\d+} [{rest...}]",
    slot: "redistribute {protocol} {id}",
    no: "no redistribute {protocol} {id}",
    clear: true,
  },
  { line: "redistribute {protocol} [{rest...}]", slot: "redistribute {protocol}", no: "no redistribute {protocol}", clear: true },
  { line: "aggregate-address {prefix} [{rest...}]", slot: "aggregate-address {prefix}", no: "no aggregate-address {prefix}", clear: true },
  { line: "maximum-paths {count}", slot: "maximum-paths" },
  { line: "maximum-paths ibgp {count...}", slot: "maximum-paths ibgp" },
  { line: "distance bgp {values...}", slot: "distance bgp" },
  { line: "bgp dampening [{values...}]", slot: "bgp dampening", no: "no bgp dampening" },
  ...single("table-map", "rd vpn export", "label vpn export"),
  ...neighbors,
];

const matches =
  "ip address prefix-list|ip address prefix-len|ip address|ip next-hop prefix-list|ip next-hop address|ip next-hop type|ip next-hop prefix-len|ip next-hop|ip route-source prefix-list|ip route-source|ipv6 address prefix-list|ipv6 address prefix-len|ipv6 address|ipv6 next-hop prefix-list|ipv6 next-hop address|ipv6 next-hop|as-path|community|large-community|extcommunity|interface|tag|metric|local-preference|origin|source-protocol|source-instance|source-vrf|probability|evpn vni|evpn route-type|evpn default-route|evpn rd|rpki-extcommunity|rpki|alias|mac address";
const sets =
  "metric-type|extcommunity rt|extcommunity soo|extcommunity bandwidth|as-path exclude|local-preference|ipv6 next-hop global|ipv6 next-hop local|origin|weight|src|tag|distance|originator-id|aggregator as|label-index|comm-list|large-comm-list|sr-te color";

const routeMap: LineRule[] = [
  ...bare("description"),
  { line: `match {what:${matches}} {value...}`, slot: "match {what}" },
  { line: "set as-path prepend {value...}", slot: "set as-path prepend", no: "no set as-path prepend" },
  { line: "set table {table}", slot: "set table", no: "no set table" },
  // FRR keeps the forms of these apart inside: overwritten by another form, it cannot find the old one any more.
  {
    line: /^set (?<what>metric|community|large-community|ip next-hop|ipv6 next-hop(?! global| local)) (?<value>.+)$/,
    slot: "set {what}",
    clear: true,
  },
  { line: "match peer {value}", slot: "match peer", clear: true },
  { line: `set {what:${sets}} {value...}`, slot: "set {what}" },
  { line: "on-match goto {seq}", slot: "on-match", no: "no on-match goto", clear: true, holds: ["after {top}=permit"] },
  { line: "on-match next", slot: "on-match", clear: true, holds: ["after {top}=permit"] },
  { line: "call {name}", slot: "call", uses: ["route-map:{name}"] },
];

export const frrLines: Record<string, LineRule[]> = {
  top,
  vrf: [...routes, ...single("vni", "ip router-id")],
  interface: interfaces,
  ospf,
  // RIP keeps its interfaces in two lists, of which the default empties the other one each time it turns.
  rip: [{ line: "passive-interface default", wipes: /^(?:no )?passive-interface (?!default$)/ }],
  bgp,
  "bgp-family": families,
  "route-map": routeMap,
  // `no exec-timeout` would mean never, and be shown; ten minutes are the default, and are not.
  line: [{ line: "exec-timeout {time...}", slot: "exec-timeout", no: "exec-timeout 10 0" }, ...single("access-class")],
  "bfd-peer": single("detect-multiplier", "receive-interval", "transmit-interval", "echo-interval", "minimum-ttl", "profile", "label"),
  key: [...bare("key-string"), ...single("cryptographic-algorithm", "accept-lifetime", "send-lifetime")],
  "*": bare("description"),
};
