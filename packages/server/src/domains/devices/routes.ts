/** Contract routes → use cases. Maps shapes; decides nothing. */
import { contract } from "@holdfast/contract";
import { implement } from "@orpc/server";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "#platform/cursor";
import { inTransaction, type Db } from "#platform/db";
import { askerOf, callerOf, ifMatchOf, type RequestContext } from "#platform/http";
import { entryBy, reachOf } from "#platform/reach";
import type { Audit } from "#core/audit";
import { diffConfigs, maskSecrets } from "./config/index.ts";
import type { Devices } from "./index.ts";
import { deviceView } from "./inventory.ts";
import type { Drift } from "./expectations.ts";
import type { Look } from "./observe.ts";
import { mayReveal, openVersion } from "./reveal.ts";
import { listVersions, versionBefore } from "./store-versions.ts";
import { isConfigured, systemOf, type DeviceRow } from "./store.ts";
import { versionView } from "./versions.ts";

const text = z.string();
const count = z.number().int().min(0);

/** `items` holds one more than the page where there is a next one. */
function pageOf<T, R>(
  items: T[],
  limit: number,
  page: { cursor: (last: T) => unknown; view: (item: T) => R },
): { items: R[]; next?: string } {
  const some = items.slice(0, limit);
  const last = some.at(-1);
  return { items: some.map(page.view), ...(items.length > limit && last !== undefined ? { next: encodeCursor(page.cursor(last)) } : {}) };
}

export function createDeviceRoutes(deps: { devices: Devices; db: Db; audit: Audit }) {
  const { devices } = deps;
  const os = implement(contract.devices).$context<RequestContext>();
  return {
    ...inventoryRoutes(devices),
    running: os.running.handler(async ({ input, context }) => {
      const row = await devices.inventory.row(input.id, callerOf(context));
      const { version, text: running } = await openVersion(devices, row, row.running_version);
      return { version: versionView(version), text: maskSecrets(running, systemOf(row)) };
    }),
    backup: os.backup.handler(async ({ input, context }) => {
      const rows = await devices.inventory.rows({ selector: input.selector, reach: reachOf(callerOf(context), "devices:write") });
      const wanted =
        input.devices === undefined
          ? rows.filter(isConfigured)
          : rows.filter((row) => input.devices?.includes(row.id) || input.devices?.includes(row.name));
      return { items: (await devices.observer.look(wanted, "by hand")).map(backupItem) };
    }),
    versions: os.versions.handler(async ({ input, context }) => {
      const row = await devices.inventory.row(input.id, callerOf(context));
      const rows = await listVersions(deps.db, row.id, { before: decodeCursor(text, input.cursor), limit: input.limit + 1 });
      return pageOf(rows, input.limit, { cursor: (last) => last.id, view: versionView });
    }),
    version: os.version.handler(async ({ input, context }) => {
      const row = await devices.inventory.row(input.id, callerOf(context));
      const { version, text: full } = await openVersion(devices, row, input.version);
      if (input.reveal !== true) return { version: versionView(version), text: maskSecrets(full, systemOf(row)) };
      mayReveal(context, row);
      await inTransaction(deps.db, (tx) =>
        deps.audit.record(tx, {
          ...entryBy(askerOf(context)),
          action: "devices.version.reveal",
          subject: `device:${row.id}`,
          after: { version: version.id },
        }),
      );
      return { version: versionView(version), text: full };
    }),
    versionDiff: os.versionDiff.handler(async ({ input, context }) => {
      const row = await devices.inventory.row(input.id, callerOf(context));
      const after = await openVersion(devices, row, input.version);
      const earlier = input.from ?? (await versionBefore(deps.db, row.id, input.version))?.id;
      const before = earlier === undefined ? "" : (await openVersion(devices, row, earlier)).text;
      const [was, is] = [maskSecrets(before, systemOf(row)), maskSecrets(after.text, systemOf(row))];
      return { diff: diffConfigs(before, after.text, systemOf(row)).lines, before: was, after: is };
    }),
    restore: os.restore.handler(({ input, context }) =>
      devices.planning.restore({ device: input.id, version: input.version }, askerOf(context)),
    ),
    ...driftRoutes(devices),
  };
}

