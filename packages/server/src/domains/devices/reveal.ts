/** Opening kept configurations: whose they are, and who may see their secrets. */
import { labelsOf, Problem } from "@holdfast/kit";
import { callerOf, type RequestContext } from "#platform/http";
import { mustHaveProved } from "#platform/http/access";
import { can, outOfReach } from "#platform/reach";
import type { Devices } from "./index.ts";
import type { VersionHead } from "./store-versions.ts";
import { missingVersion } from "./versions.ts";
import type { DeviceRow } from "./store.ts";

/** @throws Problem `devices_version_missing`, also for another device's version; `devices_not_observed` when nothing was kept yet */
export async function openVersion(devices: Devices, row: DeviceRow, id: string | null): Promise<{ version: VersionHead; text: string }> {
  if (id === null) throw new Problem("devices_not_observed", { kind: "missing", say: `${row.name} was never read; back it up first.` });
  const opened = await devices.versions.open(id);
  if (opened.version.device_id === row.id) return opened;
  throw missingVersion(id);
}

/** @throws Problem `forbidden`, `forbidden_here` */
export function mayReveal(context: RequestContext, device: DeviceRow): void {
  const caller = callerOf(context);
  if (can(caller, "devices:reveal") && !can(caller, "devices:reveal", labelsOf(device))) throw outOfReach("devices:reveal", device.name);
  if (can(caller, "devices:reveal")) return mustHaveProved(callerOf(context), "devices:reveal");
  throw new Problem("forbidden", {
    kind: "forbidden",
    say: "Seeing secrets in configurations needs the permission devices:reveal; leave `reveal` out for the masked text.",
  });
}
