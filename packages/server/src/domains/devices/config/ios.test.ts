import { describe, expect, test } from "vitest";
import { diffConfigs, normalConfig, parseConfig, planCommands } from "./index.ts";

function plan(before: string, after: string): string[] {
  return planCommands(before, after, "ios");
}

function between(one: string, other: string): object {
  return {
    commands: plan(one, other),
    diff: diffConfigs(one, other, "ios").lines,
    normal: normalConfig(one, "ios") === normalConfig(other, "ios"),
  };
}
const nothing = { commands: [], diff: [], normal: true };

describe("reading", () => {
  test("comments, noise and the device's own chatter are not part of the tree", () => {
    const text =
      "Building configuration...\r\n\r\nCurrent configuration : 120 bytes\r\n!\r\n! Last configuration change at 10:00:00 UTC by admin\r\nversion 15.2\r\nhostname r1\r\n!\r\nntp clock-period 17179738\r\nend\r\n";
    expect(parseConfig(text, "ios").children).toMatchObject([{ text: "hostname r1", line: 7, children: [] }]);
  });

  test("a banner is one line of the tree, whatever stands in it", () => {
    const text = "banner motd ^C\ninterface Loopback0\n ! not a comment\n^C\nhostname r1\n";
    const [banner, hostname] = parseConfig(text, "ios").children;
    expect(banner).toMatchObject({ text: "banner motd ^C\ninterface Loopback0\n ! not a comment\n^C", line: 1 });
    expect(hostname).toMatchObject({ text: "hostname r1", line: 5 });
  });

  test("the mark around a banner does not matter, its text does", () => {
    expect(between("banner motd ^C\nhello\n^C\n", "banner motd #hello#\n")).toEqual(nothing);
    expect(plan("banner motd #hello#", "banner motd ^C\nbye\n^C")).toEqual(["banner motd ^C\nbye\n^C"]);
  });

  test("a certificate is taken as it is, and the next line is not lost", () => {
    const text =
      "crypto pki certificate chain X\n certificate self-signed 01\n  30820229 30820192\n  30820229 30820192\n  \tquit\nhostname r1\n";
    const tree = parseConfig(text, "ios");
    expect(tree.children.map((node) => node.text)).toEqual(["crypto pki certificate chain X", "hostname r1"]);
    expect(tree.children[0]?.children[0]?.text.split("\n")).toHaveLength(4);
  });
});

describe("sameness", () => {
  test.for([
    ["short interface names", "interface Gi0/1\n mtu 9000\n", "interface GigabitEthernet0/1\n mtu 9000\n"],
    ["interface names in any case", "interface loopback 0\n", "interface Loopback0\n"],
    ["secrets of type 7 and plain ones", "line vty 0 4\n password 7 0822455D0A16\n", "line vty 0 4\n password 0 cisco\n"],
    [
      "numbered access lists in both ways of writing",
      "access-list 10 permit 10.0.0.0 0.0.0.255\naccess-list 10 deny any\n",
      "ip access-list standard 10\n 10 permit 10.0.0.0 0.0.0.255\n 20 deny any\n",
    ],
    [
      "entries with and without numbers",
      "ip access-list extended A\n permit ip any any\n",
      "ip access-list extended A\n 10 permit ip any any\n",
    ],
    ["VLANs in a list", "vlan 10-12,20\n", "vlan 10\nvlan 11\nvlan 12\nvlan 20\n"],
    [
      "a list of trunk VLANs over several lines",
      "interface Te1/1\n switchport trunk allowed vlan 1-5\n switchport trunk allowed vlan add 9\n",
      "interface TenGigabitEthernet1/1\n switchport trunk allowed vlan 1-5,9\n",
    ],
    ["what is so by default", "interface Loopback0\n no shutdown\n no ip address\n", "interface Loopback0\n"],
    ["IPv6 in capitals", "ipv6 route 2001:DB8::/32 Null0\n", "ipv6 route 2001:db8::/32 Null0\n"],
    [
      "areas as addresses",
      "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0.0.0.0\n",
      "router ospf 1\n network 10.0.0.0 0.0.0.255 area 0\n",
    ],
    [
      "prefix-lists without numbers",
      "ip prefix-list P permit 10.0.0.0/8\nip prefix-list P deny 0.0.0.0/0\n",
      "ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 deny 0.0.0.0/0\n",
    ],
    ["a line typed twice: the last one stays", "hostname a\nhostname b\n", "hostname b\n"],
    [
      "sections written in two pieces",
      "interface Loopback0\n mtu 1500\ninterface Loopback0\n bandwidth 10\n",
      "interface Loopback0\n bandwidth 10\n mtu 1500\n",
    ],
  ] as const)("%s", ([, one, other]) => {
    expect(between(one, other)).toEqual(nothing);
  });

  test("the order of access-list entries and of policy classes matters", () => {
    const [one, other] = [
      "ip access-list extended A\n permit ip any any\n deny tcp any any\n",
      "ip access-list extended A\n deny tcp any any\n permit ip any any\n",
    ];
    expect(diffConfigs(one, other, "ios").lines.map(({ op }) => op)).toContain("move");
    expect(normalConfig(one, "ios")).not.toBe(normalConfig(other, "ios"));
  });

  test("a hash cannot be compared with a plain secret, so it is left alone; another hash is a change", () => {
    expect(between("username a secret 9 $9$abc\n", "username a secret 9 $9$abc\n")).toEqual(nothing);
    expect(plan("username a secret 9 $9$abc\n", "username a secret plain\n")).toEqual([]);
    expect(plan("username a secret 9 $9$abc\n", "username a secret 9 $9$def\n")).toEqual(["username a secret 9 $9$def"]);
  });

  test("what the device writes by itself stays when the intent is silent about it", () => {
    const own = "crypto pki trustpoint TP-self-signed-1\n enrollment selfsigned\nlicense udi pid X sn Y\n";
    expect(plan(`hostname r1\n${own}`, "hostname r1\n")).toEqual([]);
  });

  test("a port that the intent does not speak of stays shut, and loses the rest", () => {
    expect(plan("interface GigabitEthernet0/9\n description old\n shutdown\n", "hostname r1\n")).toEqual([
      "hostname r1",
      "interface GigabitEthernet0/9",
      "no description",
      "exit",
    ]);
  });
});

