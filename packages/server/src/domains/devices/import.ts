/** An import of devices: all rows or none in one transaction; afterwards, where it was asked for, the keys that new devices show are pinned. */
import { Problem } from "@holdfast/kit";
import type { Audit } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import { entryBy, type Asker } from "#platform/reach";
import { bastionsFirst, readDevices, type ExchangeError, type ReadDevices } from "./exchange.ts";
import type { Inventory } from "./inventory.ts";
import { trustShown } from "./trust-shown.ts";

export interface ImportWish {
  format: "yaml" | "csv";
  content: string;
  dryRun: boolean;
  /** Whatever host key a device shows that has none pinned is pinned, for this reason. Nobody compared it. */
  trustHostKeys?: { reason: string } | undefined;
}

export interface ImportReport {
  created: string[];
  updated: string[];
  unchanged: string[];
  /** Devices whose host key was pinned. */
  trusted: string[];
  /** Devices whose host key was to be pinned as shown, and could not be read. */
  untrusted: { device: string; say: string }[];
  errors: ExchangeError[];
  dryRun: boolean;
}

interface ImportDeps {
  db: Db;
  audit: Pick<Audit, "record">;
  inventory: Inventory;
  /** Fingerprint of the host key that a device shows now. */
  shownBy(name: string, asker: Asker, signal: AbortSignal): Promise<string>;
}

export async function importDevices(deps: ImportDeps, wish: ImportWish, asker: Asker): Promise<ImportReport> {
  const read = readDevices(wish.format, wish.content);
  const devices = bastionsFirst(read.devices);
  const report: ImportReport = {
    created: [],
    updated: [],
    unchanged: [],
    trusted: [],
    untrusted: [],
    errors: read.errors,
    dryRun: wish.dryRun,
  };
  try {
    await inTransaction(deps.db, async (tx) => {
      for (const device of devices) await importOne(device, report, (spec) => deps.inventory.put(tx, spec, asker));
      // Only once all are there: a row that failed to be added has said so already.
      if (report.errors.length === 0)
        for (const device of devices)
          await pinGiven(device, report, (name, fingerprint) =>
            deps.inventory.pin(tx, { name, fingerprint, reason: "given in an import" }, asker),
          );
      if (wish.dryRun || report.errors.length > 0) throw new NothingKept();
    });
  } catch (thrown) {
    if (!(thrown instanceof NothingKept)) throw thrown;
    return wish.dryRun ? report : { ...report, created: [], updated: [], unchanged: [], trusted: [] };
  }
  if (wish.trustHostKeys) await trustAll(deps, devices, { report, reason: wish.trustHostKeys.reason, asker });
  return report;
}

/** Takes an import's transaction back without being a failure of it. */
class NothingKept extends Error {}

type Row = ReadDevices["devices"][number];

async function importOne({ spec, at }: Row, report: ImportReport, put: (spec: Row["spec"]) => ReturnType<Inventory["put"]>): Promise<void> {
  try {
    report[await put(spec)].push(spec.name);
  } catch (thrown) {
    report.errors.push({ at, say: refusalOf(thrown) });
  }
}

async function pinGiven(
  { spec, hostKey, at }: Row,
  report: ImportReport,
  pin: (name: string, fingerprint: string) => Promise<boolean>,
): Promise<void> {
  if (hostKey === undefined) return;
  try {
    if (await pin(spec.name, hostKey)) report.trusted.push(spec.name);
  } catch (thrown) {
    report.errors.push({ at, say: refusalOf(thrown) });
  }
}

/** What a problem says; everything else goes up. */
function refusalOf(thrown: unknown): string {
  if (!(thrown instanceof Problem) || thrown.kind === "unavailable") throw thrown;
  return thrown.message;
}

/** Keys that nobody compared: one entry says so of all of them. */
async function trustAll(deps: ImportDeps, devices: Row[], { report, reason, asker }: TrustParts): Promise<void> {
  const { db, audit, inventory, shownBy } = deps;
  const shown: string[] = [];
  await trustShown(
    devices.map(({ spec: { name, bastion } }) => ({ name, bastion })),
    {
      failed: (device, say) => void report.untrusted.push({ device, say }),
      async trust(name, signal) {
        if ((await inventory.row(name, asker, "devices:write")).host_key !== null) return;
        const fingerprint = await shownBy(name, asker, signal);
        // Who was told that it showed nothing is not to find it pinned.
        if (signal.aborted) return;
        if (await inTransaction(db, (tx) => inventory.pin(tx, { name, fingerprint, reason }, asker))) shown.push(name);
      },
    },
  );
  report.trusted.push(...shown);
  const after = { devices: shown, untrusted: report.untrusted.length };
  const facts = { action: "devices.host_keys.trust", subject: "devices:import", after, reason };
  if (shown.length > 0) await inTransaction(db, (tx) => audit.record(tx, { ...entryBy(asker), ...facts }));
}

interface TrustParts {
  report: ImportReport;
  reason: string;
  asker: Asker;
}
