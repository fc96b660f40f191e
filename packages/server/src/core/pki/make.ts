/** Certificates and revocation lists as they are signed (RFC 5280), so that `openssl verify -x509_strict` takes them. */
import type { CertificateUsage, RevocationReason } from "@holdfast/contract";
import * as x509 from "./x509.ts";

export interface Issuer {
  certificate: Buffer;
  signing: x509.Signing;
}

export interface Term {
  notBefore: Date;
  notAfter: Date;
}

interface AuthorityParts extends Term {
  /** Text of the common name. */
  name: string;
  organization: string;
  publicKey: Buffer;
}

export interface LeafParts extends Term {
  name: string;
  publicKey: Buffer;
  serial: string;
  spiffeId?: string | undefined;
  dnsNames: string[];
  addresses: string[];
  usages: CertificateUsage[];
  /** RSA keys may also wrap keys: old clients of a server ask for it. */
  rsa: boolean;
  crlUrl?: string | undefined;
}

const { cRLSign, keyCertSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags;

/** A self-signed authority. */
export async function makeRoot(parts: AuthorityParts, signing: x509.Signing): Promise<Buffer> {
  const name = nameOf(parts);
  const made = await x509.X509CertificateGenerator.create({
    ...authorityParts(parts, signing),
    subject: name,
    issuer: name,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      ...(await authorityExtensions(parts.publicKey, parts.publicKey)),
    ],
  });
  return Buffer.from(made.rawData);
}

/** An authority under `issuer` that signs certificates and no further authorities. */
export async function makeIntermediate(parts: AuthorityParts, issuer: Issuer): Promise<Buffer> {
  const above = new x509.X509Certificate(issuer.certificate);
  const made = await x509.X509CertificateGenerator.create({
    ...authorityParts(parts, issuer.signing),
    subject: nameOf(parts),
    issuer: above.subjectName,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      ...(await authorityExtensions(parts.publicKey, Buffer.from(above.publicKey.rawData))),
    ],
  });
  return Buffer.from(made.rawData);
}

function nameOf({ name, organization }: AuthorityParts): x509.Name {
  return new x509.Name([{ CN: [name] }, { O: [organization] }]);
}

function authorityParts({ publicKey, notBefore, notAfter }: AuthorityParts, { key, algorithm }: x509.Signing) {
  return { publicKey, notBefore, notAfter, serialNumber: x509.newSerial(), signingKey: key, signingAlgorithm: algorithm };
}

async function authorityExtensions(own: Buffer, above: Buffer): Promise<x509.Extension[]> {
  return [
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(own),
    await x509.AuthorityKeyIdentifierExtension.create(above),
  ];
}

/** A certificate that is no authority. */
export async function makeLeaf(parts: LeafParts, issuer: Issuer): Promise<Buffer> {
  const above = new x509.X509Certificate(issuer.certificate);
  const made = await x509.X509CertificateGenerator.create({
    subject: new x509.Name([{ CN: [parts.name.slice(0, 64)] }]),
    issuer: above.subjectName,
    publicKey: parts.publicKey,
    serialNumber: parts.serial,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    signingKey: issuer.signing.key,
    signingAlgorithm: issuer.signing.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | (parts.rsa ? keyEncipherment : 0), true),
      new x509.ExtendedKeyUsageExtension(parts.usages.map((usage) => x509.ExtendedKeyUsage[`${usage}Auth`])),
      new x509.SubjectAlternativeNameExtension(alternativeNames(parts)),
      await x509.SubjectKeyIdentifierExtension.create(parts.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(above),
      ...(parts.crlUrl === undefined ? [] : [new x509.CRLDistributionPointsExtension([parts.crlUrl])]),
    ],
  });
  return Buffer.from(made.rawData);
}

function alternativeNames({ spiffeId, dnsNames, addresses }: LeafParts): { type: "url" | "dns" | "ip"; value: string }[] {
  return [
    ...(spiffeId === undefined ? [] : [{ type: "url" as const, value: spiffeId }]),
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
}

const reasonCodes: Record<RevocationReason, x509.X509CrlReason | undefined> = {
  unspecified: undefined, // RFC 5280, 5.3.1: then the reason should be absent
  key_compromise: x509.X509CrlReason.keyCompromise,
  affiliation_changed: x509.X509CrlReason.affiliationChanged,
  superseded: x509.X509CrlReason.superseded,
  cessation_of_operation: x509.X509CrlReason.cessationOfOperation,
  privilege_withdrawn: x509.X509CrlReason.privilegeWithdrawn,
};

export interface CrlParts {
  number: number;
  thisUpdate: Date;
  nextUpdate: Date;
  revoked: { serial: string; at: Date; reason: RevocationReason }[];
}

/** A revocation list, version 2, DER. */
export async function makeCrl(parts: CrlParts, issuer: Issuer): Promise<Buffer> {
  const above = new x509.X509Certificate(issuer.certificate);
  const made = await x509.X509CrlGenerator.create({
    issuer: above.subjectName,
    thisUpdate: parts.thisUpdate,
    nextUpdate: parts.nextUpdate,
    entries: parts.revoked.map(({ serial, at, reason }) => {
      const code = reasonCodes[reason];
      return { serialNumber: serial, revocationDate: at, ...(code === undefined ? {} : { reason: code }) };
    }),
    extensions: [await x509.AuthorityKeyIdentifierExtension.create(above), x509.crlNumber(parts.number)],
    signingKey: issuer.signing.key,
    signingAlgorithm: issuer.signing.algorithm,
  });
  return Buffer.from(made.rawData);
}
