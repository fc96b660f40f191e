/** Rows as the API shows them. */
import { createHash } from "node:crypto";
import type { Authority, CertificateSummary } from "@holdfast/contract";
import { sshPublicLine } from "./ssh-certificate.ts";
import type { AuthorityTable, CertificateTable } from "./tables.ts";
import { pemOf } from "./x509.ts";

export function authorityView(row: AuthorityTable): Authority {
  const ssh = row.role === "ssh" ? sshPublicLine(row.public_key) : undefined;
  return {
    id: row.id,
    role: row.role,
    name: row.name,
    origin: row.origin,
    issuing: row.issuing,
    keyHere: row.sealed_key !== null,
    fingerprint: ssh?.fingerprint ?? sha256(row.certificate ?? Buffer.of()),
    ...(ssh ? { publicKey: `${ssh.line} ${row.id}` } : {}),
    ...(row.certificate ? { certificate: pemOf("CERTIFICATE", row.certificate) } : {}),
    notBefore: row.not_before.toISOString(),
    ...(row.not_after ? { notAfter: row.not_after.toISOString() } : {}),
    ...(row.crl_next_update ? { crlNextUpdate: row.crl_next_update.toISOString() } : {}),
  };
}

export function summaryOf(row: CertificateTable, nowMs: number): CertificateSummary {
  return {
    id: row.id,
    serial: row.serial,
    kind: row.kind,
    name: row.name,
    ...(row.spiffe_id === null ? {} : { spiffeId: row.spiffe_id }),
    dnsNames: row.dns_names,
    addresses: row.addresses,
    usages: row.usages,
    fingerprint: row.fingerprint,
    state: row.revoked_at ? "revoked" : row.not_after.getTime() < nowMs ? "expired" : "valid",
    automatic: row.automatic,
    issuedBy: row.issued_by,
    notBefore: row.not_before.toISOString(),
    notAfter: row.not_after.toISOString(),
    ...(row.revoked_at ? { revokedAt: row.revoked_at.toISOString() } : {}),
    ...(row.reason ? { reason: row.reason } : {}),
  };
}

/** What the audit trail says of a certificate. */
export function told({ serial, kind, name, spiffe_id, dns_names, addresses, usages, not_after, fingerprint }: CertificateTable) {
  const names = { spiffeId: spiffe_id, dnsNames: dns_names, addresses };
  return { serial, kind, name, ...names, usages, notAfter: not_after.toISOString(), fingerprint };
}

export function sha256(der: Buffer): string {
  return createHash("sha256").update(der).digest("hex");
}
