/** Kysely's view of the schema `pki`. */
import type { CertificateKind, CertificateUsage, RevocationReason } from "@holdfast/contract";

export type AuthorityRole = "root" | "intermediate" | "ssh";

export interface AuthorityTable {
  id: string;
  role: AuthorityRole;
  name: string;
  parent_id: string | null;
  trust_domain: string;
  origin: "made" | "imported";
  certificate: Buffer | null;
  public_key: Buffer;
  sealed_key: Buffer | null;
  issuing: boolean;
  not_before: Date;
  not_after: Date | null;
  created_at: Date;
  retired_at: Date | null;
  crl: Buffer | null;
  crl_number: number;
  crl_this_update: Date | null;
  crl_next_update: Date | null;
}

export interface CertificateTable {
  id: string;
  authority_id: string;
  serial: string;
  kind: CertificateKind;
  name: string;
  spiffe_id: string | null;
  dns_names: string[];
  addresses: string[];
  usages: CertificateUsage[];
  der: Buffer;
  fingerprint: string;
  automatic: boolean;
  issued_by: string;
  not_before: Date;
  not_after: Date;
  created_at: Date;
  revoked_at: Date | null;
  reason: RevocationReason | null;
}

export type PkiTables = {
  "pki.authority": AuthorityTable;
  "pki.certificate": CertificateTable;
};
