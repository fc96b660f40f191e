import { afterEach, describe, expect, test } from "vitest";
import { heldClock, type HeldClock } from "./clock.ts";
import { startFleet, type Fleet } from "./fleet.ts";

const signIn = { username: "netops", password: "secret" };
const ios = `hostname a
interface Loopback0
 ip address 192.0.2.1 255.255.255.255
 ip ospf 1 area 0
interface GigabitEthernet1
 ip address 10.0.0.1 255.255.255.252
 ip ospf network point-to-point
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf 1 area 0
router ospf 1
 router-id 192.0.2.1
router bgp 65001
 neighbor 192.0.2.2 remote-as 65001
 neighbor 192.0.2.2 update-source Loopback0
 neighbor 192.0.2.2 timers 3 9
 neighbor 198.51.100.1 remote-as 64500
interface GigabitEthernet2
 ip address 198.51.100.2 255.255.255.252
`;
const frr = `hostname b
interface eth1
 ip address 10.0.0.2/30
 ip ospf area 0
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf network point-to-point
interface lo
 ip address 192.0.2.2/32
 ip ospf area 0
router ospf
 ospf router-id 192.0.2.2
router bgp 65001
 neighbor 192.0.2.1 remote-as 65001
 neighbor 192.0.2.1 update-source lo
 neighbor 192.0.2.1 timers 3 9
`;

let fleet: Fleet;
let clock: HeldClock;

async function start(): Promise<void> {
  clock = heldClock();
  fleet = await startFleet({
    clock,
    devices: [
      { name: "a", platform: "ios", config: ios, ...signIn },
      { name: "b", platform: "frr", config: frr, ...signIn },
    ],
    links: [{ a: "a:GigabitEthernet1", b: "b:eth1" }],
    externals: [{ at: "a:GigabitEthernet2", address: "198.51.100.1", asn: 64_500, routes: 7 }],
  });
}

afterEach(() => fleet.stop());

const ospf = (name: string): number => fleet.network.ospfNeighbors(name).length;
const bgp = (name: string): string[] =>
  fleet.network.bgpSessions(name).flatMap((session) => (session.establishedSince === undefined ? [] : [session.peer.peer]));
const edit = (name: string, ...lines: string[]): void => fleet.device(name).edit(lines);

describe("neighbours of a fleet", () => {
  test("are all up when it starts", async () => {
    await start();
    expect([ospf("a"), ospf("b")]).toEqual([1, 1]);
    expect(bgp("a")).toEqual(["192.0.2.2", "198.51.100.1"]);
    expect(bgp("b")).toEqual(["192.0.2.1"]);
  });

  test("are lost after the dead interval when one end sends its hellos at another pace, and come back", async () => {
    await start();
    edit("a", "interface GigabitEthernet1", "ip ospf hello-interval 2");
    clock.advance(3900);
    expect([ospf("a"), ospf("b")]).toEqual([1, 1]);
    clock.advance(200);
    expect([ospf("a"), ospf("b")]).toEqual([0, 0]);
    expect(bgp("b")).toEqual(["192.0.2.1"]);
    clock.advance(9100);
    expect(bgp("b")).toEqual([]);
    expect(bgp("a")).toEqual(["198.51.100.1"]);
    edit("a", "interface GigabitEthernet1", "ip ospf hello-interval 1");
    clock.advance(5000);
    expect([ospf("a"), ospf("b")]).toEqual([1, 1]);
    expect(bgp("b")).toEqual(["192.0.2.1"]);
  });

  test("a mistake mended within the dead interval is never noticed", async () => {
    await start();
    const [before] = fleet.network.ospfNeighbors("a");
    edit("b", "interface eth1", "no ip ospf area");
    clock.advance(2000);
    edit("b", "interface eth1", "ip ospf area 0");
    clock.advance(10_000);
    expect(fleet.network.ospfNeighbors("a")[0]?.fullSince).toBe(before?.fullSince);
  });

  test("a port that is shut takes link and neighbour at once, at both ends", async () => {
    await start();
    edit("b", "interface eth1", "shutdown");
    expect([ospf("a"), ospf("b")]).toEqual([0, 0]);
    expect(fleet.network.carrier("a", "GigabitEthernet1")).toBe(false);
    expect(fleet.network.reaches("a", 0xc0_00_02_02)).toBe(false);
    edit("b", "interface eth1", "no shutdown");
    clock.advance(2000);
    expect([ospf("a"), ospf("b")]).toEqual([1, 1]);
    expect(fleet.network.reaches("a", 0xc0_00_02_02)).toBe(true);
  });

  test.each([
    ["another area", ["interface GigabitEthernet1", "ip ospf 1 area 5"]],
    ["another network", ["interface GigabitEthernet1", "ip address 10.0.9.1 255.255.255.252"]],
    ["another kind of network", ["interface GigabitEthernet1", "no ip ospf network"]],
    ["a passive interface", ["router ospf 1", "passive-interface GigabitEthernet1"]],
    ["authentication at one end", ["interface GigabitEthernet1", "ip ospf message-digest-key 1 md5 key"]],
    ["a smaller MTU", ["interface GigabitEthernet1", "ip mtu 1400"]],
  ])("%s ends an adjacency", async (_, lines) => {
    await start();
    edit("a", ...lines);
    clock.advance(5000);
    expect(ospf("b")).toBe(0);
  });

  test("a provider that expects another AS is not spoken to", async () => {
    await start();
    edit("a", "router bgp 65001", "neighbor 198.51.100.1 remote-as 64501");
    expect(bgp("a")).toEqual(["192.0.2.2"]);
    edit("a", "router bgp 65001", "neighbor 198.51.100.1 remote-as 64500");
    clock.advance(2000);
    expect(bgp("a")).toEqual(["192.0.2.2", "198.51.100.1"]);
  });

  test("a device without power is missed by its neighbours", async () => {
    await start();
    await fleet.device("b").stop();
    expect([ospf("a"), bgp("a")]).toEqual([0, ["198.51.100.1"]]);
    await fleet.device("b").start();
    clock.advance(2000);
    expect(ospf("a")).toBe(1);
  });
});
