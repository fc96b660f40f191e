/** Several devices and the links between them. */
import { join } from "node:path";
import { runningClock, type WorldClock } from "./clock.ts";
import { buildDevice, type DeviceSpec, type SimulatedDevice } from "./device.ts";
import { Network, type ExternalSpec, type LinkSpec } from "./network.ts";

export interface FleetSpec {
  devices: Omit<DeviceSpec, "clock" | "network">[];
  /** `{ a: "lyon-edge-1:GigabitEthernet1", b: "lyon-core-1:eth1" }` */
  links?: LinkSpec[];
  /** Neighbours outside the fleet. */
  externals?: ExternalSpec[];
  /** Every device keeps its state in a file of this directory. */
  stateDir?: string;
  clock?: WorldClock;
}

export interface Fleet {
  readonly devices: ReadonlyMap<string, SimulatedDevice>;
  readonly clock: WorldClock;
  readonly network: Network;
  /** The device of a name; an unknown name is an error. */
  device(name: string): SimulatedDevice;
  stop(): Promise<void>;
}

/** Starts all at once; when it resolves every device listens and every neighbour is up. */
export async function startFleet(spec: FleetSpec): Promise<Fleet> {
  const clock = spec.clock ?? runningClock();
  const network = new Network(clock, spec);
  const devices = new Map<string, SimulatedDevice>();
  for (const one of spec.devices) {
    const stateFile = spec.stateDir === undefined ? {} : { stateFile: join(spec.stateDir, `${one.name}.json`) };
    devices.set(one.name, buildDevice({ ...stateFile, ...one, clock, network }));
  }
  await Promise.all([...devices.values()].map((device) => device.start()));
  network.open();
  return {
    devices,
    clock,
    network,
    device(name) {
      const found = devices.get(name);
      if (!found) throw new Error(`the fleet has no device ${name}`);
      return found;
    },
    async stop() {
      network.close();
      await Promise.all([...devices.values()].map((device) => device.stop()));
    },
  };
}
