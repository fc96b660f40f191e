/** Backup of 200 simulated devices and a five-step change on one, beside Netmiko 4.8 on the same servers in the same run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDevicePool, openDevice, type DeviceEndpoint } from "../packages/server/src/domains/devices/platforms/index.ts";
import { DeviceError } from "../packages/server/src/domains/devices/drivers/error.ts";
import { spawnWorld, type RemoteWorld } from "../packages/server/test/world/control.ts";
import { runPeer } from "./peers.ts";

const count = Number(process.argv[2] ?? 200);
const loopbacks = 400;
const login = { username: "netops", password: "bench-only", enable: "bench-only" };
const workers = 20;
const changes = 5;

interface Figures {
  seconds: number;
  cpu?: number;
  rss?: number;
  truncated?: number;
  wrong?: number;
}

const config = `hostname %NAME%
username ${login.username} privilege 15 secret ${login.password}
archive
 path flash:bench
${Array.from({ length: loopbacks }, (_, i) => `interface Loopback${i + 1}\n description customer ${i + 1}, kept for the benchmark\n ip address 10.${Math.floor(i / 250)}.${i % 250}.1 255.255.255.255`).join("\n")}
no ip http server
no ip http secure-server
end
`;

async function ourBackup(endpoints: DeviceEndpoint[], expected: Map<string, number>): Promise<Figures> {
  const pool = createDevicePool();
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  let rss = 0;
  const texts = await Promise.all(
    endpoints.map((endpoint) =>
      pool.withSession(endpoint, async (session) => {
        const text = await session.running();
        rss = Math.max(rss, process.memoryUsage.rss());
        return { name: endpoint.name, lines: text.split("\n").length };
      }),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  const used = process.cpuUsage(cpu);
  await pool.close();
  const truncated = texts.filter(({ name, lines }) => lines < (expected.get(name) ?? 0)).length;
  return { seconds, cpu: (used.user + used.system) / 1e6, rss, truncated };
}

async function ourFiveSteps(endpoint: DeviceEndpoint): Promise<number> {
  const begun = performance.now();
  const session = await openDevice(endpoint);
  const text = await session.running();
  const done = await session.configure(["interface Loopback1", "description five steps"]);
  const refused = await session.run("show nonsense").then(
    () => false,
    (thrown: unknown) => thrown instanceof DeviceError && thrown.reason === "command_refused",
  );
  await session.close();
  if (done.refused || !refused || text.split("\n").length < loopbacks * 3) throw new Error(`${endpoint.name}: the five steps went wrong`);
  return (performance.now() - begun) / 1000;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const s = (value: number): string => `${value.toFixed(2)} s`;

function row(name: string, figures: Figures, ours: Figures): string {
  const more =
    figures.cpu === undefined
      ? ""
      : `  CPU ${((1000 * figures.cpu) / count).toFixed(1)} ms a session  RSS ${Math.round((figures.rss ?? 0) / 2 ** 20)} MB  truncated ${figures.truncated}`;
  return `  ${name.padEnd(26)} ${s(figures.seconds).padStart(9)}${more}  ${figures === ours ? "" : `we are ${(figures.seconds / ours.seconds).toFixed(1)} times as fast`}`;
}

async function measure(world: RemoteWorld): Promise<void> {
  const devices = [...world.devices.values()];
  const endpoints = devices.map(({ name, port, fingerprint }): DeviceEndpoint => ({
    id: name,
    name,
    platform: "ios",
    address: "127.0.0.1",
    port,
    hostKey: fingerprint,
    credential: { kind: "password", username: login.username, password: login.password, enablePassword: login.enable },
  }));
  const lines = (await devices[0]?.report())?.running.trim().split("\n").length ?? 0;
  const peers = devices.map(({ port }) => ({ port, ...login }));
  console.log(`Backup of ${count} devices, ${lines} lines each (Netmiko with ${workers} threads)`);
  const ours = await ourBackup(endpoints, new Map(devices.map(({ name }) => [name, lines - 5])));
  console.log(row("Holdfast", ours, ours));
  for (const [name, fast] of [
    ["Netmiko fast_cli=False", false],
    ["Netmiko fast_cli=True", true],
  ] as const) {
    const figures = await runPeer<Figures>("netmiko_peer.py", { do: "backup", workers, fast, lines: lines - 5, devices: peers });
    console.log(row(name, figures, ours));
  }
  console.log(`\nFive steps on one device: connect, show running-config, two lines, a wrong command, disconnect (median of ${changes})`);
  const five = [];
  for (const endpoint of endpoints.slice(0, changes)) five.push(await ourFiveSteps(endpoint));
  const oursFive: Figures = { seconds: median(five) };
  console.log(row("Holdfast", oursFive, oursFive));
  for (const [name, fast] of [
    ["Netmiko default", null],
    ["Netmiko fast_cli=False", false],
    ["Netmiko fast_cli=True", true],
  ] as const) {
    const figures = await runPeer<Figures>("netmiko_peer.py", { do: "five", fast, devices: peers.slice(0, changes) });
    console.log(`${row(name, figures, oursFive)}${figures.wrong ? `  (${figures.wrong} runs incomplete)` : ""}`);
  }
}

const stateDir = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const names = Array.from({ length: count }, (_, i) => `bench-${i + 1}`);
const world = await spawnWorld({
  stateDir,
  fleet: {
    devices: names.map((name) => ({
      name,
      platform: "ios",
      config: config.replace("%NAME%", name),
      username: login.username,
      password: login.password,
      enablePassword: login.enable,
    })),
  },
});
try {
  await measure(world);
} finally {
  await world.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
process.exit(0);
