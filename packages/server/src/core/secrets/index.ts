/**
 * Secrets: named ones (device and Git credentials) with versions and leases, kept by one of two engines; and sealing for columns of other
 * modules. The built-in engine keeps values as AES-256-GCM under a key ring that is not in the database; the other one is Vault.
 */
import type { SecretLease, SecretsStatus, SecretSummary, SecretValue, SecretVersion } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import type { Db, Tx } from "#platform/db";
import type { Log } from "#platform/log";
import { createBuiltinEngine } from "./builtin.ts";
import type { Engine, EngineName } from "./engine.ts";
import { openKeySource, type KeySource } from "./key-source.ts";
import { createLeases, type LeaseWish } from "./leases.ts";
import { createNamedSecrets, type NewValue, type SecretUse, type VersionUse, type VersionWish } from "./named.ts";
import { isReference } from "./reference.ts";
import { createReferences, vaultUnset } from "./references.ts";
import { createRotation, firstKeyRing, type Resealer, type RotationState } from "./rotation.ts";
import { createReveal, type RevealBy } from "./reveal.ts";
import { createSealer } from "./sealer.ts";
import { sealedPrefix, type Place } from "./sealing.ts";
import { missing } from "./secret.ts";
import { createSharedCredentials } from "./shared.ts";
import { createStatus } from "./status.ts";
import { countStale, findLease, forgetLeases, holdSecret, lockStale, replaceSealed, versionPlace } from "./store.ts";
import { createVaultEngine } from "./vault-engine.ts";
import type { Vault } from "./vault/index.ts";

export { createSecretsPersonKeeper } from "./person-keeper.ts";
export { createSecretsRoutes } from "./routes.ts";
export { importKeys, protectKeys } from "./key-acts.ts";
export type { KeySource } from "./key-source.ts";
export type { Protection } from "./key-wrap.ts";
export type { LeaseWish } from "./leases.ts";
export type { SecretUse } from "./named.ts";
export type { RevealBy } from "./reveal.ts";
export type { ResealBatch, Resealer, RotationState } from "./rotation.ts";
export type { Place } from "./sealing.ts";
export { createVault, type Vault, type VaultPki } from "./vault/index.ts";
export { createVaultSsh, type SshSignIn, type SshSignInWish } from "./vault-ssh.ts";

export interface Secrets {
  /** Seals a value (text as UTF-8) for exactly this place. */
  seal(place: Place, plaintext: string | Buffer): Buffer;
  /** @throws Problem `secrets_sealed_invalid` when it was changed or moved, `secrets_key_unknown` when its key is not in the ring */
  open(place: Place, sealed: Buffer): Buffer;
  /** The first bytes of every value that `seal` makes now; a stored value that begins otherwise is stale. */
  activePrefix(): Buffer;

