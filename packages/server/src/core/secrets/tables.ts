/** Kysely's view of the schema `secrets`. */
import type { SecretSummary } from "@holdfast/contract";

export interface SecretTable {
  id: string;
  name: string;
  kind: SecretSummary["kind"];
  username: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

export interface VersionTable {
  secret_id: string;
  version: number;
  sealed: Buffer;
  created_at: Date;
}

export interface KeyTable {
  id: string;
  fingerprint: Buffer;
  created_at: Date;
}

export type SecretsTables = {
  "secrets.secret": SecretTable;
  "secrets.version": VersionTable;
  "secrets.key": KeyTable;
};
