/** The life of a finding: opened, seen again, gone. Each step tells an event in the same transaction. */
import { newId, type Clock } from "@holdfast/kit";
import type { Tx } from "#platform/db";
import { publish } from "#platform/events";
import { contentOf, type FindingRow, type Hold } from "./finding.ts";
import * as store from "./store.ts";

/** One saying of a source. */
interface Sighting {
  fingerprint: string;
  source: string;
  scope: string | null;
  hold: Hold;
}

export type Episodes = ReturnType<typeof createEpisodes>;

export function createEpisodes({ clock }: { clock: Clock }) {
  /** Begins an episode; quietly, when the one before was suppressed until later. Undefined when there is one already. */
  async function open(tx: Tx, { fingerprint, source, scope, hold }: Sighting): Promise<FindingRow | undefined> {
    const nowMs = clock.now();
    const now = new Date(nowMs);
    const before = await store.lastEpisode(tx, fingerprint);
    const quiet = before?.suppressed_until && before.suppressed_until > now ? before : undefined;
    const row = await store.insertFinding(tx, {
      id: newId<"finding">("fnd", nowMs),
      fingerprint,
      source,
      scope,
      ...contentOf(hold),
      state: quiet ? "suppressed" : "open",
      occurrences: 1,
      first_seen_at: now,
      last_seen_at: now,
      resolved_at: null,
      suppressed_until: quiet?.suppressed_until ?? null,
      note: quiet?.note ?? null,
      acknowledged_by: null,
    });
    if (row && !quiet) await tell(tx, row, "opened");
    return row;
  }

  async function seen(tx: Tx, there: FindingRow, { scope, hold }: Sighting, more: number): Promise<FindingRow> {
    const awake = isDue(there) ? ({ state: "open", suppressed_until: null } as const) : {};
    const counted = { scope, occurrences: there.occurrences + more, last_seen_at: new Date(clock.now()) };
    const row = await store.updateFinding(tx, there.id, { ...contentOf(hold), ...counted, ...awake });
    if (isDue(there)) await tell(tx, row, "opened");
    else if (row.severity !== there.severity && row.state !== "suppressed") await tell(tx, row, "changed");
    return row;
  }

  /** What held is gone. `suppressed_until` stays, so that what comes back before that time comes back quietly. */
  async function resolve(tx: Tx, finding: FindingRow): Promise<FindingRow> {
    const row = await store.updateFinding(tx, finding.id, { state: "resolved", resolved_at: new Date(clock.now()) });
    await tell(tx, row, "resolved");
    return row;
  }

  /** Opens what was suppressed until now. Returns how many. */
  async function wake(tx: Tx): Promise<number> {
    const overdue = await store.lockOverdue(tx, new Date(clock.now()));
    for (const { id } of overdue) await tell(tx, await store.updateFinding(tx, id, { state: "open", suppressed_until: null }), "opened");
    return overdue.length;
  }

  function isDue(finding: FindingRow): boolean {
    return finding.state === "suppressed" && (finding.suppressed_until?.getTime() ?? 0) <= clock.now();
  }

  return { open, seen, resolve, wake, isDue };
}

/** Events are for whoever may see what the finding is about, and short: no detail, no evidence. */
export async function tell(
  tx: Tx,
  row: FindingRow,
  what: "opened" | "changed" | "resolved" | "acknowledged" | "suppressed",
): Promise<void> {
  const { source, kind, severity, title, subject, subject_name: subjectName } = row;
  await publish(tx, {
    type: `findings.finding.${what}`,
    subject: `finding:${row.id}`,
    payload: { source, kind, severity, title, subject, subjectName },
  });
}