  /** A page of named secrets, by name, without values. */
  list(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: SecretSummary[]; next?: string }>;
  /** @throws Problem `secrets_secret_missing` */
  show(id: string): Promise<SecretSummary>;
  /** By its name. @throws Problem `secrets_secret_missing` */
  find(name: string): Promise<SecretSummary>;
  /** Those that are to be replaced before then, soonest first. */
  due(before: Date): Promise<SecretSummary[]>;
  /** Newest first. @throws Problem `secrets_secret_missing` */
  versions(id: string): Promise<SecretVersion[]>;
  /** @throws Problem `secrets_name_taken`, `secrets_vault_*` */
  create(secret: NewValue & { name: string }, by: By): Promise<SecretSummary>;
  /** Stores a new version; the newest ten are kept. @throws Problem `secrets_secret_missing`, 412 when `etag` moved, `secrets_vault_*` */
  replace(secret: NewValue & { id: string; etag: string }, by: By): Promise<SecretSummary>;
  /**
   * Stores a version that its users move to one by one, in the caller's transaction, which says who stays with the one before until then.
   * Returns its number. @throws Problem `secrets_secret_missing`, 412 when `after` is not the newest any more, `secrets_one_version`, `secrets_vault_*`
   */
  addVersion(tx: Tx, wish: VersionWish, by: By): Promise<number>;
  /** Destroys the value of an older version for good. @throws Problem `secrets_version_missing`, `secrets_version_current`, `secrets_version_in_use`, 412 when `etag` moved */
  destroy(version: { id: string; version: number; etag: string }, by: By): Promise<SecretVersion[]>;
  /** @throws Problem `secrets_secret_in_use` naming what uses it, `secrets_secret_missing`, 412 when `etag` moved */
  remove(secret: { id: string; etag: string }, by: By): Promise<void>;
  /**
   * For a module that stores the name of a secret, or a reference (`vault:…`): the secret exists and stays until `tx` ends; the reference may
   * be used. @throws Problem `secrets_secret_missing`, `secrets_reference_*`
   */
  mustExist(tx: Tx, name: string): Promise<void>;
  /**
   * The value of a named secret or of a reference, for a part of this process; recorded in the audit trail. `purpose` says what for, e.g.
   * `sign in to r1`. @throws Problem `secrets_secret_missing`, `secrets_version_*`, `secrets_reference_*`, `secrets_vault_*`
   */
  reveal(name: string, by: RevealBy): Promise<SecretValue>;
  /** Registers who must be asked before a secret is removed. */
  addUse(use: SecretUse): void;
  /** Registers who must be asked before an older version is destroyed or forgotten. */
  addVersionUse(use: VersionUse): void;

  /** Hands a secret out for a time. @throws as `reveal` does */
  lease(wish: LeaseWish, by: RevealBy): Promise<{ lease: SecretLease; value: SecretValue }>;
  /** The value again, as long as the lease lasts. @throws Problem `secrets_lease_missing | _ended | _elsewhere` */
  openLease(id: string, by: RevealBy): Promise<SecretValue>;
  /** As long again as it was given for, within its limit. @throws Problem `secrets_lease_missing | _ended`, `secrets_vault_*` */
  renewLease(id: string, by: By): Promise<SecretLease>;
  /** Ends it now. @throws Problem `secrets_lease_missing | _ended`, `secrets_vault_*` */
  revokeLease(id: string, by: By): Promise<void>;
  /** A page, those that end last first. */
  leases(page: { cursor?: string | undefined; limit?: number | undefined }): Promise<{ items: SecretLease[]; next?: string }>;
  /** Forgets leases that ended more than 30 days ago; they stay in the audit trail. Returns how many. */
  sweep(): Promise<number>;

  /** How the engines, the key ring and Vault are. Vault being out of reach is an answer, not an error. */
  status(): Promise<SecretsStatus>;
  /** The client of Vault, for PKI and SSH certificates; undefined when none is set. */
  readonly vault: Vault | undefined;

  /** Registers a sealed column of another module, so that it follows rotations. */
  addResealer(resealer: Resealer): void;
  /** Makes a new key and seals with it from now on; `reseal` brings the rest after. @throws Problem `secrets_key_ring_inline` when the ring comes from settings */
  rotate(by: By): Promise<RotationState>;
  /** Seals again, in batches, what is sealed under older keys; may be stopped and started at any time. Returns the rows it did. */
  reseal(signal?: AbortSignal): Promise<number>;
  /** `reseal` beside everything else; what goes wrong is logged, and the hourly one goes on. */
  resealInBackground(): void;
  /** How far that is. */
  rotation(): Promise<RotationState>;
  /** Revokes the dynamic credentials that this process took and its token for Vault. */
  stop(): Promise<void>;
}

export interface SecretsDeps {
  db: Db;
  audit: Audit;
  keys: KeySource;
  log: Log;
  clock?: Clock;
  /** Where new values go; `builtin` unless told. */
  engine?: EngineName;
  /** Needed for the engine `vault` and for references. */
  vault?: Vault | undefined;
}

const monthMs = 30 * 86_400_000;

