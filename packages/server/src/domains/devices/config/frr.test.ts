import { describe, expect, test } from "vitest";
import { diffConfigs, normalConfig, parseConfig, planCommands } from "./index.ts";

function plan(before: string, after: string): string[] {
  return planCommands(before, after, "frr");
}

const bgp = (...lines: string[]): string => `router bgp 65000\n${lines.map((line) => ` ${line}\n`).join("")}exit\n`;

describe("what people write and what FRR prints are the same", () => {
  test.for([
    [
      "the header of show running-config",
      "",
      "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nfrr defaults traditional\nhostname r1\nno ipv6 forwarding\nservice integrated-vtysh-config\n!\nend\n",
    ],
    [
      "sections without indentation",
      "interface eth0\nip address 10.0.0.1/24\nexit\nrouter bgp 65000\naddress-family ipv4 unicast\nnetwork 10.0.0.0/8\nexit-address-family\nexit\n",
      "interface eth0\n ip address 10.0.0.1/24\nexit\nrouter bgp 65000\n address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n",
    ],
    [
      "lines of IPv4 unicast in the instance itself",
      bgp("neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.2 route-map A in", "network 10.1.2.3/16"),
      bgp(
        "neighbor 10.0.0.2 remote-as 1",
        "address-family ipv4 unicast",
        " network 10.1.0.0/16",
        " neighbor 10.0.0.2 route-map A in",
        "exit-address-family",
      ),
    ],
    [
      "activation by default",
      bgp("neighbor 10.0.0.2 remote-as 1", "address-family ipv4 unicast", " neighbor 10.0.0.2 activate", "exit-address-family"),
      bgp("neighbor 10.0.0.2 remote-as 1"),
    ],
    [
      "an unnumbered neighbour in two lines",
      bgp("neighbor eth1 interface", "neighbor eth1 remote-as external"),
      bgp("neighbor eth1 interface remote-as external"),
    ],
    [
      "the AS of a member whose group has one",
      bgp("neighbor G peer-group", "neighbor G remote-as 1", "neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.2 peer-group G"),
      bgp("neighbor G peer-group", "neighbor G remote-as 1", "neighbor 10.0.0.2 peer-group G"),
    ],
    [
      "a route with a mask, lower case, options in any order",
      "ip route 10.1.2.3 255.255.0.0 null0 tag 5 30\n",
      "ip route 10.1.0.0/16 Null0 tag 5 30\n",
    ],
    ["routes of a VRF", "ip route 10.0.0.0/8 10.9.9.1 vrf RED\n", "vrf RED\n ip route 10.0.0.0/8 10.9.9.1\nexit-vrf\n"],
    [
      "an interface told to OSPF not to be passive, where all others are",
      "router ospf vrf RED\n no passive-interface eth0\n passive-interface default\nexit\n",
      "interface eth0 vrf RED\n no ip ospf passive\nexit\nrouter ospf vrf RED\n passive-interface default\nexit\n",
    ],
    [
      "an interface that is not passive, where none is, or only those of another VRF",
      "interface eth0\n no ip ospf passive\nexit\nrouter ospf vrf RED\n passive-interface default\nexit\nrouter ospf\nexit\n",
      "router ospf vrf RED\n passive-interface default\nexit\nrouter ospf\nexit\n",
    ],
    [
      "a passive interface told to OSPF",
      "router ospf\n passive-interface eth0\nexit\n",
      "interface eth0\n ip ospf passive\nexit\nrouter ospf\nexit\n",
    ],
    [
      "options of redistribution in any order",
      "router ospf\n redistribute static route-map A metric 5\n",
      "router ospf\n redistribute static metric 5 route-map A\n",
    ],
    [
      "communities in any order",
      "route-map A permit 10\n set community no-export 65000:5 65000:1\n",
      "route-map A permit 10\n set community 65000:1 65000:5 no-export\n",
    ],
    ["IPv6 in any spelling", "interface eth0\n ipv6 address 2001:DB8:0:0::1/64\n", "interface eth0\n ipv6 address 2001:db8::1/64\n"],
    [
      "entries without numbers, prefixes with host bits",
      "ip prefix-list P permit 10.1.2.3/8 le 24\naccess-list A permit 10.1.2.3/8\n",
      "ip prefix-list P seq 5 permit 10.0.0.0/8 le 24\naccess-list A seq 5 permit 10.0.0.0/8\n",
    ],
    ["defaults of an interface", "interface eth0\n no shutdown\n ip ospf hello-interval 10\n ip ospf network broadcast\n", ""],
    ["runs of blanks in a description", "interface eth0\n description to   the core\n", "interface eth0\n description to the core\n"],
  ] as const)("%s", ([, written, printed]) => {
    expect(plan(printed, written)).toEqual([]);
    expect(diffConfigs(printed, written, "frr").lines).toEqual([]);
    expect(normalConfig(written, "frr")).toBe(normalConfig(printed, "frr"));
  });

  test("forwarding is left as the host has it, unless the intent speaks of it", () => {
    expect(plan("no ip forwarding\n", "")).toEqual([]);
    expect(plan("no ip forwarding\n", "ip forwarding\n")).toEqual(["ip forwarding"]);
    expect(plan("", "ip forwarding\n")).toEqual([]);
    expect(plan("", "no ip forwarding\n")).toEqual(["no ip forwarding"]);
  });
});

