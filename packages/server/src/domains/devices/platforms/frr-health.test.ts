import { describe, expect, test } from "vitest";
import { healthFromFrr, pingFromFrr, repliesIn } from "./frr-health.ts";
import { runningFromFrr } from "./frr.ts";

const interfaces =
  '{\n  "lo":{"status":"up","vrfName":"default","addresses":["10.0.0.1/32"]},\n  "eth1":{"status":"down","vrfName":"default"}\n}';

describe("health of FRR", () => {
  test("interfaces, OSPF in both wordings, BGP over address families", () => {
    const ospf =
      '{"neighbors":{"10.0.0.2":[{"priority":1,"state":"Full/DR"},{"state":"Full/Backup"}],"10.0.0.3":[{"nbrState":"Init/DROther"}]}}';
    const bgp =
      '{"ipv4Unicast":{"peers":{"10.1.1.2":{"state":"Established"},"10.1.1.3":{"state":"Active"}}},"ipv6Unicast":{"peers":{"10.1.1.2":{"state":"Established"}}}}';
    const expected = { interfacesUp: ["lo"], interfacesDown: ["eth1"], ospfFull: ["10.0.0.2", "10.0.0.2"], bgpEstablished: ["10.1.1.2"] };
    expect(healthFromFrr([interfaces, ospf, bgp])).toEqual(expected);
    expect(healthFromFrr([interfaces, '{"10.0.0.2":[{"state":"Full/DR"}]}', '{"peers":{"eth1":{"state":"Established"}}}'])).toMatchObject({
      ospfFull: ["10.0.0.2"],
      bgpEstablished: ["eth1"],
    });
  });

  test("a daemon that does not run tells nothing", () => {
    expect(healthFromFrr(["", "ospfd is not running", "% BGP instance not found"])).toEqual({
      interfacesUp: [],
      interfacesDown: [],
      ospfFull: [],
      bgpEstablished: [],
    });
  });

  test("ping", () => {
    const two =
      "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.026 ms\n64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.030 ms\n";
    expect(repliesIn(two)).toBe(2);
    expect(
      pingFromFrr(
        `${two}^C\n--- 10.0.0.2 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 1002ms\nrtt min/avg/max/mdev = 0.026/0.028/0.030/0.002 ms`,
        2,
      ),
    ).toEqual({ sent: 2, received: 2, rttMs: 0.028 });
    expect(
      pingFromFrr("^C\n--- 10.0.0.9 ping statistics ---\n3 packets transmitted, 0 received, 100% packet loss, time 2000ms", 2),
    ).toEqual({ sent: 2, received: 0 });
    expect(pingFromFrr("ping: nowhere: Name or service not known", 3)).toEqual({ sent: 3, received: 0 });
  });

  test("a running configuration without its end is an error", () => {
    expect(runningFromFrr("r1", "Building configuration...\n\nCurrent configuration:\n!\nhostname r1\n!\nend")).toBe("!\nhostname r1\n!\n");
    expect(() => runningFromFrr("r1", "Building configuration...\n\nCurrent configuration:\n!\nhostname r1")).toThrow("broke off");
  });
});
