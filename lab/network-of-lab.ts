/** The lab as the demonstration's script sees a network: its repository, its changes, and a look at each router itself. */
import type { DemoNetwork } from "../packages/server/src/apps/demo/network.ts";
import { credentialName, globalData, labFiles, timers } from "./intent.ts";
import { runningOf, vtysh, type Lab } from "./lab.ts";

/** Hostile addresses that the good change discards everywhere. */
export const discarded = "203.0.113.0/24";

export function networkOfLab(lab: Lab): DemoNetwork {
  const names = lab.topology.routers.map((router) => router.name);
  const edited = names.at(-1) ?? "";
  return {
    name: "lab",
    devices: names.map((name) => ({ name, fingerprint: lab.fingerprints[name] ?? "" })),
    secrets: { [credentialName]: { kind: "password", username: lab.user, password: lab.password } },
    files: labFiles(lab.topology, new Map(Object.entries(lab.doors))),
    good: {
      title: `Discard ${discarded} on every router`,
      files: { "data/global.yaml": globalData({ discard: [discarded] }) },
      has: (running) => running.includes(`ip route ${discarded} blackhole`),
      devices: names,
    },
    bad: {
      title: `OSPF hello every ${timers.hello + 1} s`,
      files: { "data/global.yaml": globalData({ discard: [discarded], hello: timers.hello + 1 }) },
      has: (running) => running.includes(`ip ospf hello-interval ${timers.hello + 1}`),
      devices: names,
    },
    hand: {
      device: edited,
      lines: ["interface eth1", "description moved to another patch panel"],
      has: (running) => running.includes("description moved to another patch panel"),
    },
    running: (device) => runningOf(lab, device),
    // The health gate waits longer than OSPF and BGP need to notice: nothing is left to bake for.
    goodBakeMs: 200,
    badBakeMs: 1000,
    edit: async (device, lines) => void (await vtysh(lab, device, "configure terminal", ...lines)),
  };
}
