import type { DevicePlatform } from "@holdfast/contract";
import type { Labels } from "@holdfast/kit";
import type { ColumnType, Generated } from "kysely";

export interface DeviceTable {
  id: string;
  name: string;
  platform: DevicePlatform;
  address: string;
  port: number;
  site: string | null;
  labels: ColumnType<Labels, string, string>;
  redundancy_group: string | null;
  credential: string | null;
  bastion: string | null;
  drift_mode: "alert" | "revert";
  host_key: string | null;
  reachable: boolean | null;
  last_seen_at: Date | null;
  last_problem: string | null;
  expected_hash: string | null;
  expected_version: string | null;
  running_hash: string | null;
  running_version: string | null;
  drifted_since: Date | null;
  mend_hash: string | null;
  mend_at: Date | null;
  backed_up_at: Date | null;
  repository_id: string | null;
  created_at: Date;
  updated_at: Date;
  version: Generated<number>;
}

export interface VersionTable {
  id: string;
  device_id: string;
  hash: string;
  at: Date;
  lines: number;
  reason: string;
  text_sealed: Buffer;
}

export interface RepositoryTable {
  id: string;
  name: string;
  url: string;
  branch: string;
  secret: string | null;
  poll_ms: number;
  head: string | null;
  head_subject: string | null;
  head_author: string | null;
  head_at: Date | null;
  fetched_at: Date | null;
  problem: string | null;
  /** The secret that nobody has stored, where that is the problem. */
  missing_secret: string | null;
  created_at: Date;
  version: Generated<number>;
}

/** The version of its secret that a device is signed in to with, while that is not the newest. */
export interface CredentialPinTable {
  device_id: string;
  secret: string;
  version: number;
  at: Date;
}

export type DevicesTables = {
  "devices.device": DeviceTable;
  "devices.version": VersionTable;
  "devices.repository": RepositoryTable;
  "devices.credential_pin": CredentialPinTable;
};
