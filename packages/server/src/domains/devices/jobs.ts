/** What devices do by themselves: poll repositories, look for drift, back up, mend drift where that is wanted. */
import type { Strategy } from "@holdfast/contract";
import { isProblem, sayError, type Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Log } from "#platform/log";
import { bySystem } from "#platform/reach";
import type { Rollouts } from "#core/rollout";
import { driftOf } from "./inventory.ts";
import type { Devices } from "./index.ts";
import { ChangeMarks } from "./marks.ts";
import { isConfigured, recordSeen, type DeviceRow } from "./store.ts";

const driftActor = bySystem("drift");
const gitActor = bySystem("git");

/** The same drift, when it could not be mended, is tried again by itself only after this long. */
const againMs = 3_600_000;

/** A drifted device goes back alone. */
const driftStrategy: Strategy = { kind: "direct", reason: "drift is mended on this device" };

export interface DeviceWork {
  /** Fetches the repositories whose poll is due. */
  pollRepositories(): Promise<void>;
  /** Reads every device that cannot say that nothing changed, and each once an hour, and tells drift; mends it on devices of drift mode `revert`. */
  watchDrift(signal?: AbortSignal): Promise<void>;
  /** Keeps every device's running configuration. */
  backUp(signal?: AbortSignal): Promise<void>;
}

export function createDeviceWork(deps: { db: Db; clock: Clock; devices: Devices; rollouts: Rollouts; log: Log }): DeviceWork {
  const { db, clock, devices, rollouts, log } = deps;
  const marks = new ChangeMarks();

  const mend = async ({ id, running_hash, mend_hash, mend_at }: DeviceRow): Promise<void> => {
    const at = new Date(clock.now());
    if (mend_hash === running_hash && mend_at !== null && at.getTime() - mend_at.getTime() < againMs) return;
    try {
      const plan = await devices.planning.undrift(id, driftActor);
      if (plan.changes.length === 0) return;
      await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: driftStrategy }, driftActor);
      await recordSeen(db, id, { mend_hash: running_hash, mend_at: at });
    } catch (thrown) {
      // Whatever keeps this device from being mended, those behind it have their turn; the next look decides again.
      const expected = isProblem(thrown) && (thrown.kind === "conflict" || thrown.kind === "unavailable");
      // A person or a rollout was there first, or it does not answer: that is told elsewhere.
      if (expected) log.info({ err: thrown, device: id }, "drift is not mended now");
      else {
        log.error({ err: thrown, device: id }, "drift cannot be mended");
        await recordSeen(db, id, {
          last_problem: `Its drift could not be mended: ${isProblem(thrown) ? sayError(thrown) : "a defect, told in the log"}`,
        });
      }
    }
  };

  return {
    async pollRepositories() {
      for (const repository of await devices.repositories.due()) await devices.repositories.sync(repository.id, gitActor);
    },
    async watchDrift(signal) {
      const rows = (await devices.inventory.rows({ reach: "everywhere" })).filter((row) => row.host_key !== null && isConfigured(row));
      marks.keep(rows.map((row) => row.id));
      for (const look of await devices.observer.look(rows, "drift", { signal, marks })) {
        if (look.read && look.device.drift_mode === "revert" && driftOf(look.device) === "drifted") await mend(look.device);
      }
    },
    async backUp(signal) {
      await devices.observer.look((await devices.inventory.rows({ reach: "everywhere" })).filter(isConfigured), "scheduled", { signal });
    },
  };
}
