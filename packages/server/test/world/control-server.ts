/** A fleet's remote control: true state, faults, hand edits and power, as HTTP with JSON on loopback. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SimulatedDevice } from "./device.ts";
import type { Fault } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import type { HistoryEntry } from "./state-file.ts";

export interface DeviceReport {
  name: string;
  platform: string;
  port: number;
  fingerprint: string;
  sessions: number;
  running: string;
  startup: string;
  history: HistoryEntry[];
  armed?: { token: string; secondsLeft: number };
  faults: Fault[];
  ospfNeighbors: number;
  bgpEstablished: number;
}

export interface ControlRequest {
  lines?: string[];
  user?: string;
  fault?: Fault;
  times?: number;
}

export function reportOf(device: SimulatedDevice): DeviceReport {
  const { network } = device.router;
  return {
    name: device.name,
    platform: device.platform,
    port: device.port,
    fingerprint: device.fingerprint,
    sessions: device.sessions,
    running: device.running(),
    startup: device.startup(),
    history: [...device.history],
    ...(device.armed ? { armed: device.armed } : {}),
    faults: device.router.faults.list(),
    ospfNeighbors: network.ospfNeighbors(device.name).length,
    bgpEstablished: network.bgpSessions(device.name).filter((one) => one.establishedSince !== undefined).length,
  };
}

type Verb = (device: SimulatedDevice, given: ControlRequest) => Promise<void> | void;

const verbs: Record<string, Verb> = {
  edit: (device, { lines = [], user }) => device.edit(lines, user),
  fault: async (device, { fault, times }) => {
    if (fault) await device.fault(fault, times);
  },
  "clear-faults": (device) => device.clearFaults(),
  stop: (device) => device.stop(),
  start: (device) => device.start(),
  reboot: (device) => device.reboot(),
};

/** `GET /devices`, `GET /devices/NAME`, `POST /devices/NAME/VERB`. Answers the state afterwards, or `{ error }`. */
async function answer(fleet: Fleet, request: IncomingMessage): Promise<unknown> {
  const [, , name, verb] = (request.url ?? "").split("/");
  if (name === undefined) return [...fleet.devices.values()].map((device) => reportOf(device));
  const device = fleet.device(decodeURIComponent(name));
  if (verb === undefined) return reportOf(device);
  const act = verbs[verb];
  if (!act) throw new Error(`no such verb: ${verb}`);
  await act(device, (await bodyOf(request)) as ControlRequest);
  return reportOf(device);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : JSON.parse(text);
}

async function reply(fleet: Fleet, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await answer(fleet, request).catch((error: Error) => ({ error: error.message }));
  const failed = typeof body === "object" && body !== null && "error" in body;
  response.writeHead(failed ? 400 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Listens on a port of its own; answers the address. */
export async function serveControl(fleet: Fleet): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => void reply(fleet, request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, server };
}
