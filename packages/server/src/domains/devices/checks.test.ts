import { describe, expect, test } from "vitest";
import { compareHealth, defaultPolicy, pingTargets, type HealthCheck, type HealthSeen } from "./checks.ts";

const seen = (health: Partial<HealthSeen["health"]> = {}, pings: HealthSeen["pings"] = []): HealthSeen => ({
  health: {
    interfacesUp: ["eth0", "eth1"],
    interfacesDown: [],
    ospfFull: ["10.0.0.1", "10.0.0.2"],
    bgpEstablished: ["192.0.2.1"],
    ...health,
  },
  pings,
});
const pinged = (received: number) => seen({}, [{ target: "10.0.0.9", sent: 20, received }]);

/** Whether the gate holds, and what it says, for one check. */
const gate = (check: HealthCheck, now: HealthSeen, downOnPurpose: string[] = []) => {
  const [result] = compareHealth({ ...defaultPolicy, checks: [check] }, seen(), now, downOnPurpose);
  return result;
};

describe("a gate", () => {
  test.each<[string, HealthCheck, HealthSeen, boolean, RegExp]>([
    ["holds when every interface is up", { kind: "interfaces_up" }, seen(), true, /2 interfaces up/],
    ["names the interface that went down", { kind: "interfaces_up" }, seen({ interfacesUp: ["eth0"] }), false, /eth1 went down/],
    ["holds with CPU below its limit", { kind: "cpu_below", percent: 90 }, seen({ cpuPercent: 89 }), true, /CPU at 89 %/],
    ["fails with CPU at its limit", { kind: "cpu_below", percent: 90 }, seen({ cpuPercent: 90 }), false, /limit 90 %/],
    ["fails with memory over its limit", { kind: "memory_below", percent: 80 }, seen({ memoryPercent: 81 }), false, /memory at 81 %/],
    ["says that a figure is not told", { kind: "memory_below", percent: 80 }, seen(), true, /not told by this device/],
    [
      "names the lost OSPF neighbour",
      { kind: "ospf_neighbors", tolerance: 0 },
      seen({ ospfFull: ["10.0.0.1"] }),
      false,
      /lost 10\.0\.0\.2/,
    ],
    ["bears as many lost as it tolerates", { kind: "ospf_neighbors", tolerance: 1 }, seen({ ospfFull: ["10.0.0.1"] }), true, /1 of 2/],
    ["bears no more than that", { kind: "ospf_neighbors", tolerance: 1 }, seen({ ospfFull: [] }), false, /0 of 2/],
    ["names the lost BGP neighbour", { kind: "bgp_neighbors", tolerance: 0 }, seen({ bgpEstablished: [] }), false, /lost 192\.0\.2\.1/],
    ["bears loss up to its percentage", { kind: "ping", targets: ["10.0.0.9"], lossPercent: 5 }, pinged(19), true, /19 of 20/],
    ["fails with more loss than that", { kind: "ping", targets: ["10.0.0.9"], lossPercent: 5 }, pinged(18), false, /18 of 20/],
    ["fails when a target was not pinged", { kind: "ping", targets: ["10.0.0.8"], lossPercent: 100 }, pinged(20), false, /was not pinged/],
  ])("%s", (_what, check, now, ...[ok, say]) => {
    expect(gate(check, now)).toMatchObject({ ok, say: expect.stringMatching(say) as string });
  });

  test("does not mind an interface that the change itself shuts", () => {
    expect(gate({ kind: "interfaces_up" }, seen({ interfacesUp: ["eth0"] }), ["eth1"])?.ok).toBe(true);
  });

  test("has one result for each target that is pinged", () => {
    const policy = { ...defaultPolicy, checks: [{ kind: "ping" as const, targets: ["10.0.0.9", "10.0.0.8"], lossPercent: 0 }] };
    expect(pingTargets(policy)).toEqual(["10.0.0.9", "10.0.0.8"]);
    expect(compareHealth(policy, seen(), pinged(20), []).map(({ check, ok }) => [check, ok])).toEqual([
      ["ping 10.0.0.9", true],
      ["ping 10.0.0.8", false],
    ]);
  });
});
