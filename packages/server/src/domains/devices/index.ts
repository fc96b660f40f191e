/**
 * Network devices: the inventory, their running configurations as kept versions, repositories of intent, plans, drift, and
 * the carrier by which `core/rollout` changes a configuration. It decides what a device ought to have; it never changes one itself.
 */
import type { Device } from "@holdfast/contract";
import { Problem, systemClock, type Clock } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import type { Git } from "#platform/git";
import type { Log } from "#platform/log";
import type { Audit } from "#core/audit";
import type { Findings } from "#core/findings";
import type { Asker, Carrier, Rollouts } from "#core/rollout";
import type { Secrets } from "#core/secrets";
import { createConfigCarrier } from "./apply.ts";
import type { ConfigPayload } from "./payload.ts";
import { readDevices, writeDevices, type ExchangeError } from "./exchange.ts";
import { createExpectations, type Expectations } from "./expectations.ts";
import { createInventory, specOf, type Inventory } from "./inventory.ts";
import { createObserver, type Observer } from "./observe.ts";
import { createPlanning, type Planning } from "./planning.ts";
import { createDevicePool, scanHostKey, type DevicePoolOptions, type Pool } from "./platforms/index.ts";
import { createRepositories, type Repositories } from "./repositories.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createVersions, type Versions } from "./versions.ts";

export { createDeviceWork, type DeviceWork } from "./jobs.ts";
export { createDeviceRoutes, createPlanningRoute, createRepositoryRoutes } from "./routes.ts";

export interface DeviceReachDeps {
  db: Db;
  log: Log;
  secrets: Secrets;
  findings: Findings;
  clock?: Clock;
  /** How long a device waits for the confirmation of a change before it reverts by itself; 5 min unless told. */
  switchMs?: number;
  /** How long sessions wait for a device; each wait has a default of its own. */
  patience?: DevicePoolOptions["session"];
}

/** What reaches devices; made before the rollouts, which need its carrier. */
export interface DeviceReach {
  carrier: Carrier<ConfigPayload>;
  pool: Pool;
  sessions: Sessions;
  versions: Versions;
  expectations: Expectations;
  close(): Promise<void>;
}

export function createDeviceReach(deps: DeviceReachDeps): DeviceReach {
  const clock = deps.clock ?? systemClock;
  const pool = createDevicePool(deps.patience === undefined ? {} : { session: deps.patience });
  const sessions = createSessions({ db: deps.db, secrets: deps.secrets, pool, clock });
  const versions = createVersions({ db: deps.db, secrets: deps.secrets, clock });
  const expectations = createExpectations({ db: deps.db, clock, versions, findings: deps.findings });
  const carrier = createConfigCarrier({
    db: deps.db,
    sessions,
    expectations,
    clock,
    ...(deps.switchMs === undefined ? {} : { switchMs: deps.switchMs }),
  });
  return { carrier, pool, sessions, versions, expectations, close: () => pool.close() };
}

export interface DevicesDeps extends DeviceReachDeps {
  reach: DeviceReach;
  audit: Audit;
  rollouts: Rollouts;
  git: Git;
}

export interface ImportReport {
  created: string[];
  updated: string[];
  unchanged: string[];
  errors: ExchangeError[];
  dryRun: boolean;
}

export interface Devices {
  inventory: Inventory;
  observer: Observer;
  repositories: Repositories;
  planning: Planning;
  versions: Versions;
  /** All rows, or none when one is wrong. */
  import(wanted: { format: "yaml" | "csv"; content: string; dryRun: boolean }, asker: Asker): Promise<ImportReport>;
  export(wanted: { format: "yaml" | "csv"; selector?: string | undefined }): Promise<string>;
  /** The host key that the device shows now; nothing is pinned. */
  scan(id: string): Promise<{ fingerprint: string; pinned?: string; matches: boolean }>;
  /** Pins a key only when it is the one that the device shows. @throws Problem `devices_host_key_other` */
  trust(which: { id: string; fingerprint: string; reason: string }, asker: Asker): Promise<Device>;
}

export function createDevices(deps: DevicesDeps): Devices {
  const { db, log, audit, secrets, findings, rollouts, git, reach } = deps;
  const clock = deps.clock ?? systemClock;
  const held: Rollouts["held"] = (targets) => rollouts.held(targets);
  const inventory = createInventory({ db, audit, secrets, findings, clock, held });
  const observer = createObserver({ db, log, sessions: reach.sessions, expectations: reach.expectations, findings, held });
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
  const scan = async (id: string): Promise<{ fingerprint: string; pinned?: string; matches: boolean }> => {
    const row = await inventory.row(id);
    const fingerprint = await scanHostKey(await reach.sessions.endpoint(row));
    return { fingerprint, matches: row.host_key === fingerprint, ...(row.host_key === null ? {} : { pinned: row.host_key }) };
  };
  return {
    inventory,
    observer,
    repositories,
    planning,
    versions: reach.versions,
    scan,
    import: (wanted, asker) => importDevices({ db, inventory }, wanted, asker),
    async export({ format, selector }) {
      return writeDevices(format, (await inventory.rows({ selector })).map(specOf));
    },
    async trust(which, asker) {
      const { fingerprint } = await scan(which.id);
      if (fingerprint === which.fingerprint) return inventory.trust(which, asker);
      throw new Problem("devices_host_key_other", {
        kind: "conflict",
        say: `The device shows ${fingerprint}, not the key that you compared; nothing was pinned.`,
      });
    },
  };
}

async function importDevices(
  deps: { db: Db; inventory: Inventory },
  wanted: { format: "yaml" | "csv"; content: string; dryRun: boolean },
  asker: Asker,
): Promise<ImportReport> {
  const read = readDevices(wanted.format, wanted.content);
  const report: ImportReport = { created: [], updated: [], unchanged: [], errors: read.errors, dryRun: wanted.dryRun };
  try {
    await inTransaction(deps.db, async (tx) => {
      for (const { spec, at } of read.devices) await importOne(() => deps.inventory.put(tx, spec, asker), { name: spec.name, at, report });
      if (wanted.dryRun || report.errors.length > 0) throw new NothingKept();
    });
  } catch (thrown) {
    if (!(thrown instanceof NothingKept)) throw thrown;
  }
  return report.errors.length > 0 && !wanted.dryRun ? { ...report, created: [], updated: [], unchanged: [] } : report;
}

/** Takes an import's transaction back without being a failure of it. */
class NothingKept extends Error {}

async function importOne(
  put: () => Promise<"created" | "updated" | "unchanged">,
  row: { name: string; at: string; report: ImportReport },
): Promise<void> {
  try {
    row.report[await put()].push(row.name);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.kind === "unavailable") throw thrown;
    row.report.errors.push({ at: row.at, say: thrown.message });
  }
}
