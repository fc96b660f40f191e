/** An import of devices: all rows or none in one transaction; afterwards, where it was asked for, the keys that new devices show are pinned. */
import { isProblem, Problem } from "@holdfast/kit";
import { inTransaction, type Db } from "#platform/db";
import type { Asker } from "#platform/reach";
import { bastionsFirst, readDevices, type ExchangeError, type ReadDevices } from "./exchange.ts";
import type { Inventory } from "./inventory.ts";

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
  inventory: Inventory;
  /** Fingerprint of the host key that a device shows now. */
  shownBy(name: string, asker: Asker): Promise<string>;
}

/** How many devices are asked for their host key at one time. */
const atOnce = 20;

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
  if (wish.trustHostKeys) await trustShown(deps, devices, { report, reason: wish.trustHostKeys.reason, asker });
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

interface TrustParts {
  report: ImportReport;
  reason: string;
  asker: Asker;
}

/** Bastions one after the other, in the order of the way; then the others, which are reached through them. */
async function trustShown(deps: ImportDeps, devices: Row[], parts: TrustParts): Promise<void> {
  const names = devices.map(({ spec }) => spec.name);
  const bastions = new Set(devices.map(({ spec }) => spec.bastion));
  const before = names.filter((name) => bastions.has(name));
  for (const name of before) await trustOne(deps, name, parts);
  const others = names.filter((name) => !bastions.has(name));
  for (let i = 0; i < others.length; i += atOnce) await Promise.all(others.slice(i, i + atOnce).map((name) => trustOne(deps, name, parts)));
}

async function trustOne({ db, inventory, shownBy }: ImportDeps, name: string, { report, reason, asker }: TrustParts): Promise<void> {
  if ((await inventory.row(name, asker, "devices:write")).host_key !== null) return;
  try {
    const fingerprint = await shownBy(name, asker);
    if (await inTransaction(db, (tx) => inventory.pin(tx, { name, fingerprint, reason }, asker))) report.trusted.push(name);
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    report.untrusted.push({ device: name, say: thrown.message });
  }
}
