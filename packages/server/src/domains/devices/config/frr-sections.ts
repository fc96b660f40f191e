/** Sections of FRRouting configurations (vtysh, integrated). */
import type { SectionRule } from "./dialect.ts";

export const frrSections: SectionRule[] = [
  { kind: "interface", line: "interface {name} [vrf {vrf}]", remove: "lines", hollow: true },
  { kind: "link-params", in: "interface", line: "link-params", exit: "exit-link-params" },
  { kind: "vrf", line: "vrf {name}", remove: "lines", hollow: true, exit: "exit-vrf" },
  { kind: "ospf", line: "router ospf [{rest...}]" },
  { kind: "ospf6", line: "router ospf6 [{rest...}]" },
  { kind: "bgp", line: "router bgp {as}", slot: "router bgp", holds: ["bgp={as}"], defines: ["bgp:default"] },
  {
    kind: "bgp",
    line: "router bgp {as} {type:vrf|view} {vrf}",
    slot: "router bgp {vrf}",
    holds: ["bgp {vrf}={as}"],
    uses: ["bgp:default"],
  },
  { kind: "bgp-family", in: "bgp", line: "address-family {family...}", remove: "lines", hollow: true, exit: "exit-address-family" },
  { kind: "vni", in: "bgp-family", line: "vni {id}", exit: "exit-vni" },
  { kind: "rip", line: "router rip [{rest...}]" },
  { kind: "router", line: "router {protocol} [{rest...}]" },
  {
    kind: "route-map",
    line: "route-map {name} {action:permit|deny} {seq}",
    slot: "route-map {name} {seq}",
    change: "retitle",
    defines: ["route-map:{name}"],
    // A line that goes on after a match is refused where the match denies.
    holds: ["after route-map {name} {seq}={action}"],
  },
  { kind: "bfd", line: "bfd" },
  { kind: "bfd-peer", in: "bfd", line: "peer {rest...}" },
  { kind: "bfd-peer", in: "bfd", line: "profile {name}", defines: ["bfd-profile:{name}"] },
  { kind: "key-chain", line: "key chain {name}", defines: ["key-chain:{name}"] },
  { kind: "key", in: "key-chain", line: "key {id}" },
  { kind: "line", line: "line vty", remove: "lines", hollow: true, when: "last" },
  { kind: "pbr", line: "pbr-map {name} seq {seq}", defines: ["pbr-map:{name}"] },
  { kind: "nexthop-group", line: "nexthop-group {name}", defines: ["nexthop-group:{name}"] },
  { kind: "ldp", line: "mpls ldp" },
  { kind: "ldp-family", in: "ldp", line: "address-family {family}", exit: "exit-address-family" },
  { kind: "rpki", line: "rpki" },
];
