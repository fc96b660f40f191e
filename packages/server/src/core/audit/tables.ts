/** Kysely's view of the schema `audit`. */
import type { AuditSeverity } from "@holdfast/contract";
import type { Generated } from "kysely";

interface EntryColumns {
  at: Date;
  /** With pseudonyms in place of names, as all that follows. */
  actor: string;
  action: string;
  subject: string;
  reason: string | null;
  request_id: string | null;
  canonical: string;
}

export interface EntryTable extends EntryColumns {
  seq: number;
  severity: AuditSeverity;
  /** Made by the database, for searches. */
  words: Generated<string | null>;
  hash: string;
}

export interface PendingTable extends EntryColumns {
  id: Generated<number>;
  severity: Generated<AuditSeverity>;
}

export interface HeadTable {
  only_row: Generated<boolean>;
  seq: number;
  hash: string;
}

export interface PersonTable {
  pseudonym: string;
  name: string;
  key: Buffer;
  created_at: Generated<Date>;
}

export interface SigningKeyTable {
  id: string;
  version: number;
  /** SPKI, PEM. */
  public_key: string;
  sealed: Buffer;
  created_at: Date;
  /** Number of the first checkpoint that it signs. */
  signs_from: number;
}

export interface CheckpointTable {
  no: number;
  seq: number;
  hash: string;
  at: Date;
  key_id: string;
  /** Base64. */
  signature: string;
}

export interface ArchiveTable {
  last_seq: number;
  first_seq: number;
  last_hash: string;
  file: string;
  sha256: string;
  created_at: Generated<Date>;
}

export type AuditTables = {
  "audit.entry": EntryTable;
  "audit.pending": PendingTable;
  "audit.head": HeadTable;
  "audit.person": PersonTable;
  "audit.signing_key": SigningKeyTable;
  "audit.checkpoint": CheckpointTable;
  "audit.archive": ArchiveTable;
};
