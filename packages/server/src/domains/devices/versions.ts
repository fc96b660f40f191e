/** Keeping running configurations: full fidelity and sealed inside, secrets masked outside. */
import { createHash } from "node:crypto";
import type { ConfigVersion, PlatformName } from "@holdfast/contract";
import { newId, Problem, type Clock } from "@holdfast/kit";
import type { Db, Tx } from "#platform/db";
import type { Resealer, Secrets } from "#core/secrets";
import { normalConfig } from "./config/index.ts";
import { systemOf, type DeviceRow } from "./store.ts";
import {
  countStaleVersions,
  findVersion,
  insertVersion,
  lockStaleVersions,
  newestVersion,
  rehashVersion,
  replaceSealed,
  type VersionHead,
  type VersionRow,
} from "./store-versions.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * SHA-256 of a configuration without comments and noise, and without order where order does not matter; every line counts.
 * The rule's name goes in, so that no hash by an older rule is ever taken for one by this rule.
 */
export function configHash(text: string, platform: PlatformName): string {
  return sha256(`whole\n${normalConfig(text, platform, "whole")}`);
}

/** The hash by which versions were told apart until every line counted: blind to what an intent may be silent about. */
export function formerHash(text: string, platform: PlatformName): string {
  return sha256(normalConfig(text, platform));
}

/** Alike for one that is not there and for one of another device, which may be one that the asker may not see. */
export function missingVersion(id: string): Problem {
  return new Problem("devices_version_missing", { kind: "missing", say: `There is no kept configuration ${id} of this device.` });
}

export interface Kept {
  version: VersionHead;
  /** It differs from the version before. */
  changed: boolean;
}

export interface Versions {
  /** Keeps a running configuration; the newest version stands for it when nothing changed. The caller holds the device's row. */
  keep(tx: Tx, device: Pick<DeviceRow, "id" | "name" | "platform">, seen: { text: string; reason: string }): Promise<Kept>;
  /** The whole text. @throws Problem `devices_version_missing` */
  open(id: string, db?: Db): Promise<{ version: VersionHead; text: string }>;
}

const place = (id: string) => ({ table: "devices.version", row: id, column: "text_sealed", version: 1 });

export function createVersions(deps: { db: Db; secrets: Secrets; clock: Clock }): Versions {
  deps.secrets.addResealer(resealer(deps.db));
  const open: Versions["open"] = async (id, db = deps.db) => {
    const row = await findVersion(db, id);
    if (!row) throw missingVersion(id);
    const { text_sealed, ...version } = row;
    return { version, text: deps.secrets.open(place(id), text_sealed).toString("utf8") };
  };
  /** A hash of an older rule says nothing: the texts decide, and the hash is written anew. */
  const same = async (tx: Tx, newest: VersionHead, now: { hash: string; platform: PlatformName }): Promise<boolean> => {
    if (newest.hash === now.hash) return true;
    const hash = configHash((await open(newest.id, tx)).text, now.platform);
    if (hash !== newest.hash) await rehashVersion(tx, newest.id, hash);
    return hash === now.hash;
  };
  return {
    open,
    async keep(tx, { id: device, ...row }, { text, reason }) {
      const platform = systemOf(row);
      const at = new Date(deps.clock.now());
      const hash = configHash(text, platform);
      const newest = await newestVersion(tx, device);
      if (newest && (await same(tx, newest, { hash, platform }))) return { version: { ...newest, hash }, changed: false };
      const version = { id: newId<"version">("ver", at.getTime()), device_id: device, hash, at, lines: countLines(text), reason };
      await insertVersion(tx, { ...version, text_sealed: deps.secrets.seal(place(version.id), text) });
      return { version, changed: true };
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
