/** What every carrier of changes to devices goes by: the device is there, its refusals are results, one token for its switch. */
import { Problem } from "@holdfast/kit";
import type { PlatformName } from "@holdfast/contract";
import type { Applied, Carrier, CarrierLook, CarrierStep, Target } from "#core/rollout";
import type { Db, Tx } from "#platform/db";
import { maskSecrets } from "./config/index.ts";
import { DeviceError } from "./drivers/error.ts";
import type { DeviceSession } from "./platforms/index.ts";
import { findDevice, holdDevices, type DeviceRow } from "./store.ts";

/** For `Carrier.stay`. @throws Problem `devices_gone` */
export async function stay(tx: Tx, targets: Target[]): Promise<void> {
  const there = await holdDevices(
    tx,
    targets.map((target) => target.id),
  );
  const places = targets
    .filter((target) => !there.has(target.id))
    .slice(0, 20)
    .map(({ name }) => ({ at: name, say: "is not in the inventory any more" }));
  if (places.length === 0) return;
  throw new Problem("devices_gone", { kind: "conflict", say: `${places[0]?.at} ${places[0]?.say}; plan again.`, places });
}

type Guarded<P> = Pick<Carrier<P>, "prepare" | "apply" | "verify" | "confirm" | "revert" | "observe" | "back">;
/** Steps as they are written down: they throw what the device says. */
export interface DeviceSteps<P> extends Omit<Guarded<P>, "apply"> {
  /** Calls `touch` right before the first thing that may change the device. */
  apply(step: CarrierStep<P>, touch: () => void): Promise<Applied>;
}

/** A device's own refusals and silences are results; all else is a defect and goes up. */
export function guarded<P>(steps: DeviceSteps<P>): Guarded<P> {
  return {
    prepare: (step) => unless(steps.prepare(step), (error) => ({ outcome: outcomeOf(error), say: error.message })),
    apply(step) {
      let touched = false;
      const touch = (): void => void (touched = true);
      // A switch that could not even be armed left the device as it was.
      const asItWas = (error: DeviceError): boolean => error.reason === "no_dead_mans_switch" || error.reason === "switch_busy";
      return unless(steps.apply(step, touch), (error) => ({
        outcome: outcomeOf(error),
        say: error.message,
        touched: touched && !asItWas(error),
      }));
    },
    verify: (step) => unless(steps.verify(step), (error) => ({ ok: false, say: error.message, gate: [] })),
    confirm: (step) => unless(steps.confirm(step), (error) => ({ ok: false, say: error.message })),
    revert: (step) => unless(steps.revert(step), (error) => ({ ok: false, unreachable: isUnreachable(error), say: error.message })),
    observe: (look) => unless(steps.observe(look), (error) => ({ reached: false, say: error.message })),
    back: (look) => unless(steps.back(look), (error) => ({ ok: false, say: error.message })),
  };
}

async function unless<T>(work: Promise<T>, failed: (error: DeviceError) => T): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof DeviceError) return failed(thrown);
    throw thrown;
  }
}

function isUnreachable(error: DeviceError): boolean {
  return ["unreachable", "timeout", "connection_lost", "output_incomplete", "closed", "aborted"].includes(error.reason);
}

function outcomeOf(error: DeviceError): "unreachable" | "refused" | "failed" {
  if (isUnreachable(error)) return "unreachable";
  return error.reason === "output_too_large" ? "failed" : "refused";
}

/** @throws DeviceError `unreachable` when it was removed meanwhile */
export async function deviceOf({ db }: { db: Db }, { change: { target } }: CarrierLook): Promise<DeviceRow> {
  const row = await findDevice(db, target.id);
  if (row) return row;
  throw new DeviceError("unreachable", { say: `${target.name} is not in the inventory any more.` });
}

/** One token for one rollout on one device: a controller that comes back knows its own switch. */
export function tokenOf(step: Pick<CarrierLook, "rolloutId">): string {
  return `hf-${step.rolloutId}`;
}

/** What keeps a device from saving is its own matter: its words, and what is to be done there. */
export async function save(session: DeviceSession, { target, platform }: { target: Target; platform: PlatformName }): Promise<void> {
  try {
    await session.save();
  } catch (thrown) {
    if (!(thrown instanceof DeviceError) || thrown.reason !== "command_refused") throw thrown;
    const words = maskSecrets(thrown.vendorText ?? "", platform)
      .trim()
      .replace(/\s+/g, " ")
      .slice(0, 300);
    const say = `${target.name} did not save its configuration${words === "" ? "" : ` ("${words}")`}; see that there is room on its disk.`;
    throw new DeviceError("command_refused", { say, because: thrown });
  }
}
