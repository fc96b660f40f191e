/** Kysely's view of the schema `audit`. */
import type { Generated } from "kysely";

interface EntryColumns {
  at: Date;
  actor: string;
  action: string;
  subject: string;
  reason: string | null;
  request_id: string | null;
  canonical: string;
}

export interface EntryTable extends EntryColumns {
  seq: number;
  hash: string;
}

export interface PendingTable extends EntryColumns {
  id: Generated<number>;
}

export interface HeadTable {
  only_row: Generated<boolean>;
  seq: number;
  hash: string;
}

export type AuditTables = {
  "audit.entry": EntryTable;
  "audit.pending": PendingTable;
  "audit.head": HeadTable;
};
