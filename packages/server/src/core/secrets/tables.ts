/** Kysely's view of the schema `secrets`. */
import type { SecretSummary } from "@holdfast/contract";

export interface SecretTable {
  id: string;
  name: string;
  kind: SecretSummary["kind"];
  username: string | null;
  version: number;
  engine: SecretSummary["engine"];
  /** `<mount>/<path>`, when a version of it is in Vault. */
  vault_path: string | null;
  expires_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** The value is sealed here, or in Vault under its number there, unless it was destroyed. */
export interface VersionTable {
  secret_id: string;
  version: number;
  engine: SecretSummary["engine"];
  sealed: Buffer | null;
  /** 0 where Vault keeps no versions. */
  vault_version: number | null;
  created_at: Date;
  created_by: string | null;
  destroyed_at: Date | null;
}

export interface KeyTable {
  id: string;
  fingerprint: Buffer;
  created_at: Date;
}

export interface LeaseTable {
  id: string;
  secret: string;
  version: number | null;
  engine: SecretSummary["engine"];
  vault_lease: string | null;
  holder: string;
  purpose: string;
  issued_at: Date;
  renewed_at: Date | null;
  expires_at: Date;
  /** No renewal goes beyond. */
  ends_by: Date | null;
  revoked_at: Date | null;
}

export type SecretsTables = {
  "secrets.secret": SecretTable;
  "secrets.version": VersionTable;
  "secrets.key": KeyTable;
  "secrets.lease": LeaseTable;
};
