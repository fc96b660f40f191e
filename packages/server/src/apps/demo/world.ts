/** Opens the simulated network of the demonstration, in a process of its own. */
import { Problem } from "@holdfast/kit";
import { spawnWorld, type RemoteDevice, type RemoteWorld } from "#world/control";
import { badChange, goodChange, handEdit, type RepositoryChange } from "#world/demo/acts";
import { demoCredential, demoRepository } from "#world/demo/repository";
import { demoSignIn } from "#world/demo/world";
import type { DemoChange, DemoNetwork } from "./network.ts";

/** Every device listens and every neighbour is up when it resolves; what the devices have is kept in `directory`. */
export async function openWorld(directory: string): Promise<{ network: DemoNetwork; stop(): Promise<void> }> {
  const world = await spawnWorld({ stateDir: directory });
  const devices = [...world.devices.values()];
  const files = demoRepository(new Map(devices.map(({ name, port }) => [name, { address: "127.0.0.1", port }])));
  const good = changeOf(goodChange, files, devices);
  const network: DemoNetwork = {
    name: "demo",
    devices: devices.map(({ name, fingerprint }) => ({ name, fingerprint })),
    secrets: { [demoCredential]: { kind: "password", ...demoSignIn } },
    files: Object.fromEntries(files),
    good,
    bad: changeOf(badChange, new Map([...files, ...Object.entries(good.files)]), devices),
    hand: { device: handEdit.device, lines: handEdit.lines, has: (running) => handEdit.holds(running) },
    running: async (name) => (await world.device(name).report()).running,
    edit: (name, lines) => editByHand(world, name, lines),
    goodBakeMs: 1500,
    badBakeMs: 6000,
  };
  return { network, stop: () => world.stop() };
}

function changeOf(change: RepositoryChange, files: ReadonlyMap<string, string>, devices: RemoteDevice[]): DemoChange {
  const platforms = new Map(devices.map(({ name, platform }) => [name, platform]));
  return {
    title: change.message,
    files: Object.fromEntries(change.edit(files)),
    has: (running, device) => change.holds(running, platforms.get(device) ?? ""),
    devices: devices.filter((device) => change.touches(device)).map(({ name }) => name),
  };
}

async function editByHand(world: RemoteWorld, name: string, lines: string[]): Promise<void> {
  try {
    await world.device(name).edit(lines, handEdit.user);
  } catch (because) {
    throw new Problem("demo_edit", { kind: "broken", say: `${name} does not take the edit by hand.`, because });
  }
}
