/** The small network of the journeys: pairs of an FRR and an IOS router, OSPF between the two of each pair, and the repository that says so. */
import { startFleet, type Fleet } from "#world/fleet";
import type { WorldClock } from "#world/clock";
import type { SimulatedDevice } from "#world/device";

export const user = { username: "holdfast", password: "s3cret-pass" };

/** Hello every second, dead after four: a change that breaks a neighbour shows quickly. */
const timers = { hello: "1", dead: "4" };

/** What stands in a configuration where the repository's data may change it. */
interface Variable {
  name: string;
  ip: string;
  routerId: string;
  description: string;
  hello: string;
  /** Further lines of the interface, each with its end of line. */
  extra: string;
}

function frrConfig({ name, ip, routerId, description, hello, extra }: Variable): string {
  return `frr version 8.4.4
frr defaults traditional
hostname ${name}
service integrated-vtysh-config
!
interface eth1
 description ${description}
 ip address ${ip}/30
 ip ospf area 0
 ip ospf dead-interval ${timers.dead}
 ip ospf hello-interval ${hello}
${extra}exit
!
router ospf
 ospf router-id ${routerId}
exit
!
end
`;
}

function iosConfig({ name, ip, routerId, description, hello, extra }: Variable): string {
  return `hostname ${name}
archive
 path flash:hf
interface GigabitEthernet1
 description ${description}
 ip address ${ip} 255.255.255.252
 ip ospf 1 area 0
 ip ospf hello-interval ${hello}
 ip ospf dead-interval ${timers.dead}
${extra}router ospf 1
 router-id ${routerId}
ip http server
ip http secure-server
line vty 0 4
 login
end
`;
}

/** Odd numbers speak FRR, even ones IOS; 1 and 2 are a pair, 3 and 4 the next. */
function variablesOf(number: number): Variable {
  const ip = `10.0.${Math.ceil(number / 2)}.${number % 2 === 1 ? 1 : 2}`;
  const routerId = Array(4).fill(number).join(".");
  return { name: `r${number}`, ip, routerId, description: "uplink", hello: timers.hello, extra: "" };
}

const isFrr = (number: number): boolean => number % 2 === 1;

export interface NetworkSpec {
  /** 1 unless told. */
  pairs?: number;
  clock?: WorldClock;
}

export function startNetwork({ pairs = 1, clock }: NetworkSpec): Promise<Fleet> {
  const numbers = Array.from({ length: pairs * 2 }, (_, index) => index + 1);
  return startFleet({
    devices: numbers.map((number) => {
      const variables = variablesOf(number);
      const config = isFrr(number) ? frrConfig(variables) : iosConfig(variables);
      return { name: variables.name, platform: isFrr(number) ? "frr" : "ios", config, ...user };
    }),
    links: numbers.filter(isFrr).map((number) => ({ a: `r${number}:eth1`, b: `r${number + 1}:GigabitEthernet1` })),
    ...(clock ? { clock } : {}),
  });
}

const template: Variable = {
  name: "{{ device.name }}",
  ip: "{{ ip }}",
  routerId: "{{ router_id }}",
  description: "{{ description }}",
  hello: "{{ hello }}",
  extra: "{% for line in extra %}\n {{ line }}\n{% endfor %}\n",
};

/** The repository as it is first: what it says is what is there. */
export function filesOf(fleet: Fleet): Record<string, string> {
  const devices = [...fleet.devices.values()];
  const data = devices.map((_, index) => {
    const { name, ip, routerId } = variablesOf(index + 1);
    return [`data/devices/${name}.yaml`, `ip: ${ip}\nrouter_id: ${routerId}\n`];
  });
  return {
    "inventory/devices.yaml": devices.map(documentOf).join("---\n"),
    "templates/frr/device.j2": frrConfig(template),
    "templates/ios/device.j2": iosConfig(template),
    "data/global.yaml": globalData(),
    "policies/health.yaml": health,
    ...(Object.fromEntries(data) as Record<string, string>),
  };
}

/** The inventory with these devices in one redundancy group. */
export function groupedInventory(fleet: Fleet, names: string[], group: string): Record<string, string> {
  const path = "inventory/devices.yaml";
  const documents = (filesOf(fleet)[path] ?? "").split("---\n");
  const grouped = documents.map((one) =>
    names.some((name) => one.includes(`name: ${name}\n`)) ? `${one}  redundancyGroup: ${group}\n` : one,
  );
  return { [path]: grouped.join("---\n") };
}

/** `data/global.yaml`: what all devices have where their own file says nothing else. */
export function globalData({ description = "uplink", hello = timers.hello } = {}): string {
  return `description: ${description}\nhello: ${hello}\nextra: []\n`;
}

/** `data/devices/<name>.yaml` with more than its addresses. */
export function deviceData(device: SimulatedDevice, more: string): Record<string, string> {
  const { name, ip, routerId } = variablesOf(Number(device.name.slice(1)));
  return { [`data/devices/${name}.yaml`]: `ip: ${ip}\nrouter_id: ${routerId}\n${more}` };
}

function documentOf(device: SimulatedDevice): string {
  return `apiVersion: holdfast/v1
kind: Device
metadata:
  name: ${device.name}
  labels:
    device: ${device.name}
spec:
  platform: ${device.platform}
  address: 127.0.0.1
  port: ${device.port}
  site: lyon
  credential: lab/device
`;
}

const health = `apiVersion: holdfast/v1
kind: HealthCheck
metadata:
  name: quick
spec:
  settle: 50ms
  patience: 500ms
  checks:
    - kind: device_answers
    - kind: interfaces_up
    - kind: ospf_neighbors
`;