describe("make before break", () => {
  test("a new access list is there before it is bound, the old one unbound before it goes", () => {
    const before = "ip access-list extended OLD\n permit ip any any\ninterface GigabitEthernet0/1\n ip access-group OLD in\n";
    const after = "interface GigabitEthernet0/1\n ip access-group NEW in\nip access-list extended NEW\n deny ip any any\n";
    expect(plan(before, after)).toEqual([
      "ip access-list extended NEW",
      "deny ip any any",
      "exit",
      "interface GigabitEthernet0/1",
      "ip access-group NEW in",
      "exit",
      "no ip access-list extended OLD",
    ]);
  });

  test("an entry goes into the middle of a list without touching the others", () => {
    const before = "ip access-list extended A\n permit tcp any any eq 22\n deny ip any any\n";
    const after = "ip access-list extended A\n permit tcp any any eq 22\n permit tcp any any eq 443\n deny ip any any\n";
    expect(plan(before, after)).toEqual([
      "ip access-list resequence A 10 10",
      "ip access-list extended A",
      "15 permit tcp any any eq 443",
      "exit",
    ]);
    const numbered = "ip access-list extended A\n 10 permit tcp any any eq 22\n 20 deny ip any any\n";
    expect(plan(numbered, after)).toEqual(["ip access-list extended A", "15 permit tcp any any eq 443", "exit"]);
  });

  test("a list without room between its numbers is spread first", () => {
    const before = "ip access-list extended A\n 1 permit tcp any any eq 22\n 2 deny ip any any\n";
    const after = "ip access-list extended A\n permit tcp any any eq 22\n permit tcp any any eq 443\n deny ip any any\n";
    expect(plan(before, after)[0]).toBe("ip access-list resequence A 10 10");
  });

  test("the new route is there before the old one goes", () => {
    expect(plan("ip route 0.0.0.0 0.0.0.0 10.0.0.1\n", "ip route 0.0.0.0 0.0.0.0 10.0.0.2\n")).toEqual([
      "ip route 0.0.0.0 0.0.0.0 10.0.0.2",
      "no ip route 0.0.0.0 0.0.0.0 10.0.0.1",
    ]);
  });

  test("a value is overwritten, not taken away first", () => {
    expect(
      plan(
        "interface Loopback0\n description a\n ip address 10.0.0.1 255.255.255.255\n",
        "interface Loopback0\n description b\n ip address 10.0.0.2 255.255.255.255\n",
      ),
    ).toEqual(["interface Loopback0", "description b", "ip address 10.0.0.2 255.255.255.255", "exit"]);
  });

  test("two interfaces exchange their addresses", () => {
    const text = (one: number, other: number): string =>
      `interface GigabitEthernet0/1\n ip address 10.0.${one}.1 255.255.255.0\ninterface GigabitEthernet0/2\n ip address 10.0.${other}.1 255.255.255.0\n`;
    expect(plan(text(1, 2), text(2, 1))).toEqual([
      "interface GigabitEthernet0/1",
      "no ip address 10.0.1.1 255.255.255.0",
      "exit",
      "interface GigabitEthernet0/2",
      "ip address 10.0.1.1 255.255.255.0",
      "exit",
      "interface GigabitEthernet0/1",
      "ip address 10.0.2.1 255.255.255.0",
      "exit",
    ]);
  });

  test("an interface that changes its VRF gets its addresses again", () => {
    const before = "vrf definition RED\n rd 1:1\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n";
    const after = "vrf definition RED\n rd 1:1\ninterface Loopback0\n vrf forwarding RED\n ip address 10.0.0.1 255.255.255.255\n";
    expect(plan(before, after)).toEqual(["interface Loopback0", "vrf forwarding RED", "ip address 10.0.0.1 255.255.255.255", "exit"]);
    expect(plan(after, before)).toEqual(["interface Loopback0", "no vrf forwarding RED", "ip address 10.0.0.1 255.255.255.255", "exit"]);
  });

  test("a neighbour goes in one command, with all that is said of it", () => {
    const before =
      "router bgp 65000\n neighbor 10.0.0.2 remote-as 65001\n neighbor 10.0.0.2 password 7 0822455D0A16\n address-family ipv4\n  neighbor 10.0.0.2 activate\n  neighbor 10.0.0.2 route-map RM in\n exit-address-family\nroute-map RM permit 10\n";
    expect(plan(before, "router bgp 65000\n")).toEqual(
      ["router bgp 65000", "no neighbor 10.0.0.2", "exit", "no route-map RM permit 10"].toSpliced(2, 0),
    );
  });

  test("another AS is another instance: the old one goes first", () => {
    const commands = plan(
      "router bgp 65000\n neighbor 10.0.0.2 remote-as 65001\n",
      "router bgp 65010\n neighbor 10.0.0.2 remote-as 65001\n",
    );
    expect(commands).toEqual(["no router bgp 65000", "router bgp 65010", "neighbor 10.0.0.2 remote-as 65001", "exit"]);
  });

  describe("passive interfaces", () => {
    const ospf = (...lines: string[]): string => `router ospf 1\n${lines.map((line) => ` ${line}\n`).join("")}`;
    const all = ospf("passive-interface default", "no passive-interface Vlan10");

    test("exceptions follow at once when all become passive, wherever the text has them: IOS forgets those typed before", () => {
      const reversed = ospf("no passive-interface Vlan10", "router-id 1.1.1.1", "passive-interface default");
      expect(plan(ospf("router-id 1.1.1.1"), reversed)).toEqual([
        "router ospf 1",
        "passive-interface default",
        "no passive-interface Vlan10",
        "exit",
      ]);
    });

    test("the way back makes no exception passive", () => {
      expect(plan(all, ospf())).toEqual(["router ospf 1", "no passive-interface default", "exit"]);
      expect(plan(all, ospf("passive-interface Vlan20"))).toEqual([
        "router ospf 1",
        "no passive-interface default",
        "passive-interface Vlan20",
        "exit",
      ]);
      expect(plan(ospf("passive-interface Vlan20"), all)).toEqual([
        "router ospf 1",
        "passive-interface default",
        "no passive-interface Vlan10",
        "exit",
      ]);
    });

    test("an exception comes and goes alone", () => {
      const more = ospf("passive-interface default", "no passive-interface Vlan10", "no passive-interface Vlan20");
      expect(plan(all, more)).toEqual(["router ospf 1", "no passive-interface Vlan20", "exit"]);
      expect(plan(more, all)).toEqual(["router ospf 1", "passive-interface Vlan20", "exit"]);
    });

    test("a line that says of one interface what holds of all is no difference", () => {
      const said = ospf("passive-interface default", "passive-interface Vlan20", "no passive-interface Vlan10");
      expect(diffConfigs(all, said, "ios").empty).toBe(true);
      expect(diffConfigs(ospf(), ospf("no passive-interface Vlan10"), "ios").empty).toBe(true);
    });
  });

  test("what may cut the hand that types comes last", () => {
    const after =
      "line vty 0 4\n transport input ssh\n access-class M in\naaa authentication login default local\nhostname r1\nip access-list standard M\n permit 10.0.0.0 0.0.0.255\n";
    const commands = plan("", after);
    expect(commands.indexOf("line vty 0 4")).toBeGreaterThan(commands.indexOf("permit 10.0.0.0 0.0.0.255"));
    expect(commands.indexOf("hostname r1")).toBeLessThan(
      Math.min(commands.indexOf("line vty 0 4"), commands.indexOf("aaa authentication login default local")),
    );
  });
});

describe("the diff for people", () => {
  test("shows changed lines under their headers, counts them and says where", () => {
    const before = "interface Loopback0\n description a\n mtu 1500\nrouter ospf 1\n router-id 1.1.1.1\n";
    const after = "interface Loopback0\n description b\n mtu 1500\nrouter ospf 1\n router-id 1.1.1.1\n passive-interface default\n";
    expect(diffConfigs(before, after, "ios")).toEqual({
      lines: [
        { op: "keep", text: "interface Loopback0" },
        { op: "remove", text: " description a" },
        { op: "add", text: " description b" },
        { op: "keep", text: "router ospf 1" },
        { op: "add", text: " passive-interface default" },
      ],
      added: 2,
      removed: 1,
      summary: "+2 −1 in interface Loopback0, router ospf 1",
      empty: false,
    });
  });

  test("never shows a secret", () => {
    const { lines } = diffConfigs("enable secret 9 $9$old\n", "enable secret 9 $9$new\ntacacs server T\n key hunter2\n", "ios");
    expect(JSON.stringify(lines)).not.toMatch(/\$9\$|hunter2/);
    expect(lines).toHaveLength(4);
  });
});