/**
 * Reads the key ring, or makes it on the first start. Call after the migrations. Vault is asked nothing, unless it protects the key ring.
 * @throws Problem `secrets_key_ring_missing | _readable | _invalid | _wrong | _locked | _in_the_clear`, each saying the mend
 */
export async function createSecrets(deps: SecretsDeps): Promise<Secrets> {
  const { db, audit, log, vault, clock = systemClock } = deps;
  const source = await openKeySource(deps.keys);
  const sealer = createSealer({ source, ring: await firstKeyRing(db, source), log });
  const [uses, versionUses]: [SecretUse[], VersionUse[]] = [[], []];
  const resealers: Resealer[] = [versionsResealer(db)];
  const rotation = createRotation({ db, audit, clock, source, sealer, resealers });
  const engineOf = createEngines(createBuiltinEngine(sealer), vault && createVaultEngine(vault));
  const engine = engineOf(deps.engine ?? "builtin");
  const named = createNamedSecrets({ db, audit, clock, engine, engineOf, uses, versionUses });
  const handed = createHandingOut({ db, audit, clock, log, vault, engineOf });
  await rotation.remember(sealer.ring, { actor: "system:secrets" });

  return {
    seal: sealer.seal,
    open: sealer.open,
    activePrefix: () => sealedPrefix(sealer.ring.active),
    ...named,
    ...handed,
    addUse: (use) => void uses.push(use),
    addVersionUse: (use) => void versionUses.push(use),
    sweep: () => forgetLeases(db, new Date(clock.now() - monthMs)),
    status: createStatus({ db, clock, engine: engine.name, source, rotation: rotation.state, vault }),
    vault,
    addResealer: (resealer) => void resealers.push(resealer),
    rotate: rotation.rotate,
    reseal: rotation.reseal,
    resealInBackground: () => void rotation.reseal().catch((thrown: unknown) => log.error({ error: thrown }, "sealing again broke off")),
    rotation: rotation.state,
  };
}

function createEngines(builtin: Engine, vault: Engine | undefined): (name: EngineName) => Engine {
  return (name) => {
    if (name === "builtin") return builtin;
    if (vault) return vault;
    throw vaultUnset();
  };
}

type HandingOutDeps = Required<Pick<SecretsDeps, "db" | "audit" | "log" | "clock">> & {
  vault: Vault | undefined;
  engineOf(name: EngineName): Engine;
};

/** Whatever gives a value to a part of this process. */
function createHandingOut(deps: HandingOutDeps) {
  const { db, clock, vault } = deps;
  const references = createReferences(vault);
  const reveal = createReveal({
    ...deps,
    readReference: async (text) => (await references.readKept(text)) ?? shared.valueOf(text),
  });
  const leases = createLeases({ ...deps, reveal, dynamic: references.dynamic });
  const shared = createSharedCredentials({
    ...deps,
    ...leases,
    epoch: () => vault?.epoch() ?? 0,
    async isActive(id) {
      const lease = await findLease(db, id);
      return lease !== undefined && lease.revoked_at === null && lease.expires_at.getTime() > clock.now();
    },
  });
  return {
    reveal,
    async mustExist(tx: Tx, name: string): Promise<void> {
      if (isReference(name)) return references.check(name);
      if (!(await holdSecret(tx, name))) throw missing({ name });
    },
    lease: leases.take,
    openLease: leases.open,
    renewLease: leases.renew,
    revokeLease: leases.revoke,
    leases: leases.list,
    async stop() {
      await shared.stop();
      await vault?.close();
    },
  };
}

function versionsResealer(db: Db): Resealer {
  return {
    table: "secrets.version",
    countStale: (activePrefix) => countStale(db, activePrefix),
    async nextBatch(tx, { activePrefix, limit, reseal }) {
      const rows = await lockStale(tx, activePrefix, limit);
      for (const row of rows) await replaceSealed(tx, { ...row, sealed: reseal(versionPlace(row.secret_id, row.version), row.sealed) });
      return rows.length;
    },
  };
}
