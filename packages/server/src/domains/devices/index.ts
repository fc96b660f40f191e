/**
 * Network devices: the inventory, their running configurations as kept versions, repositories of intent, plans, drift, and
 * the carrier by which `core/rollout` changes a configuration. It decides what a device ought to have; it never changes one itself.
 */
import type { Device } from "@holdfast/contract";
import { Problem, systemClock, type Clock } from "@holdfast/kit";
import type { Db } from "#platform/db";
import type { Git } from "#platform/git";
import type { Log } from "#platform/log";
import type { Audit } from "#core/audit";
import type { Findings } from "#core/findings";
import { reachOf, type Asker, type Permitted } from "#platform/reach";
import type { Carrier, Rollouts } from "#core/rollout";
import type { Pki } from "#core/pki";
import type { Secrets } from "#core/secrets";
import { createConfigCarrier } from "./apply.ts";
import { createCredentialCarrier } from "./credential-carrier.ts";
import type { CredentialPayload } from "./credential-payload.ts";
import { createCredentialRotations, type CredentialRotations } from "./credential-rotation.ts";
import type { ConfigPayload } from "./payload.ts";
import { writeDevices } from "./exchange.ts";
import { createExpectations, type Expectations } from "./expectations.ts";
import { importDevices, type ImportReport, type ImportWish } from "./import.ts";
import { createInventory, specOf, type Inventory } from "./inventory.ts";
import type { Exchanged } from "./intent-inventory.ts";
import { createObserver, type Observer } from "./observe.ts";
import { createPlanning, type Planning } from "./planning.ts";
import { createDevicePool, scanHostKey, type DevicePoolOptions, type Pool } from "./platforms/index.ts";
import { createRepositories, type Repositories } from "./repositories.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { DeviceRow } from "./store.ts";
import { createVersions, type Versions } from "./versions.ts";

export { createDeviceWork, type DeviceWork } from "./jobs.ts";
export { createDevicesPersonKeeper } from "./person-keeper.ts";
export { createCredentialRoutes } from "./routes-credentials.ts";
export { createDeviceRoutes, createPlanningRoute, createRepositoryRoutes } from "./routes.ts";

export interface DeviceReachDeps {
  db: Db;
  log: Log;
  secrets: Secrets;
  /** Signs the certificates of credentials of the kind `ssh_ca`. */
  ssh: Pki["ssh"];
  findings: Findings;
  clock?: Clock;
  /** How long a device waits for the confirmation of a change before it reverts by itself; 5 min unless told. */
  switchMs?: number;
  /** How long sessions wait for a device; each wait has a default of its own. */
  patience?: DevicePoolOptions["session"];
}

/** What reaches devices; made before the rollouts, which need its carriers. */
export interface DeviceReach {
  carrier: Carrier<ConfigPayload>;
  credentialCarrier: Carrier<CredentialPayload>;
  pool: Pool;
  sessions: Sessions;
  versions: Versions;
  expectations: Expectations;
  close(): Promise<void>;
}

export function createDeviceReach(deps: DeviceReachDeps): DeviceReach {
  const clock = deps.clock ?? systemClock;
  const pool = createDevicePool(deps.patience === undefined ? {} : { session: deps.patience });
  const sessions = createSessions({ db: deps.db, secrets: deps.secrets, ssh: deps.ssh, pool, clock });
  const versions = createVersions({ db: deps.db, secrets: deps.secrets, clock });
  const expectations = createExpectations({ db: deps.db, clock, versions, findings: deps.findings });
  const carrying = { db: deps.db, sessions, expectations, clock, ...(deps.switchMs === undefined ? {} : { switchMs: deps.switchMs }) };
  const carrier = createConfigCarrier(carrying);
  const credentialCarrier = createCredentialCarrier({ ...carrying, secrets: deps.secrets, versions });
  return { carrier, credentialCarrier, pool, sessions, versions, expectations, close: () => pool.close() };
}

export interface DevicesDeps extends Omit<DeviceReachDeps, "ssh"> {
  reach: DeviceReach;
  audit: Audit;
  rollouts: Rollouts;
  git: Git;
}

export interface Devices {
  inventory: Inventory;
  observer: Observer;
  repositories: Repositories;
  planning: Planning;
  versions: Versions;
  /** What devices are signed in to with, and its exchange. */
  credentials: CredentialRotations;
  /** All rows, or none when one is wrong. */
  import(wanted: ImportWish, asker: Asker): Promise<ImportReport>;
  export(wanted: { format: "yaml" | "csv"; selector?: string | undefined }, asker: Permitted): Promise<string>;
  /** The host key that the device shows now; nothing is pinned. */
  scan(id: string, asker: Permitted): Promise<{ fingerprint: string; pinned?: string; matches: boolean }>;
  /** Pins a key only when it is the one that the device shows. @throws Problem `devices_host_key_other` */
  trust(which: { id: string; etag?: string | undefined; fingerprint: string; reason: string }, asker: Asker): Promise<Device>;
}

export function createDevices(deps: DevicesDeps): Devices {
  const { db, log, audit, secrets, findings, rollouts, git, reach } = deps;
  const clock = deps.clock ?? systemClock;
  const held: Rollouts["held"] = (targets, tx) => rollouts.held(targets, tx);
  const inventory = createInventory({ db, audit, secrets, findings, clock, held });
  const observer = createObserver({ db, log, sessions: reach.sessions, expectations: reach.expectations, findings, clock, held });
  const repositories = createRepositories({ db, log, clock, audit, secrets, findings, git, inventory });
  const planning = createPlanning({
    db,
    inventory,
    observer,
    repositories,
    rollouts,
    versions: reach.versions,
    expectations: reach.expectations,
  });
  const scan = async (id: string, asker: Permitted, signal?: AbortSignal): ReturnType<Devices["scan"]> => {
    const row = await inventory.row(id, asker);
    const fingerprint = await scanHostKey(await reach.sessions.endpoint(row), signal ? { signal } : {});
    return { fingerprint, matches: row.host_key === fingerprint, ...(row.host_key === null ? {} : { pinned: row.host_key }) };
  };
  return {
    inventory,
    observer,
    repositories,
    planning,
    versions: reach.versions,
    credentials: createCredentialRotations({ db, audit, clock, secrets, rollouts, inventory }),
    scan: (id, asker) => scan(id, asker),
    import(wanted, asker) {
      const shownBy = async (id: string, by: Asker, signal: AbortSignal): Promise<string> => (await scan(id, by, signal)).fingerprint;
      return importDevices({ db, audit, inventory, shownBy }, wanted, asker);
    },
    async export({ format, selector }, asker) {
      return writeDevices(format, (await inventory.rows({ selector, reach: reachOf(asker, "devices:read") })).map(exchanged));
    },
    async trust(which, asker) {
      await inventory.row(which.id, asker, "devices:write");
      const { fingerprint } = await scan(which.id, asker);
      if (fingerprint === which.fingerprint) return inventory.trust(which, asker);
      throw new Problem("devices_host_key_other", {
        kind: "conflict",
        say: `The device shows ${fingerprint}, not the key that you compared; nothing was pinned.`,
      });
    },
  };
}

function exchanged(row: DeviceRow): Exchanged {
  return row.host_key === null ? specOf(row) : { ...specOf(row), hostKey: row.host_key };
}
