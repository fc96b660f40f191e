import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { heldClock, type HeldClock } from "../clock.ts";
import type { Fleet } from "../fleet.ts";
import { badChange, goodChange, handEdit } from "./acts.ts";
import { configurationOf, demoFleet, repositoryOf, startDemoWorld } from "./world.ts";

let fleet: Fleet;
let clock: HeldClock;

beforeAll(async () => {
  clock = heldClock();
  fleet = await startDemoWorld({ clock });
});

afterAll(() => fleet.stop());

const statements = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && line.trim() !== "!");

describe("the demo's network", () => {
  test("has 24 routers of two platforms in three sites, in pairs that differ", () => {
    const devices = [...fleet.devices.values()];
    expect(devices).toHaveLength(24);
    expect(devices.filter((device) => device.platform === "ios")).toHaveLength(12);
  });

  test("every router runs what its configuration file says, line by line", () => {
    for (const { name } of demoFleet().devices) {
      expect(statements(fleet.device(name).running())).toEqual(statements(configurationOf(name)));
    }
  });

  test("every neighbour that is configured is up", () => {
    for (const device of fleet.devices.values()) {
      const { interfaces } = device.router.facts();
      const expected = [...interfaces.values()].filter((one) => one.ospf && !one.ospf.passive && !/^lo/i.test(one.name));
      expect(fleet.network.ospfNeighbors(device.name)).toHaveLength(expected.length);
      expect(fleet.network.bgpSessions(device.name).every((session) => session.establishedSince !== undefined)).toBe(true);
    }
  });

  test("the repository names every router with the port that it listens on", () => {
    const files = repositoryOf(fleet);
    expect(files.get("inventory/lyon.yaml")).toContain(`port: ${fleet.device("lyon-edge-1").port}`);
    expect([...files.keys()].filter((path) => path.startsWith("data/devices/"))).toHaveLength(24);
    expect(files.get("templates/ios/device.j2")).toContain("hostname {{ device.name }}");
  });
});

describe("the three acts", () => {
  test("the changes are edits of data files, and hold nowhere yet", () => {
    const files = repositoryOf(fleet);
    expect([...goodChange.edit(files).keys()]).toEqual(["data/global.yaml"]);
    expect(goodChange.edit(files).get("data/global.yaml")).toMatch(/10\.255\.0\.13[\s\S]*seq: 35, prefix: 10\.4\.0\.0\/16/);
    expect(badChange.edit(files).get("data/sites/turin.yaml")).toContain("hello: 5");
    for (const device of fleet.devices.values()) {
      expect(goodChange.holds(device.running(), device.platform)).toBe(false);
      expect(badChange.holds(device.running(), device.platform)).toBe(false);
    }
  });

  test("the bad change, made to one router, costs it its neighbours", () => {
    const device = fleet.device("turin-dist-1");
    const before = fleet.network.ospfNeighbors(device.name).length;
    device.edit(["interface GigabitEthernet1", "ip ospf hello-interval 5"]);
    expect(badChange.holds(device.running(), device.platform)).toBe(true);
    clock.advance(3500);
    expect(fleet.network.ospfNeighbors(device.name)).toHaveLength(before - 1);
    device.edit(["interface GigabitEthernet1", "ip ospf hello-interval 1"]);
  });

  test("the hand edit is accepted, and is nobody's but the one who typed it", () => {
    const device = fleet.device(handEdit.device);
    device.edit(handEdit.lines, handEdit.user);
    expect(handEdit.holds(device.running())).toBe(true);
    expect(device.history.at(-1)).toMatchObject({ user: "night-shift", via: "console" });
  });
});
