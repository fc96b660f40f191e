/** A lab for one test file, of a name of its own: built before its tests, taken away after them, whatever happened to an earlier run. */
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { DeviceEndpoint } from "../packages/server/src/domains/devices/platforms/session.ts";
import { labUnavailable, run } from "./host.ts";
import { buildLab, razeLab, vtysh, type Lab } from "./lab.ts";
import { managementOf, portOf } from "./network.ts";

const prefix = "hf-labtest";

/** Why the lab tests cannot run here; said once, loudly, where they are skipped. */
export function skippedBecause(): string | undefined {
  const why = labUnavailable();
  if (why !== undefined) console.warn(`\n  LAB TESTS SKIPPED: ${why}\n`);
  return why;
}

export async function testLab(routers: number): Promise<Lab> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) await razeLab(name);
  }
  return buildLab({ name: `${prefix}${process.pid}`, routers, tell: (line) => console.log(line) });
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A router as the driver knows it. */
export function endpointOf(lab: Lab, router: string): DeviceEndpoint {
  const door = lab.doors[router];
  return {
    id: router,
    name: router,
    platform: "frr",
    address: door?.address ?? "",
    port: door?.port ?? 0,
    hostKey: lab.fingerprints[router] ?? "",
    credential: { kind: "password", username: lab.user, password: lab.password },
  };
}

/** Takes the management link of a router down or up: packets are lost without a word, as when a change cuts a device off. */
export async function setManagementLink(lab: Lab, router: string, state: "up" | "down"): Promise<void> {
  const found = lab.topology.routers.find((one) => one.name === router);
  if (found) await run("ip", ["-n", managementOf(lab.name), "link", "set", portOf(found), state]);
}

/** Types lines at the router's own console. */
export async function typeAt(lab: Lab, router: string, ...lines: string[]): Promise<void> {
  await vtysh(lab, router, "configure terminal", ...lines);
}
