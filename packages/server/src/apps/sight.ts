/**
 * What of each event somebody may see, by the labels that things have when the event reaches them: what is out of reach is not told of,
 * and what leaves somebody's reach is told to them as removed.
 */
import type { LiveEvent, Permission } from "@holdfast/contract";
import type { Labels } from "@holdfast/kit";
import { reached } from "#core/assets";
import type { Findings } from "#core/findings";
import type { Rollouts } from "#core/rollout";
import type { Db } from "#platform/db";
import { maySee, type OpenSight } from "#platform/live";
import { can, reachOf, type Access, type Permitted, type Reach } from "#platform/reach";

interface SightDeps {
  db: Db;
  findings: Pick<Findings, "extent">;
  rollouts: Pick<Rollouts, "extent">;
}

/** How much of a thing is in reach. */
type Extent = "none" | "some" | "all";

interface Kind {
  permission: Permission;
  extent(subject: string, reach: Reach): Promise<Extent>;
}

/** What changes the labels of something. */
const relabels = /^devices\.device\.(added|changed|removed)$/;

export function createSight({ db, findings, rollouts }: SightDeps): OpenSight {
  const kinds: Record<string, Kind> = {
    device: {
      permission: "devices:read",
      extent: async (subject, reach) => ((await reached(db, reach, [idOf(subject)])).size > 0 ? "all" : "none"),
    },
    finding: { permission: "findings:read", extent: (subject, reach) => findings.extent(idOf(subject), reach) },
    plan: { permission: "plans:read", extent: (subject, reach) => rollouts.extent({ plan: idOf(subject) }, reach) },
    rollout: { permission: "rollouts:read", extent: (subject, reach) => rollouts.extent({ rollout: idOf(subject) }, reach) },
    // A repository has no labels of its own.
    repository: { permission: "repositories:read", extent: async () => "none" },
  };

  return () => {
    const extents = createMemory();
    return async (event, caller) => {
      const kind = kindOf(kinds, event.subject);
      if (kind === undefined) return maySee(event, caller) ? event : undefined;
      const reach = reachOf(caller, kind.permission);
      if (reach === "everywhere") return event;
      if (reach.length === 0) return undefined;
      if (relabels.test(event.type)) extents.forget();
      const extent = await extents.of(event.subject, caller, () => kind.extent(event.subject, reach));
      if (extent === "none") return leaving(event, caller);
      const target = event.payload["target"];
      if (extent === "some" && typeof target === "string") return (await reached(db, reach, [target])).size > 0 ? event : undefined;
      return narrowed(event, extent);
    };
  };
}

/** What was asked of things a moment ago; it counts until labels or the caller's access change. */
function createMemory() {
  const known = new Map<string, Extent>();
  let access: Access | "unlimited" | undefined;
  return {
    forget: () => known.clear(),
    async of(subject: string, caller: Permitted, ask: () => Promise<Extent>): Promise<Extent> {
      if (caller.access !== access || known.size > 1000) known.clear();
      ({ access } = caller);
      const extent = known.get(subject) ?? (await ask());
      known.set(subject, extent);
      return extent;
    },
  };
}

/** Of what is not seen any more, that it is gone; the rest is told to nobody. */
function leaving(event: LiveEvent, caller: Permitted): LiveEvent | undefined {
  const { was } = event.payload;
  if (event.type !== "devices.device.changed" || was === undefined || !can(caller, "devices:read", was as Labels)) return undefined;
  return { ...event, type: "devices.device.removed", payload: {} };
}

/**
 * Without the labels that a thing had before, and without sentences about a whole rollout, which may name a partner in another one; of
 * something that is seen in part, only where it stands.
 */
function narrowed(event: LiveEvent, extent: Extent): LiveEvent {
  const { was: _was, ...rest } = event.payload;
  const { say: _say, ...silent } = rest;
  const payload = event.type.startsWith("rollout.rollout.") ? silent : rest;
  if (extent === "all") return { ...event, payload };
  const { state, title } = payload;
  return { ...event, payload: { ...(state === undefined ? {} : { state }), ...(title === undefined ? {} : { title }) } };
}

function kindOf(kinds: Record<string, Kind>, subject: string): Kind | undefined {
  const name = subject.split(":")[0] ?? "";
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

function idOf(subject: string): string {
  return subject.slice(subject.indexOf(":") + 1);
}
