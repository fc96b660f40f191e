/** The network in one breath: what the console's first screen answers. Only selects. */
import type { z } from "zod";
import type { overview } from "@holdfast/contract";
import { sql } from "kysely";
import type { Db } from "#platform/db";

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

export async function readOverview(db: Db): Promise<Overview> {
  const { rows } = await sql<Counts>`
    select count(*)::int as total,
      (count(*) filter (where running_hash = expected_hash))::int as as_intended,
      (count(*) filter (where running_hash <> expected_hash))::int as drifted,
      (count(*) filter (where reachable = false))::int as unreachable,
      (count(*) filter (where running_hash is null or expected_hash is null))::int as unknown,
      (select count(*)::int from rollout.rollout where state in ('running', 'paused', 'reverting')) as running,
      (select count(*)::int from rollout.rollout where state = 'awaiting_approval') as awaiting,
      (select count(*)::int from rollout.rollout where state = 'needs_attention') as attention,
      (select coalesce(max(seq), 0)::int from audit.entry) as entries
    from devices.device where platform <> 'jump_host'`.execute(db);
  const open = await sql<{ severity: string; n: number }>`
    select severity, count(*)::int as n from findings.finding where state in ('open', 'acknowledged') group by severity`.execute(db);
  const counts = rows[0];
  if (!counts) throw new Error("a count without a group always has one row");
  const findings = Object.fromEntries(open.rows.map((row) => [row.severity, row.n]));
  return {
    say: sayNetwork(counts),
    devices: {
      total: counts.total,
      asIntended: counts.as_intended,
      drifted: counts.drifted,
      unreachable: counts.unreachable,
      unknown: counts.unknown,
    },
    findings,
    rollouts: { running: counts.running, awaitingApproval: counts.awaiting, needsAttention: counts.attention },
    audit: { entries: counts.entries },
  };
}

function sayNetwork(counts: Counts): string {
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
