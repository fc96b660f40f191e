/** Where values of named secrets are kept. The register (names, versions, who, when) is in our database whichever engine holds the values. */
import type { SecretSummary, SecretValue } from "@holdfast/contract";
import type { SecretTable, VersionTable } from "./tables.ts";

export type EngineName = SecretSummary["engine"];

/** What a version's row says of its value. */
export type Kept = Pick<VersionTable, "engine" | "sealed" | "vault_version">;

export interface Engine {
  readonly name: EngineName;
  /** Where the values of this secret would be in Vault; null for values in our database. */
  pathOf(name: string): string | null;
  /** Keeps the value of the version that `secret` names. `before` is the newest one in this engine. @throws Problem `secrets_vault_*` */
  put(secret: SecretTable, value: SecretValue, before: VersionTable | undefined): Promise<Kept>;
  /** The value of this version. @throws Problem `secrets_version_missing` when the engine has it no more */
  get(secret: SecretTable, version: VersionTable): Promise<SecretValue>;
  /** The newest value, and its number when somebody else has put one there since `version` was written down. */
  newest(secret: SecretTable, version: VersionTable): Promise<{ value: SecretValue; foundVersion?: number }>;
  /** Destroys the value for good. */
  destroy(secret: SecretTable, version: VersionTable): Promise<void>;
  /** Destroys all values of this secret that are here; one that is gone already is no fault. */
  forget(secret: SecretTable): Promise<void>;
  /** Whether an older version is still there once a newer one is. */
  keepsVersions(secret: SecretTable): Promise<boolean>;
}
