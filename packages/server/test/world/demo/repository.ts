/** The Git repository of the demo network's configuration: the files that stand beside this one, and those that follow from the plan. */
import { readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { demoPlan, sites, type PlannedDevice } from "./plan.ts";

const root = fileURLToPath(new URL("repository", import.meta.url));

/** Name of the secret that signs in to every router of the demo. */
export const demoCredential = "demo-fleet";

export interface Endpoint {
  address: string;
  port: number;
}

function writtenFiles(): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => `${entry.parentPath}/${entry.name}`).sort();
  return new Map(paths.map((path) => [relative(root, path), readFileSync(path, "utf8")]));
}

/** One document per router, as `inventory/<site>.yaml` holds them. */
function inventoryDocument(device: PlannedDevice, { address, port }: Endpoint): string {
  return stringify({
    apiVersion: "holdfast/v1",
    kind: "Device",
    metadata: { name: device.name, labels: { role: device.role } },
    spec: {
      platform: device.platform,
      address,
      port,
      site: device.site,
      redundancyGroup: device.redundancyGroup,
      credential: demoCredential,
    },
  });
}

function deviceData(device: PlannedDevice): string {
  const bgp = device.peers.length === 0 ? {} : { bgp_peers: device.peers };
  return stringify({ router_id: device.loopback, interfaces: device.ports, ...bgp });
}

/** Path → content, for devices that answer at these endpoints. */
export function demoRepository(endpoints: ReadonlyMap<string, Endpoint>): Map<string, string> {
  const { devices } = demoPlan();
  const files = writtenFiles();
  for (const site of sites) {
    const documents = devices
      .filter((device) => device.site === site)
      .map((device) => inventoryDocument(device, endpoints.get(device.name)!));
    files.set(`inventory/${site}.yaml`, documents.join("---\n"));
  }
  for (const device of devices) files.set(`data/devices/${device.name}.yaml`, deviceData(device));
  return files;
}
