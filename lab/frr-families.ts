/** Changes that tools for FRR are known to stumble over: a command too many, too few, or too early. */
export interface Family {
  name: string;
  before: string;
  after: string;
}

const bgp = (lines: string[]): string => ["router bgp 65000", ...lines.map((line) => ` ${line}`), "exit"].join("\n");

const rip = (...lines: string[]): string => ["router rip", ...lines.map((line) => ` ${line}`), "exit"].join("\n");

export const families: Family[] = [
  {
    name: "an unnumbered neighbour with BFD and a password goes",
    before: bgp([
      "neighbor eth1 interface remote-as external",
      "neighbor eth1 bfd",
      "neighbor eth1 password s3cret",
      "address-family ipv6 unicast",
      " neighbor eth1 activate",
      "exit-address-family",
    ]),
    after: bgp(["no bgp ebgp-requires-policy"]),
  },
  {
    name: "a neighbour moves into a peer-group that has the AS",
    before: bgp([
      "neighbor PG peer-group",
      "neighbor PG remote-as 65001",
      "neighbor 10.0.0.2 remote-as 65001",
      "neighbor 10.0.0.2 description two",
      "neighbor 10.0.0.2 timers 3 9",
      "address-family ipv4 unicast",
      " neighbor 10.0.0.2 next-hop-self",
      "exit-address-family",
    ]),
    after: bgp(["neighbor PG peer-group", "neighbor PG remote-as 65001", "neighbor 10.0.0.2 peer-group PG"]),
  },
  {
    name: "a neighbour moves from one peer-group to another and the first one goes",
    before: bgp([
      "neighbor OLD peer-group",
      "neighbor OLD remote-as 65001",
      "neighbor 10.0.0.2 peer-group OLD",
      "neighbor 10.0.0.2 description two",
    ]),
    after: bgp([
      "neighbor NEW peer-group",
      "neighbor NEW remote-as 65002",
      "neighbor 10.0.0.2 peer-group NEW",
      "neighbor 10.0.0.2 description two",
    ]),
  },
  {
    name: "the AS of the router changes",
    before: bgp(["bgp router-id 1.1.1.1", "neighbor 10.0.0.2 remote-as 65001", "neighbor 10.0.0.2 password s3cret"]),
    after: bgp(["bgp router-id 1.1.1.1", "neighbor 10.0.0.2 remote-as 65001", "neighbor 10.0.0.2 password s3cret"]).replace(
      "65000",
      "65010",
    ),
  },
  {
    name: "OSPF networks change their area and hand over to interfaces",
    before: "router ospf\n network 10.0.0.0/16 area 0\n network 10.1.0.0/16 area 1\nexit\ninterface eth0\n ip address 10.0.0.1/24\nexit",
    after: "router ospf\n log-adjacency-changes\nexit\ninterface eth0\n ip address 10.0.0.1/24\n ip ospf area 1\nexit",
  },
  {
    name: "the area of an OSPF network changes",
    before: "router ospf\n network 10.0.0.0/16 area 0\n network 10.1.0.0/16 area 1\nexit",
    after: "router ospf\n network 10.0.0.0/16 area 1\n network 10.1.0.0/16 area 0\nexit",
  },
  {
    name: "the entries of a prefix-list in use are renumbered and change places",
    before:
      "ip prefix-list PL seq 5 permit 10.0.0.0/8 le 24\nip prefix-list PL seq 10 deny 192.168.0.0/16\nip prefix-list PL seq 15 permit any\nroute-map RM permit 10\n match ip address prefix-list PL\nexit",
    after:
      "ip prefix-list PL seq 5 deny 192.168.0.0/16\nip prefix-list PL seq 10 permit 10.0.0.0/8 le 24\nip prefix-list PL seq 20 permit any\nroute-map RM permit 10\n match ip address prefix-list PL\nexit",
  },
  {
    name: "a BGP instance goes with all that stands in it",
    before: `${bgp(["neighbor PG peer-group", "neighbor PG remote-as 65001", "neighbor 10.0.0.2 peer-group PG", "address-family ipv4 unicast", " neighbor PG route-map RM in", " network 10.0.0.0/8", "exit-address-family"])}\nroute-map RM permit 10\nexit`,
    after: "ip route 10.9.0.0/16 Null0",
  },
  {
    name: "a peer-group takes over the AS of its members",
    before: bgp(["neighbor PG peer-group", "neighbor 10.0.0.2 remote-as 65002", "neighbor 10.0.0.2 peer-group PG"]),
    after: bgp(["neighbor PG peer-group", "neighbor PG remote-as 65002", "neighbor 10.0.0.2 peer-group PG"]),
  },
  {
    name: "IPv4 unicast stops being the default while neighbours stay",
    before: bgp(["neighbor 10.0.0.2 remote-as 65002", "neighbor 10.0.0.3 remote-as 65003"]),
    after: bgp([
      "no bgp default ipv4-unicast",
      "neighbor 10.0.0.2 remote-as 65002",
      "neighbor 10.0.0.3 remote-as 65003",
      "address-family ipv4 unicast",
      " neighbor 10.0.0.3 activate",
      "exit-address-family",
    ]),
  },
  {
    name: "a route turns from next hops into a discard and a route-map from permit to deny",
    before:
      "ip route 10.9.0.0/16 10.0.0.9\nip route 10.9.0.0/16 eth3\nroute-map RM permit 10\n on-match next\nexit\nroute-map RM permit 20\nexit",
    after: "ip route 10.9.0.0/16 blackhole\nroute-map RM deny 10\nexit\nroute-map RM permit 20\nexit",
  },
  {
    name: "BFD peers and profiles, logging and other things of the router itself come and go",
    before:
      "bfd\n profile fast\n  transmit-interval 100\n exit\n peer 10.0.0.9\n  profile fast\n exit\nexit\nlog syslog warnings\nip router-id 9.9.9.9\nip nht resolve-via-default\ninterface eth0\n ip ospf bfd\n ip ospf bfd profile fast\nexit",
    after:
      "bfd\n profile slow\n  transmit-interval 900\n exit\nexit\nlog timestamp precision 3\nipv6 nht resolve-via-default\nline vty\n exec-timeout 5 0\nexit",
  },
  {
    name: "a VRF gets routes and a BGP instance of its own, and loses them",
    before: `${bgp(["neighbor 10.0.0.2 remote-as 65001"])}\nip route 10.7.0.0/16 Null0 vrf RED\nrouter bgp 65000 vrf RED\n neighbor 10.9.9.9 remote-as 65100\n neighbor 10.9.9.9 description in the VRF\nexit`,
    after: bgp(["neighbor 10.0.0.2 remote-as 65001", "neighbor 10.9.9.9 remote-as 65009"]),
  },
  {
    name: "RIP turns from one passive interface to all but another",
    before: rip("network eth0", "network eth1", "passive-interface eth0"),
    after: rip("network eth0", "network eth1", "passive-interface default", "no passive-interface eth1"),
  },
  {
    name: "RIP turns from all but one passive interface to that one",
    before: rip("network eth0", "passive-interface default", "no passive-interface eth1"),
    after: rip("network eth0", "passive-interface eth1"),
  },
  {
    name: "RIP has another exception, and none that says nothing",
    before: rip("passive-interface default", "no passive-interface eth0", "passive-interface eth2"),
    after: rip("passive-interface default", "no passive-interface eth1"),
  },
  {
    name: "interfaces of RIPng, OSPFv3 and IS-IS become passive, and are not",
    before:
      "router ripng\n network eth0\n passive-interface eth0\nexit\nrouter ospf6\n ospf6 router-id 1.1.1.1\nexit\nrouter isis X\n net 49.0001.0000.0000.0001.00\nexit\ninterface eth1\n ip router isis X\n ipv6 ospf6 area 0\nexit",
    after:
      "router ripng\n network eth0\n passive-interface eth1\nexit\nrouter ospf6\n ospf6 router-id 1.1.1.1\nexit\nrouter isis X\n net 49.0001.0000.0000.0001.00\nexit\ninterface eth1\n ip router isis X\n ipv6 ospf6 area 0\n ipv6 ospf6 passive\n isis passive\nexit",
  },
  {
    name: "an interface leaves IS-IS with all that it was told there",
    before:
      "router isis X\n net 49.0001.0000.0000.0001.00\nexit\ninterface eth1\n ip router isis X\n isis passive\n isis circuit-type level-1\n isis metric 20\nexit",
    after: "router isis X\n net 49.0001.0000.0000.0001.00\nexit",
  },
];