describe("what FRR would refuse is not typed", () => {
  test("an unnumbered neighbour goes in one command", () => {
    const before = bgp(
      "neighbor eth1 interface remote-as external",
      "neighbor eth1 bfd",
      "neighbor eth1 password x",
      "address-family ipv6 unicast",
      " neighbor eth1 activate",
      "exit-address-family",
    );
    expect(plan(before, bgp())).toEqual(["router bgp 65000", "no neighbor eth1 interface", "exit"]);
  });

  test("a peer-group goes after its members", () => {
    const before = bgp("neighbor G peer-group", "neighbor G remote-as 1", "neighbor 10.0.0.2 peer-group G", "neighbor 10.0.0.2 timers 3 9");
    expect(plan(before, bgp())).toEqual(["router bgp 65000", "no neighbor 10.0.0.2", "no neighbor G peer-group", "exit"]);
  });

  test("a neighbour that moves into a group is made anew", () => {
    const before = bgp("neighbor G peer-group", "neighbor G remote-as 1", "neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.2 bfd");
    const after = bgp("neighbor G peer-group", "neighbor G remote-as 1", "neighbor 10.0.0.2 peer-group G", "neighbor 10.0.0.2 bfd");
    expect(plan(before, after)).toEqual([
      "router bgp 65000",
      "no neighbor 10.0.0.2",
      "neighbor 10.0.0.2 peer-group G",
      "neighbor 10.0.0.2 bfd",
      "exit",
    ]);
  });

  test("a description, a timer or BFD changes without touching the session", () => {
    const before = bgp("neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.2 description a", "neighbor 10.0.0.2 bfd");
    const after = bgp("neighbor 10.0.0.2 remote-as 1", "neighbor 10.0.0.2 description b");
    expect(plan(before, after)).toEqual(["router bgp 65000", "neighbor 10.0.0.2 description b", "no neighbor 10.0.0.2 bfd", "exit"]);
  });

  describe("passive interfaces of RIP", () => {
    const rip = (...lines: string[]): string => ["router rip", " network eth0", ...lines.map((line) => ` ${line}`), "exit\n"].join("\n");
    const type = (...lines: string[]): string[] => ["router rip", ...lines, "exit"];

    test.each([
      ["one, then all", ["passive-interface eth0"], ["passive-interface default"], ["passive-interface default"]],
      [
        "one, then all but another",
        ["passive-interface eth0"],
        ["passive-interface default", "no passive-interface eth1"],
        ["passive-interface default", "no passive-interface eth1"],
      ],
      [
        "all but one, then that one",
        ["passive-interface default", "no passive-interface eth1"],
        ["passive-interface eth1"],
        ["no passive-interface default", "passive-interface eth1"],
      ],
      ["all but one, then none", ["passive-interface default", "no passive-interface eth1"], [], ["no passive-interface default"]],
      [
        "all but one, then all but another",
        ["passive-interface default", "no passive-interface eth1"],
        ["passive-interface default", "no passive-interface eth2"],
        ["no passive-interface eth2", "passive-interface eth1"],
      ],
    ])("%s: the default comes first and empties the lists, and nothing that it emptied is taken out again", (_, before, after, typed) => {
      expect(plan(rip(...before), rip(...after))).toEqual(type(...typed));
    });

    test.each([
      ["an exception where there is no default", rip("no passive-interface eth1"), rip()],
      ["a passive one where all are", rip("passive-interface eth0", "passive-interface default"), rip("passive-interface default")],
    ])("%s says nothing", (_, one, other) => expect(plan(one, other)).toEqual([]));
  });

  test("what an interface was told of IS-IS goes before it leaves IS-IS, and comes after it joined", () => {
    const joined = "interface eth1\n ip router isis X\n isis metric 20\n isis passive\nexit\n";
    expect(plan(joined, "")).toEqual(["interface eth1", "no isis metric 20", "no isis passive", "no ip router isis X", "exit"]);
    expect(plan("", joined)).toEqual(["interface eth1", "ip router isis X", "isis metric 20", "isis passive", "exit"]);
  });

  describe("passive interfaces of OSPF", () => {
    const all = "router ospf\n passive-interface default\nexit\n";
    const none = "router ospf\nexit\n";
    const eth0 = (line: string): string => `interface eth0\n ${line}\nexit\n`;
    const active = eth0("no ip ospf passive");
    const turn = (line: string): string[] => ["router ospf", line, "exit"];
    const type = (...lines: string[]): string[] => ["interface eth0", ...lines, "exit"];
    const toAll = turn("passive-interface default");
    const toNone = turn("no passive-interface default");

    test("an interface that stays active is told before all others become passive, wherever the text has it", () => {
      expect(plan(none, all + active)).toEqual([...type("no ip ospf passive"), ...toAll]);
      expect(plan("", all + active)).toEqual([...type("no ip ospf passive"), ...toAll]);
      expect(plan(none, "router ospf\n passive-interface default\n no passive-interface eth0\nexit\n")).toEqual([
        ...type("no ip ospf passive"),
        ...toAll,
      ]);
    });

    test("on the way back, it is left to the process only when that has made all interfaces active", () => {
      expect(plan(all + active, none)).toEqual([...toNone, ...type("ip ospf passive")]);
    });

    test("an interface that stays passive does not become active in between", () => {
      const passive = eth0("ip ospf passive");
      expect(plan(none + passive, all)).toEqual([...toAll, ...type("no ip ospf passive")]);
      expect(plan(all, none + passive)).toEqual([...type("ip ospf passive"), ...toNone]);
    });

    test("a command over its opposite takes two", () => {
      const passive = eth0("ip ospf passive");
      expect(plan(all + active, all + passive)).toEqual(type("ip ospf passive", "ip ospf passive"));
      expect(plan(none + passive, all + active)).toEqual([...type("no ip ospf passive", "no ip ospf passive"), ...toAll]);
    });

    test("a leftover that said nothing is taken away when it would begin to say something", () => {
      expect(diffConfigs(none + active, none, "frr").empty).toBe(true);
      expect(plan(none + active, all)).toEqual([...toAll, ...type("ip ospf passive")]);
      expect(plan(none + active, all + active)).toEqual(toAll);
      expect(plan(none + active, none + eth0("ip ospf passive"))).toEqual(type("ip ospf passive", "ip ospf passive"));
    });

    test("drift shows an exception that is missing or too many", () => {
      expect(diffConfigs(all, all + active, "frr")).toMatchObject({ added: 2, removed: 0 });
      expect(diffConfigs(all + active, all, "frr")).toMatchObject({ added: 0, removed: 1 });
      expect(normalConfig(all, "frr")).not.toBe(normalConfig(all + active, "frr"));
    });
  });

  test("a network changes its area", () => {
    expect(plan("router ospf\n network 10.0.0.0/8 area 0\n", "router ospf\n network 10.0.0.0/8 area 1\n")).toEqual([
      "router ospf",
      "no network 10.0.0.0/8 area 0",
      "network 10.0.0.0/8 area 1",
      "exit",
    ]);
  });

  test("OSPF changes from networks to interfaces: all networks go first", () => {
    const commands = plan("router ospf\n network 10.0.0.0/8 area 0\n", "interface eth0\n ip ospf area 0\nexit\nrouter ospf\nexit\n");
    expect(commands.indexOf("no network 10.0.0.0/8 area 0")).toBeLessThan(commands.indexOf("ip ospf area 0"));
  });

  test("entries that exchange their numbers leave one place first", () => {
    const before = "ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 deny 11.0.0.0/8\n";
    const after = "ip prefix-list P seq 5 deny 11.0.0.0/8\nip prefix-list P seq 10 permit 10.0.0.0/8\n";
    expect(plan(before, after)).toEqual([
      "no ip prefix-list P seq 5 permit 10.0.0.0/8",
      "ip prefix-list P seq 10 permit 10.0.0.0/8",
      "ip prefix-list P seq 5 deny 11.0.0.0/8",
    ]);
  });

  test("interfaces are not removed, their lines are", () => {
    expect(plan("interface eth0\n description x\n ip address 10.0.0.1/24\nexit\n", "")).toEqual([
      "interface eth0",
      "no description",
      "no ip address 10.0.0.1/24",
      "exit",
    ]);
  });
});

test("a node knows the line it was written on", () => {
  const tree = parseConfig("! hello\n\nrouter bgp 65000\n neighbor 10.0.0.2 remote-as 1\n", "frr");
  expect(tree.children[0]).toMatchObject({ text: "router bgp 65000", line: 3 });
  expect(tree.children[0]?.children[0]).toMatchObject({ text: "neighbor 10.0.0.2 remote-as 1", line: 4 });
});
