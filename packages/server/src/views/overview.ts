/** The network in one breath: what the console's first screen answers. Only selects. */
import type { z } from "zod";
import type { overview } from "@holdfast/contract";
import { sql, type RawBuilder } from "kysely";
import type { Db } from "#platform/db";
import { reachOf, reachSql, type Permitted, type Reach } from "#platform/reach";

export type Overview = z.infer<typeof overview>;

interface Counts {
  total: number;
  as_intended: number;
  drifted: number;
  unreachable: number;
  unknown: number;
  running: number;
  awaiting: number;
  attention: number;
  entries: number;
}

/** Only what the asker may see is counted. */
export async function readOverview(db: Db, asker: Permitted): Promise<Overview> {
  const { rows } = await sql<Counts>`
    with rollouts as (select state from rollout.rollout as rollout where state not in ('succeeded', 'reverted') and ${rolloutSeen(asker)})
    select count(*)::int as total,
      (count(*) filter (where running_hash = expected_hash))::int as as_intended,
      (count(*) filter (where running_hash <> expected_hash))::int as drifted,
      (count(*) filter (where reachable = false))::int as unreachable,
      (count(*) filter (where running_hash is null or expected_hash is null))::int as unknown,
      (select count(*)::int from rollouts where state in ('running', 'paused', 'reverting')) as running,
      (select count(*)::int from rollouts where state = 'awaiting_approval') as awaiting,
      (select count(*)::int from rollouts where state = 'needs_attention') as attention,
      (select coalesce(max(seq), 0)::int from audit.entry where ${reachOf(asker, "audit:read") === "everywhere"}) as entries
    from devices.device as device where platform <> 'jump_host' and ${seen(reachOf(asker, "devices:read"), sql`device.id`)}`.execute(db);
  const subject = sql`split_part(finding.subject, ':', 2)`;
  const open = await sql<{ severity: string; n: number }>`
    select severity, count(*)::int as n from findings.finding as finding
    where state in ('open', 'acknowledged') and ${seen(reachOf(asker, "findings:read"), subject)} group by severity`.execute(db);
  const counts = rows[0];
  if (!counts) throw new Error("a count without a group always has one row");
  return {
    say: sayNetwork(counts, reachOf(asker, "devices:read") === "everywhere"),
    devices: {
      total: counts.total,
      asIntended: counts.as_intended,
      drifted: counts.drifted,
      unreachable: counts.unreachable,
      unknown: counts.unknown,
    },
    findings: Object.fromEntries(open.rows.map((row) => [row.severity, row.n])),
    rollouts: { running: counts.running, awaitingApproval: counts.awaiting, needsAttention: counts.attention },
    audit: { entries: counts.entries },
  };
}

/** The asset with this id is in reach. */
function seen(reach: Reach, id: RawBuilder<unknown>): RawBuilder<boolean> {
  if (reach === "everywhere") return sql<boolean>`true`;
  return sql<boolean>`exists (select from assets.asset as asset where asset.id = ${id} and ${reachSql(reach, sql`asset.labels`)})`;
}

function rolloutSeen(asker: Permitted): RawBuilder<boolean> {
  const reach = reachOf(asker, "rollouts:read");
  if (reach === "everywhere") return sql<boolean>`true`;
  const target = seen(reach, sql`target.target_id`);
  return sql<boolean>`exists (select from rollout.target as target where target.rollout_id = rollout.id and ${target})`;
}

function sayNetwork(counts: Counts, all: boolean): string {
  if (counts.total === 0 && !all) return "No devices that you may see.";
  if (counts.total === 0) return "No devices yet; connect a repository or add one.";
  const parts = [
    `${counts.as_intended} of ${counts.total} devices as intended`,
    ...(counts.drifted > 0 ? [`${counts.drifted} drifted`] : []),
    ...(counts.unreachable > 0 ? [`${counts.unreachable} cannot be reached`] : []),
    ...(counts.unknown > 0 ? [`${counts.unknown} not read yet`] : []),
    ...(counts.running > 0 ? [`${counts.running} ${counts.running === 1 ? "rollout" : "rollouts"} in flight`] : []),
    ...(counts.attention > 0 ? [`${counts.attention} ${counts.attention === 1 ? "rollout needs" : "rollouts need"} a person`] : []),
  ];
  return `${parts.join("; ")}.`;
}
