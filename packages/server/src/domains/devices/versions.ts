/** Keeping running configurations: full fidelity and sealed inside, secrets masked outside. */
import { createHash } from "node:crypto";
import type { ConfigVersion, PlatformName } from "@holdfast/contract";
import { newId, Problem, type Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Resealer, Secrets } from "#core/secrets";
import { normalConfig } from "./config/index.ts";
import { recordSeen, type DeviceRow } from "./store.ts";
import {
  countStaleVersions,
  findVersion,
  insertVersion,
  lockStaleVersions,
  newestVersion,
  replaceSealed,
  type VersionHead,
  type VersionRow,
} from "./store-versions.ts";

/** SHA-256 of a configuration without noise and without order where order does not matter. */
export function configHash(text: string, platform: PlatformName): string {
  return createHash("sha256").update(normalConfig(text, platform)).digest("hex");
}

export interface Kept {
  version: VersionHead;
  /** It differs from the version before. */
  changed: boolean;
}

export interface Versions {
  /** Keeps a running configuration; the newest version stands for it when nothing changed. */
  keep(device: Pick<DeviceRow, "id" | "platform">, text: string, reason: string): Promise<Kept>;
  /** The whole text. @throws Problem `devices_version_missing` */
  open(id: string): Promise<{ version: VersionHead; text: string }>;
}

const place = (id: string) => ({ table: "devices.version", row: id, column: "text_sealed", version: 1 });

export function createVersions(deps: { db: Db; secrets: Secrets; clock: Clock }): Versions {
  deps.secrets.addResealer(resealer(deps.db));
  return {
    async keep(device, text, reason) {
      const at = new Date(deps.clock.now());
      const hash = configHash(text, device.platform);
      const newest = await newestVersion(deps.db, device.id);
      const same = newest?.hash === hash ? newest : undefined;
      const version = same ?? {
        id: newId<"version">("ver", at.getTime()),
        device_id: device.id,
        hash,
        at,
        lines: countLines(text),
        reason,
      };
      if (!same) await insertVersion(deps.db, { ...version, text_sealed: deps.secrets.seal(place(version.id), text) });
      await recordSeen(deps.db, device.id, { running_hash: hash, running_version: version.id, backed_up_at: at });
      return { version, changed: !same };
    },
    async open(id) {
      const row = await findVersion(deps.db, id);
      if (!row) throw new Problem("devices_version_missing", { kind: "missing", say: `There is no kept configuration ${id}.` });
      const { text_sealed, ...version } = row;
      return { version, text: deps.secrets.open(place(id), text_sealed).toString("utf8") };
    },
  };
}

function resealer(db: Db): Resealer {
  return {
    table: "devices.version",
    countStale: (activePrefix) => countStaleVersions(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows: VersionRow[] = await lockStaleVersions(tx, activePrefix, limit);
      for (const row of rows) await replaceSealed(tx, row.id, reseal(place(row.id), row.text_sealed));
      return rows.length;
    },
  };
}

function countLines(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "").length;
}

export function versionView(version: VersionHead): ConfigVersion {
  const { id, hash, at, lines, reason } = version;
  return { id, device: version.device_id, hash, at: at.toISOString(), lines, reason };
}