function inventoryRoutes(devices: Devices) {
  const os = implement(contract.devices).$context<RequestContext>();
  const { inventory } = devices;
  return {
    list: os.list.handler(async ({ input: { cursor, limit, ...query }, context }) => {
      const reach = reachOf(callerOf(context), "devices:read");
      const rows = await inventory.rows({ ...query, reach, after: decodeCursor(text, cursor), limit: limit + 1 });
      return pageOf(rows, limit, { cursor: (last) => last.name, view: deviceView });
    }),
    get: os.get.handler(async ({ input, context }) => deviceView(await inventory.row(input.id, callerOf(context)))),
    create: os.create.handler(({ input, context }) => inventory.create(input, askerOf(context))),
    update: os.update.handler(({ input: { id, ...spec }, context }) =>
      inventory.update({ id, etag: ifMatchOf(context), spec }, askerOf(context)),
    ),
    remove: os.remove.handler(({ input, context }) => inventory.remove({ id: input.id, etag: ifMatchOf(context) }, askerOf(context))),
    import: os.import.handler(({ input, context }) => devices.import(input, askerOf(context))),
    export: os.export.handler(async ({ input, context }) => ({ content: await devices.export(input, callerOf(context)) })),
    hostKey: os.hostKey.handler(({ input, context }) => devices.scan(input.id, callerOf(context))),
    trustHostKey: os.trustHostKey.handler(({ input, context }) => devices.trust({ ...input, etag: context.ifMatch }, askerOf(context))),
  };
}

function driftRoutes(devices: Devices) {
  const os = implement(contract.devices).$context<RequestContext>();
  return {
    drift: os.drift.handler(async ({ input, context }) => {
      const reach = reachOf(callerOf(context), "devices:read");
      const rows = await devices.inventory.rows({
        reach,
        drift: "drifted",
        after: decodeCursor(text, input.cursor),
        limit: input.limit + 1,
      });
      const page = pageOf(rows, input.limit, { cursor: (last) => last.name, view: (row) => row });
      const items = await Promise.all(page.items.map(async (row) => ({ row, drift: await devices.observer.driftOf(row) })));
      return { ...page, items: items.flatMap(({ row, drift }) => (drift ? [driftItem(row, drift)] : [])) };
    }),
    checkDrift: os.checkDrift.handler(async ({ input, context }) => {
      const rows = await devices.inventory.rows({ selector: input.selector, reach: reachOf(callerOf(context), "devices:read") });
      const looks = await devices.observer.look(rows.filter(isConfigured), "drift");
      const items = looks.flatMap((look) => (look.read && look.drift ? [driftItem(look.device, look.drift)] : []));
      const unreachable = looks.filter((look) => !look.read && !("held" in look)).length;
      return { checked: looks.length, drifted: items.length, unreachable, items };
    }),
    revertDrift: os.revertDrift.handler(({ input, context }) => devices.planning.undrift(input.id, askerOf(context))),
  };
}

function backupItem(look: Look) {
  const head = { device: look.device.id, deviceName: look.device.name };
  return look.read
    ? { ...head, version: versionView(look.kept.version), changed: look.kept.changed }
    : { ...head, changed: false, problem: look.say };
}

function driftItem(row: DeviceRow, { since, ...drift }: Drift) {
  return { device: row.id, deviceName: row.name, since: since.toISOString(), ...drift, ...(row.site === null ? {} : { site: row.site }) };
}

export function createRepositoryRoutes(devices: Devices) {
  const os = implement(contract.repositories).$context<RequestContext>();
  const { repositories } = devices;
  return {
    list: os.list.handler(async ({ input, context }) => {
      const page = { after: decodeCursor(text, input.cursor), limit: input.limit + 1 };
      const rows = await repositories.list(page, callerOf(context));
      return pageOf(rows, input.limit, { cursor: (last) => last.name, view: (row) => row });
    }),
    get: os.get.handler(({ input, context }) => repositories.get(input.id, callerOf(context))),
    create: os.create.handler(({ input, context }) => repositories.create(input, askerOf(context))),
    update: os.update.handler(({ input: { id, ...spec }, context }) =>
      repositories.update({ id, etag: ifMatchOf(context), spec }, askerOf(context)),
    ),
    remove: os.remove.handler(({ input, context }) => repositories.remove({ id: input.id, etag: ifMatchOf(context) }, askerOf(context))),
    sync: os.sync.handler(({ input, context }) => repositories.sync(input.id, askerOf(context))),
    revisions: os.revisions.handler(async ({ input, context }) => {
      const skip = decodeCursor(count, input.cursor) ?? 0;
      const rows = await repositories.revisions(input.id, { skip, limit: input.limit + 1 }, callerOf(context));
      return pageOf(rows, input.limit, { cursor: () => skip + input.limit, view: (row) => row });
    }),
  };
}

/** `plans.create`: the other plan routes are the rollouts' own. */
export function createPlanningRoute(devices: Devices) {
  const os = implement(contract.plans).$context<RequestContext>();
  return os.create.handler(({ input, context }) => devices.planning.revision(input, askerOf(context)));
}
