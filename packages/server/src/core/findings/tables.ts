/** Kysely's view of the schema `findings`. */
import type { Finding, Severity } from "@holdfast/contract";
import type { Labels } from "@holdfast/kit";
import type { ColumnType, Generated } from "kysely";

/** A jsonb column: read as a value, written as text. */
type Json<T> = ColumnType<T, string, string>;

export interface FindingTable {
  id: string;
  seq: Generated<number>;
  fingerprint: string;
  source: string;
  scope: string | null;
  kind: string;
  severity: Severity;
  state: Finding["state"];
  title: string;
  detail: string;
  subject: string;
  subject_name: string;
  labels: Json<Labels>;
  evidence: Json<Record<string, unknown>>;
  occurrences: number;
  first_seen_at: Date;
  last_seen_at: Date;
  resolved_at: Date | null;
  suppressed_until: Date | null;
  note: string | null;
  acknowledged_by: string | null;
}

export type FindingsTables = {
  "findings.finding": FindingTable;
};
