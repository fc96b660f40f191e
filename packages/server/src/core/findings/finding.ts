/** A finding: what a source says of it, how it is told from others, how the API shows it. */
import { createHash } from "node:crypto";
import type { Finding, Severity } from "@holdfast/contract";
import { redact, type Labels } from "@holdfast/kit";
import type { Insertable, Selectable } from "kysely";
import type { FindingTable } from "./tables.ts";

export type FindingRow = Selectable<FindingTable>;

/** What makes two findings one. */
export interface FindingIdentity {
  /** Who says so, e.g. `devices.drift`. */
  source: string;
  /** What it is, e.g. `drift`. */
  kind: string;
  /** What it is about, `<kind>:<id>`. */
  subject: string;
  /** Tells several of one kind on one subject apart, e.g. a neighbour's address. */
  key?: string | undefined;
}

/** What a source says. Evidence is JSON; values under secret-looking keys are hidden, and more than 256 KiB is left out. */
export interface FindingInput extends FindingIdentity {
  severity: Severity;
  /** One line. */
  title: string;
  detail: string;
  subjectName: string;
  labels?: Labels | undefined;
  evidence?: Record<string, unknown> | undefined;
}

/** What an observation of one source says; the source is told once for all. */
export type Hold = Omit<FindingInput, "source">;

const longestEvidence = 256 * 1024;

/** SHA-256 in hex of source, kind, subject and key. */
export function fingerprintOf({ source, kind, subject, key }: FindingIdentity): string {
  return createHash("sha256")
    .update(JSON.stringify([source, kind, subject, key ?? null]))
    .digest("hex");
}

/** The columns that a source decides. */
export type Content = Pick<
  Insertable<FindingTable>,
  "kind" | "severity" | "title" | "detail" | "subject" | "subject_name" | "labels" | "evidence"
>;

export function contentOf(hold: Hold): Content {
  return {
    kind: plain(hold.kind),
    severity: hold.severity,
    title: plain(hold.title),
    detail: plain(hold.detail),
    subject: plain(hold.subject),
    subject_name: plain(hold.subjectName),
    labels: jsonText(hold.labels ?? {}),
    evidence: evidenceText(hold.evidence ?? {}),
  };
}

/** Whether the source says something else than what is kept. */
export function saysAnew(row: FindingRow, content: Content): boolean {
  const kept = { ...row, labels: sortedText(row.labels), evidence: sortedText(row.evidence) };
  const said = { ...content, labels: sortedText(JSON.parse(content.labels)), evidence: sortedText(JSON.parse(content.evidence)) };
  return Object.entries(said).some(([column, value]) => kept[column as keyof typeof said] !== value);
}

export function findingOf(row: FindingRow): Finding {
  return {
    id: row.id,
    fingerprint: row.fingerprint,
    source: row.source,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    title: row.title,
    detail: row.detail,
    subject: row.subject,
    subjectName: row.subject_name,
    labels: row.labels,
    evidence: row.evidence,
    occurrences: row.occurrences,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    ...(row.resolved_at && { resolvedAt: row.resolved_at.toISOString() }),
    ...(row.suppressed_until && { suppressedUntil: row.suppressed_until.toISOString() }),
    ...(row.note !== null && { note: row.note }),
    ...(row.acknowledged_by !== null && { acknowledgedBy: row.acknowledged_by }),
  };
}

/** Text that PostgreSQL can hold: devices send all sorts. */
export function plain(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "string" ? plain(item) : item));
}

/** Evidence as it is kept: secrets hidden, too long left out. */
export function evidenceText(evidence: Record<string, unknown>): string {
  const text = jsonText(redact(evidence));
  return text.length <= longestEvidence ? text : JSON.stringify({ omitted: `${text.length} characters` });
}

/** jsonb keeps no order of keys. */
function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
