/** For tests: simulated devices of every platform, and sessions to them that are closed afterwards. */
import { afterEach } from "vitest";
import { startDevice, type DeviceSpec, type SimulatedDevice } from "#world/device";
import { DeviceError } from "../../src/domains/devices/drivers/error.ts";
import { openDevice, type DeviceEndpoint, type OpenOptions, type OpenSession } from "../../src/domains/devices/platforms/index.ts";

export const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

export const quick: OpenOptions = { quietMs: 100, timeoutMs: 1500 };
export const login = { username: "admin", password: "device-secret" };

export const configs = {
  ios: `hostname edge1
archive
 path flash:archive
interface Loopback0
 ip address 10.9.0.1 255.255.255.255
interface GigabitEthernet1
 ip address 10.0.0.1 255.255.255.252
 ip ospf network point-to-point
 no shutdown
router ospf 1
 network 10.0.0.0 0.255.255.255 area 0
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
`,
  frr: `hostname edge1
interface lo
 ip address 10.9.0.1/32
interface eth1
 ip address 10.0.0.1/30
 ip ospf network point-to-point
router ospf
 network 10.0.0.0/8 area 0
router bgp 65001
 no bgp ebgp-requires-policy
 neighbor 10.0.0.2 remote-as 65002
`,
};
export type Name = keyof typeof configs;
export const both: Name[] = ["ios", "frr"];

/** Lines of the platform: a good change, and one with a bad line in its middle. */
export const changes = {
  ios: {
    port: "interface GigabitEthernet1",
    good: ["interface GigabitEthernet1", " description to the core", " ip ospf cost 20"],
    bad: " ip addres 10.1.1.1 255.255.255.0 oops",
    at: 34,
  },
  frr: {
    port: "interface eth1",
    good: ["interface eth1", " description to the core", " ip ospf cost 20"],
    bad: " ip foo 10.1.1.1",
    at: undefined,
  },
};

export async function start(platform: Name, spec: Partial<DeviceSpec> = {}): Promise<SimulatedDevice> {
  const device = await startDevice({ name: "edge1", platform, config: configs[platform], ...login, ...spec });
  cleanUp.push(() => device.stop());
  return device;
}

export function endpointOf(device: SimulatedDevice, credential: Partial<DeviceEndpoint["credential"]> = {}): DeviceEndpoint {
  const { name, platform, port, fingerprint: hostKey } = device;
  return {
    id: name,
    name,
    platform,
    port,
    hostKey,
    address: "127.0.0.1",
    credential: { kind: "password", ...login, ...credential } as DeviceEndpoint["credential"],
  };
}

export async function open(device: SimulatedDevice, options: OpenOptions = {}): Promise<OpenSession> {
  const session = await openDevice(endpointOf(device), { ...quick, ...options });
  cleanUp.push(() => session.close());
  return session;
}

export async function failure(work: Promise<unknown>): Promise<DeviceError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof DeviceError) return thrown;
  throw new Error(`no DeviceError but ${String(thrown)}`);
}

/** The lines of a configuration that say something. */
export const essence = (text: string): string[] => text.split("\n").filter((line) => !/^\s*!?\s*$|^end$|^(?:frr )?version /.test(line));
