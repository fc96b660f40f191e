/** How a certificate comes to be: the wish is judged, signed, kept and recorded, all in one transaction. */
import type { CertificateKind, CertificateUsage } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import type { Tx } from "#platform/db";
import { issuerOf } from "./crl.ts";
import { dayMs, earlyMs, type Parts } from "./deps.ts";
import { makeLeaf } from "./make.ts";
import { notReady } from "./problems.ts";
import { profiles } from "./profiles.ts";
import { checkAddresses, checkDnsNames, keyOfRequest, spiffeIdFor, usagesFor } from "./request.ts";
import * as store from "./store.ts";
import type { AuthorityTable, CertificateTable } from "./tables.ts";
import { sha256, told } from "./view.ts";
import { checkSubjectKey, newSerial, plainSerial, X509Certificate } from "./x509.ts";

/** What a certificate is asked for. Without a request its key is made here, and not kept. */
export interface CertificateWish {
  kind: CertificateKind;
  name: string;
  csr?: string | undefined;
  dnsNames?: string[] | undefined;
  addresses?: string[] | undefined;
  usages?: CertificateUsage[] | undefined;
  days?: number | undefined;
}

/** For a part of this process that holds its own key and renews by itself. */
export interface OwnWish extends CertificateWish {
  publicKey: Buffer;
  /** Milliseconds; the profile's days unless told. */
  termMs?: number | undefined;
}

type Draft = Pick<CertificateTable, "kind" | "name" | "spiffe_id" | "dns_names" | "addresses" | "usages" | "automatic"> & {
  publicKey: Buffer;
  termMs: number;
};

export function createIssuing(parts: Parts) {
  const { audit, clock } = parts;

  async function draftOf(tx: Tx, wish: CertificateWish, publicKey: Buffer): Promise<{ draft: Draft; authority: AuthorityTable }> {
    const authority = await store.issuingAuthority(tx, "intermediate");
    if (!authority) throw notReady();
    const days = wish.days ?? profiles[wish.kind].days;
    if (days > profiles[wish.kind].mostDays) throw tooLong(wish.kind);
    const dns_names = checkDnsNames(
      wish.kind === "server" && !wish.dnsNames?.length && !wish.addresses?.length ? [wish.name] : (wish.dnsNames ?? []),
    );
    const names = { kind: wish.kind, name: wish.name, dns_names, addresses: checkAddresses(wish.addresses ?? []) };
    const draft = { ...names, spiffe_id: spiffeIdFor(authority.trust_domain, wish), usages: usagesFor(wish), automatic: false, publicKey };
    return { draft: { ...draft, termMs: days * dayMs }, authority };
  }

  async function write(tx: Tx, draft: Draft, { authority, by }: { authority: AuthorityTable; by: By }): Promise<CertificateTable> {
    const nowMs = clock.now();
    const ends = Math.min(nowMs + draft.termMs, authority.not_after?.getTime() ?? Infinity);
    const { publicKey, termMs: _, ...names } = draft;
    // Certificates tell whole seconds.
    const term = { not_before: wholeSecond(nowMs - earlyMs), not_after: wholeSecond(ends) };
    const serial = newSerial();
    const rsa = checkSubjectKey(publicKey).asymmetricKeyType === "rsa";
    const { name, usages, dns_names: dnsNames, addresses } = draft;
    const crlUrl = parts.publicUrl === undefined ? undefined : `${parts.publicUrl}/pki/${authority.id}.crl`;
    const der = await makeLeaf(
      {
        name,
        usages,
        dnsNames,
        addresses,
        publicKey,
        serial,
        rsa,
        crlUrl,
        spiffeId: draft.spiffe_id ?? undefined,
        notBefore: term.not_before,
        notAfter: term.not_after,
      },
      issuerOf(parts, authority),
    );
    const about = { id: newId("crt", nowMs), authority_id: authority.id, serial: plainSerial(serial), der, fingerprint: sha256(der) };
    const row = { ...about, ...names, ...term, issued_by: by.actor, created_at: new Date(nowMs), revoked_at: null, reason: null };
    await store.insertCertificate(tx, row);
    await audit.record(tx, { ...by, action: "pki.certificate.issue", subject: `certificate:${row.id}`, after: told(row) });
    return row;
  }

  async function renewWithin(tx: Tx, row: CertificateTable, { csr, by }: { csr?: string | undefined; by: By }): Promise<CertificateTable> {
    if (row.revoked_at) throw revokedAlready(row);
    const publicKey = csr === undefined ? Buffer.from(new X509Certificate(row.der).publicKey.rawData) : await keyOfRequest(csr);
    const days = Math.max(1, Math.round((row.not_after.getTime() - row.not_before.getTime()) / dayMs));
    const wish = { kind: row.kind, name: row.name, dnsNames: row.dns_names, addresses: row.addresses, usages: row.usages, days };
    const { draft, authority } = await draftOf(tx, wish, publicKey);
    return write(tx, draft, { authority, by });
  }

  return { draftOf, write, renewWithin };
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function tooLong(kind: CertificateKind): Problem {
  return new Problem("pki_term_too_long", {
    kind: "invalid",
    say: `A certificate of a ${kind} lives ${profiles[kind].mostDays} days at most.`,
  });
}

export function revokedAlready({ name }: CertificateTable): Problem {
  return new Problem("pki_certificate_revoked", { kind: "conflict", say: `This certificate of "${name}" is revoked; issue another one.` });
}
