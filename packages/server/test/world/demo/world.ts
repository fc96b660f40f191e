/** The demo's network, running: 24 routers that start with what the repository's first commit says. */
import { readFileSync } from "node:fs";
import type { WorldClock } from "../clock.ts";
import { startFleet, type Fleet, type FleetSpec } from "../fleet.ts";
import { demoPlan } from "./plan.ts";
import { demoRepository, type Endpoint } from "./repository.ts";

/** How one signs in to any router of the demo. It is on loopback, simulated, and secret from nobody. */
export const demoSignIn = { username: "netops", password: "demo-network-9c41" };

export const configurationOf = (name: string): string => readFileSync(new URL(`configurations/${name}.conf`, import.meta.url), "utf8");

export function demoFleet(): FleetSpec {
  const { devices, links, externals } = demoPlan();
  return {
    links,
    externals,
    devices: devices.map(({ name, platform }) => ({ name, platform, config: configurationOf(name), ...demoSignIn })),
  };
}

export interface DemoWorldOptions {
  /** Keeps the routers' state over the end of the process. */
  stateDir?: string;
  clock?: WorldClock;
}

export const startDemoWorld = (options: DemoWorldOptions = {}): Promise<Fleet> => startFleet({ ...demoFleet(), ...options });

/** The repository of a running fleet. */
export function repositoryOf(fleet: Pick<Fleet, "devices">): Map<string, string> {
  const endpoints = [...fleet.devices.values()].map(({ name, port }): [string, Endpoint] => [name, { address: "127.0.0.1", port }]);
  return demoRepository(new Map(endpoints));
}
