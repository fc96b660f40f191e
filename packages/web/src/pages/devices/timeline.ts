/** Everything that happened to a device in one order. Pure. */
import type { AuditEntry, ConfigVersion, Finding } from "@holdfast/contract";
import { dayHere } from "../../parts/format.ts";

export type Moment =
  | { at: string; kind: "version"; version: ConfigVersion }
  | { at: string; kind: "finding"; finding: Finding; opened: boolean }
  | { at: string; kind: "audit"; entry: AuditEntry };

interface Sources {
  versions: ConfigVersion[];
  findings: Finding[];
  entries: AuditEntry[];
}

/** Newest first. A finding is there twice: when it was opened, and when it was resolved. */
export function momentsOf({ versions, findings, entries }: Sources): Moment[] {
  const moments: Moment[] = [
    ...versions.map((version): Moment => ({ at: version.at, kind: "version", version })),
    ...findings.map((finding): Moment => ({ at: finding.firstSeenAt, kind: "finding", finding, opened: true })),
    ...findings.flatMap((finding): Moment[] =>
      finding.resolvedAt === undefined ? [] : [{ at: finding.resolvedAt, kind: "finding", finding, opened: false }],
    ),
    ...entries.map((entry): Moment => ({ at: entry.at, kind: "audit", entry })),
  ];
  return moments.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** Moments of the same day together; the day as `YYYY-MM-DD`, as it is here. */
export function byDay(moments: Moment[]): [day: string, moments: Moment[]][] {
  return [...Map.groupBy(moments, (moment) => dayHere(moment.at))];
}
