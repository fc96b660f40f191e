/** Reads devices: keeps what is running, tells drift from what ought to be there, and raises or resolves findings for it. */
import { isProblem, sayError } from "@holdfast/kit";
import { inTransaction, type Db, type Tx } from "#platform/db";
import { publish } from "#platform/events";
import type { Log } from "#platform/log";
import type { FindingInput, Findings } from "#core/findings";
import type { Rollouts } from "#core/rollout";
import { DeviceError } from "./drivers/error.ts";
import { aboutDevice, type Drift, type Expectations } from "./expectations.ts";
import type { Sessions } from "./sessions.ts";
import type { DeviceRow } from "./store.ts";
import type { Kept } from "./versions.ts";

/** Source of findings about reaching a device. */
export const reachSource = "devices.reach";

export interface ObserveDeps {
  db: Db;
  log: Log;
  sessions: Sessions;
  expectations: Expectations;
  findings: Findings;
  /** Which devices a rollout drives at present: what they show now is explained by it. */
  held: Rollouts["held"];
}

/** What one look at one device gave. */
export type Look =
  | { device: DeviceRow; read: true; text: string; kept: Kept; drift: Drift | undefined }
  | { device: DeviceRow; read: false; say: string }
  /** A rollout drives it; nothing was read. */
  | { device: DeviceRow; read: false; held: string; say: string };

/** How many devices are looked at in one go; the pool has its own limits besides. */
const atOnce = 50;

export interface Observer {
  look(devices: DeviceRow[], reason: string, signal?: AbortSignal): Promise<Look[]>;
  /** Drift of a device as last seen; undefined when it is as intended. */
  driftOf(device: DeviceRow): Promise<Drift | undefined>;
}

export function createObserver(deps: ObserveDeps): Observer {
  return {
    async look(devices, reason, signal) {
      const looks: Look[] = [];
      for (let i = 0; i < devices.length; i += atOnce) {
        const some = devices.slice(i, i + atOnce);
        const held = await deps.held(some.map((device) => device.id));
        looks.push(...(await Promise.all(some.map((device) => lookAt(deps, { device, reason, held: held.get(device.id), signal })))));
      }
      return looks;
    },
    driftOf: (device) => deps.expectations.driftOf(device),
  };
}

interface LookParts {
  device: DeviceRow;
  reason: string;
  held: string | undefined;
  signal: AbortSignal | undefined;
}

async function lookAt(deps: ObserveDeps, { device, reason, held, signal }: LookParts): Promise<Look> {
  if (held !== undefined) return { device, read: false, held, say: `rollout ${held} drives it` };
  try {
    const text = await deps.sessions.use(device, signal ? { signal } : {}, (session) => session.running());
    const began = await deps.held([device.id]);
    if (began.size > 0) return { device, read: false, held: began.get(device.id) ?? "", say: `rollout ${began.get(device.id)} drives it` };
    const seen = await inTransaction(deps.db, async (tx) => {
      // The device's row is locked first, as by all who write of a device and its findings.
      const saw = await deps.expectations.saw(tx, device.id, { text, reason });
      await tellReach(deps, tx, device);
      return saw;
    });
    return { ...seen, read: true, text };
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    if (thrown instanceof DeviceError) await inTransaction(deps.db, (tx) => tellReach(deps, tx, device, thrown));
    return { device, read: false, say: sayError(thrown) };
  }
}

/** What is so is open, what is no more is resolved. */
async function tellReach(deps: ObserveDeps, tx: Tx, device: DeviceRow, error?: DeviceError): Promise<void> {
  await deps.findings.reconcile(tx, reachSource, `device:${device.id}`, error ? reachFinding(device, error) : []);
  if (device.reachable === (error === undefined)) return;
  const payload = { name: device.name, reachable: error === undefined };
  await publish(tx, { type: "devices.device.observed", subject: `device:${device.id}`, payload });
}

function reachFinding(device: DeviceRow, error: DeviceError): FindingInput[] {
  const base = { ...aboutDevice(device), source: reachSource, evidence: { code: error.reason } };
  switch (error.reason) {
    case "host_key_changed":
      return [
        { ...base, kind: "host_key_changed", severity: "critical", title: `${device.name} shows another host key`, detail: error.message },
      ];
    case "host_key_unknown":
      return [
        { ...base, kind: "host_key_unknown", severity: "low", title: `${device.name} has no pinned host key`, detail: error.message },
      ];
    case "auth_failed":
      return [
        { ...base, kind: "sign_in_refused", severity: "high", title: `${device.name} refuses our credential`, detail: error.message },
      ];
    default:
      return [{ ...base, kind: "unreachable", severity: "high", title: `${device.name} cannot be read`, detail: error.message }];
  }
}
