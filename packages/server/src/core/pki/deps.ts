/** What the parts of this module share. */
import type { Clock } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import type { Secrets, VaultPki } from "#core/secrets";
import type { Db } from "#platform/db";

export interface Parts {
  db: Db;
  audit: Audit;
  secrets: Pick<Secrets, "seal" | "open">;
  clock: Clock;
  /** Where this server is reached; certificates then say where the revocation list is. */
  publicUrl?: string | undefined;
  /** An authority in Vault that may sign intermediates. */
  vault?: Pick<VaultPki, "signIntermediate" | "revoke"> | undefined;
}

export const dayMs = 86_400_000;
/** Certificates begin a little before they are made: clocks differ. */
export const earlyMs = 60_000;
