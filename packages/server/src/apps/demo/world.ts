/** Opens the simulated network of the demonstration. */
import { join } from "node:path";
import { Problem } from "@holdfast/kit";
import { startFleet, type Fleet } from "#world/fleet";
import { badFiles, goodFiles, inventoryFiles, repositoryFiles } from "./content.ts";
import type { DemoNetwork } from "./network.ts";
import { renderIntended } from "./render.ts";
import { createTopology } from "./topology.ts";

const credential = "demo/devices";
const login = { username: "holdfast", password: "a-demonstration-only" };
const drifting = "lyon-access-2";

/** Every device listens and every neighbour is up when it resolves; what the devices have is kept below `directory`. */
export async function openWorld(directory: string): Promise<{ network: DemoNetwork; stop(): Promise<void> }> {
  const topology = createTopology();
  const files = repositoryFiles(topology);
  const rendered = renderIntended({ ...files, ...inventoryFiles(topology, () => 22, credential) });
  const fleet = await startFleet({
    links: topology.links,
    stateDir: join(directory, "devices"),
    devices: topology.nodes.map(({ name, platform }) => ({ name, platform, config: rendered.get(name) ?? "", ...login })),
  });
  const names = topology.nodes.map(({ name }) => name);
  const network: DemoNetwork = {
    name: "demo",
    devices: names.map((name) => ({ name, fingerprint: fleet.device(name).fingerprint })),
    secrets: { [credential]: { kind: "password", ...login } },
    files: { ...files, ...inventoryFiles(topology, (name) => fleet.device(name).port, credential) },
    good: {
      title: "172.16.0.0/12 is internal too",
      files: goodFiles,
      has: (running) => /prefix-list INTERNAL seq 10 permit 172\.16\.0\.0\/12 le 32/.test(running),
      devices: names,
    },
    bad: {
      title: "Slower OSPF hellos in Turin",
      files: badFiles,
      has: (running) => running.includes("ip ospf hello-interval 3"),
      devices: names.filter((name) => name.startsWith("turin-")),
    },
    hand: {
      device: drifting,
      lines: ["ip prefix-list INTERNAL seq 99 permit 198.51.100.0/24"],
      has: (running) => running.includes("198.51.100.0/24"),
    },
    running: async (name) => fleet.device(name).running(),
    edit: async (name, lines) => editByHand(fleet, name, lines),
    goodBakeMs: 1500,
    badBakeMs: 6000,
  };
  return { network, stop: () => fleet.stop() };
}

function editByHand(fleet: Fleet, name: string, lines: string[]): void {
  try {
    fleet.device(name).edit(lines);
  } catch (because) {
    throw new Problem("demo_edit", { kind: "broken", say: `${name} does not take the edit by hand.`, because });
  }
}
