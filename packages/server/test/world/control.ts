/** A fleet in another process, as seen from this one. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ControlRequest, DeviceReport } from "./control-server.ts";
import type { Fault } from "./faults.ts";
import type { FleetSpec } from "./fleet.ts";

export interface RemoteDevice {
  readonly name: string;
  readonly platform: string;
  readonly port: number;
  readonly fingerprint: string;
  /** Everything that is true of it now. */
  report(): Promise<DeviceReport>;
  edit(lines: string[], user?: string): Promise<DeviceReport>;
  fault(fault: Fault, times?: number): Promise<DeviceReport>;
  clearFaults(): Promise<DeviceReport>;
  stop(): Promise<DeviceReport>;
  start(): Promise<DeviceReport>;
  reboot(): Promise<DeviceReport>;
}

export interface RemoteWorld {
  readonly pid: number;
  readonly controlUrl: string;
  readonly devices: ReadonlyMap<string, RemoteDevice>;
  device(name: string): RemoteDevice;
  /** As a power cut ends it: nothing is said, nothing is finished. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface SpawnOptions {
  stateDir: string;
  /** The demo's fleet unless told. */
  fleet?: Omit<FleetSpec, "clock" | "stateDir">;
  /** World seconds in one of ours. */
  scale?: number;
}

interface Announcement {
  pid: number;
  control: string;
  devices: { name: string; platform: string; port: number; fingerprint: string }[];
}

const program = fileURLToPath(new URL("main.ts", import.meta.url));

/** Starts a fleet as a child of this process; it ends with it. A directory that was used before brings its fleet back. */
export async function spawnWorld({ stateDir, fleet, scale = 1 }: SpawnOptions): Promise<RemoteWorld> {
  mkdirSync(stateDir, { recursive: true });
  const args = [program, "--state", stateDir, "--scale", String(scale), "--with-parent"];
  if (fleet) {
    const file = join(stateDir, "fleet.json");
    writeFileSync(file, JSON.stringify(fleet), { mode: 0o600 });
    args.push("--fleet", file);
  }
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const announced = await announcement(child);
  return worldOf(child, announced);
}

async function announcement(child: ChildProcess): Promise<Announcement> {
  const lines = createInterface({ input: child.stdout! });
  const first = await Promise.race([once(lines, "line"), once(child, "exit")]);
  if (typeof first[0] !== "string") throw new Error(`the simulated fleet ended as it began, with ${String(first[0])}`);
  return JSON.parse(first[0]) as Announcement;
}

function worldOf(child: ChildProcess, { pid, control, devices }: Announcement): RemoteWorld {
  const ended = once(child, "exit");
  const remote = new Map(devices.map((device) => [device.name, remoteDevice(control, device)]));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await ended;
    }
  };
  return {
    pid,
    controlUrl: control,
    devices: remote,
    device(name) {
      const found = remote.get(name);
      if (!found) throw new Error(`the fleet has no device ${name}`);
      return found;
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

function remoteDevice(control: string, device: Announcement["devices"][number]): RemoteDevice {
  const url = `${control}/devices/${encodeURIComponent(device.name)}`;
  const act = (verb: string, body: ControlRequest = {}): Promise<DeviceReport> => call(`${url}/${verb}`, body);
  return {
    ...device,
    report: () => call(url),
    edit: (lines, user) => act("edit", { lines, ...(user === undefined ? {} : { user }) }),
    fault: (fault, times) => act("fault", { fault, ...(times === undefined ? {} : { times }) }),
    clearFaults: () => act("clear-faults"),
    stop: () => act("stop"),
    start: () => act("start"),
    reboot: () => act("reboot"),
  };
}

async function call(url: string, body?: ControlRequest): Promise<DeviceReport> {
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  const answer = (await response.json()) as DeviceReport | { error: string };
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
