/**
 * A fleet in a process of its own:
 *
 *     node packages/server/test/world/main.ts --state DIR [--fleet FILE.json] [--scale N] [--with-parent]
 *
 * Without `--fleet` it is the demo's. Prints one line of JSON when everything listens. Ports, keys and configurations are kept in DIR, so
 * that the same line brings the same fleet back after the process was killed. `--with-parent` ends it with its standard input.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runningClock } from "./clock.ts";
import { serveControl } from "./control-server.ts";
import { demoFleet } from "./demo/world.ts";
import { startFleet, type FleetSpec } from "./fleet.ts";

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    fleet: { type: "string" },
    scale: { type: "string", default: "1" },
    "with-parent": { type: "boolean", default: false },
  },
});

const stateDir = values.state;
if (stateDir === undefined) throw new Error("--state DIR is missing");
mkdirSync(stateDir, { recursive: true });

const portsFile = join(stateDir, "ports.json");
const keptPorts = existsSync(portsFile) ? (JSON.parse(readFileSync(portsFile, "utf8")) as Record<string, number>) : {};
const spec = values.fleet === undefined ? demoFleet() : (JSON.parse(readFileSync(values.fleet, "utf8")) as FleetSpec);
const devices = spec.devices.map((device) => ({ ...device, port: keptPorts[device.name] ?? device.port ?? 0 }));
const fleet = await startFleet({ ...spec, devices, stateDir, clock: runningClock(Number(values.scale)) });
const ports = Object.fromEntries([...fleet.devices.values()].map(({ name, port }) => [name, port]));
writeFileSync(portsFile, JSON.stringify(ports));
const control = await serveControl(fleet);

const listed = [...fleet.devices.values()].map(({ name, platform, port, fingerprint }) => ({ name, platform, port, fingerprint }));
process.stdout.write(`${JSON.stringify({ pid: process.pid, control: control.url, devices: listed })}\n`);

async function leave(): Promise<void> {
  control.server.close();
  control.server.closeAllConnections();
  await fleet.stop();
  process.exit(0);
}

process.once("SIGTERM", () => void leave());
process.once("SIGINT", () => void leave());
if (values["with-parent"]) process.stdin.resume().once("end", () => void leave());
