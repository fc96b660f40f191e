/** Certificates: our own authority, what it issued, and short-lived SSH certificates. Keys of authorities never come out unsealed. */
import { z } from "zod";
import { idParam, instant, pageOf, pageQuery, route } from "./route.ts";

export const certificateKind = z.enum(["process", "agent", "device", "server"]);
export type CertificateKind = z.infer<typeof certificateKind>;
export const certificateUsage = z.enum(["client", "server"]);
export type CertificateUsage = z.infer<typeof certificateUsage>;
export const revocationReason = z
  .enum(["unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation", "privilege_withdrawn"])
  .describe("RFC 5280, 5.3.1");
export type RevocationReason = z.infer<typeof revocationReason>;

export const authority = z.object({
  id: z.string(),
  role: z.enum(["root", "intermediate", "ssh"]),
  name: z.string(),
  origin: z.enum(["made", "imported"]),
  issuing: z.boolean().describe("It signs what is issued now (a root: new intermediates)"),
  keyHere: z.boolean().describe("False: its key is kept elsewhere"),
  fingerprint: z.string().describe("SHA-256 of the certificate in hex; of an SSH key, `SHA256:…`"),
  publicKey: z.string().optional().describe("Of an SSH authority: the line for TrustedUserCAKeys"),
  certificate: z.string().optional().describe("PEM"),
  notBefore: instant,
  notAfter: instant.optional(),
  crlNextUpdate: instant.optional(),
});
export type Authority = z.infer<typeof authority>;

export const certificateState = z.enum(["valid", "expired", "revoked"]);
export const certificateSummary = z.object({
  id: z.string(),
  serial: z.string(),
  kind: certificateKind,
  name: z.string(),
  spiffeId: z.string().optional(),
  dnsNames: z.array(z.string()),
  addresses: z.array(z.string()),
  usages: z.array(certificateUsage),
  fingerprint: z.string(),
  state: certificateState,
  automatic: z.boolean().describe("Its holder renews it by itself"),
  issuedBy: z.string(),
  notBefore: instant,
  notAfter: instant,
  revokedAt: instant.optional(),
  reason: revocationReason.optional(),
});
export type CertificateSummary = z.infer<typeof certificateSummary>;
export const certificateDetail = certificateSummary.extend({
  certificate: z.string().describe("PEM"),
  chain: z.string().describe("PEM: the certificate and the intermediates, for a server or client to send"),
});
export type CertificateDetail = z.infer<typeof certificateDetail>;
export const issuedCertificate = certificateDetail.extend({
  privateKey: z.string().optional().describe("PKCS #8 PEM, when no signing request was given; shown this once and not kept"),
});
export type IssuedCertificate = z.infer<typeof issuedCertificate>;

export const expiringThing = z.object({
  id: z.string(),
  what: z.enum(["root", "intermediate", "crl", "process", "agent", "device", "server"]),
  name: z.string(),
  notAfter: instant,
  daysLeft: z.number().describe("Negative: expired"),
});
export type ExpiringThing = z.infer<typeof expiringThing>;

export const pkiStatus = z.object({
  ready: z.boolean().describe("There is an authority that can issue"),
  trustDomain: z.string().optional(),
  authorities: z.array(authority),
  certificates: z.object({ valid: z.number().int(), expired: z.number().int(), revoked: z.number().int() }),
});
export type PkiStatus = z.infer<typeof pkiStatus>;

const pem = z.string().max(200_000);
const csr = z.string().max(20_000).describe("PKCS #10 request, PEM; only its public key is taken");
const passphrase = z.string().min(12).max(1000);
const tags = ["pki"];
const write = { permission: "pki:write", tags } as const;

export const pkiContract = {
  status: route("GET", "/pki", { permission: "pki:read", summary: "Authorities, and how many certificates there are", tags }).output(
    pkiStatus,
  ),
  init: route("POST", "/pki/init", {
    ...write,
    summary: "Make the root, the intermediate and the SSH authority",
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        trustDomain: z.string().max(255),
        name: z.string().min(1).max(60).default("Holdfast"),
        root: z.enum(["own", "vault"]).default("own").describe("vault: the authority of HOLDFAST_VAULT_PKI signs the intermediate"),
      }),
    )
    .output(pkiStatus),
  importAuthority: route("POST", "/pki/import", {
    stepUp: true,
    ...write,
    summary: "Issue under an authority of your own: an intermediate with its key and chain",
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        chain: pem.describe("PEM certificates, the issuing one first, up to the root"),
        key: z.string().max(20_000).describe("PEM private key of the first certificate"),
        passphrase: z.string().max(1000).optional(),
        crls: pem.optional().describe("PEM lists of the authorities above"),
        trustDomain: z.string().max(255),
      }),
    )
    .output(pkiStatus),
  rotateIntermediate: route("POST", "/pki/intermediate/rotate", {
    stepUp: true,
    ...write,
    summary: "Make a new intermediate under the root",
    idempotency: "accepted",
  })
    .input(z.object({}))
    .output(pkiStatus),
  retire: route("POST", "/pki/authorities/{id}/retire", {
    stepUp: true,
    ...write,
    summary: "Trust an authority no more",
    idempotency: "accepted",
  })
    .input(idParam)
    .output(pkiStatus),

  exportRoot: route("POST", "/pki/root/export", {
    stepUp: true,
    ...write,
    summary: "The root with its key, sealed with a passphrase",
    idempotency: "once",
  })
    .input(z.object({ passphrase }))
    .output(z.object({ pem: z.string().describe("CERTIFICATE and ENCRYPTED PRIVATE KEY (PBES2 with scrypt)") })),
  removeRoot: route("POST", "/pki/root/remove", {
    stepUp: true,
    ...write,
    summary: "Take the root's key out of this system; shows that the export opens",
    idempotency: "accepted",
  })
    .input(z.object({ pem, passphrase: z.string().max(1000) }))
    .output(pkiStatus),
  restoreRoot: route("POST", "/pki/root/restore", { stepUp: true, ...write, summary: "Put the root's key back", idempotency: "accepted" })
    .input(z.object({ pem, passphrase: z.string().max(1000) }))
    .output(pkiStatus),

  list: route("GET", "/pki/certificates", { permission: "pki:read", summary: "List certificates, newest first", tags })
    .input(
      pageQuery.extend({
        kind: certificateKind.optional(),
        state: certificateState.optional(),
        name: z.string().max(255).optional(),
      }),
    )
    .output(pageOf(certificateSummary)),
  get: route("GET", "/pki/certificates/{id}", { permission: "pki:read", summary: "One certificate with its chain", tags })
    .input(idParam)
    .output(certificateDetail),
  issue: route("POST", "/pki/certificates", { ...write, summary: "Issue a certificate", status: 201, idempotency: "once" })
    .input(
      z.object({
        kind: certificateKind,
        name: z.string().min(1).max(253),
        csr: csr.optional(),
        dnsNames: z.array(z.string().max(253)).max(50).default([]),
        addresses: z.array(z.string().max(45)).max(50).default([]),
        usages: z.array(certificateUsage).min(1).max(2).optional(),
        days: z.number().int().min(1).max(825).optional(),
      }),
    )
    .output(issuedCertificate),
  renew: route("POST", "/pki/certificates/{id}/renew", {
    ...write,
    summary: "The same names for another term, with the same key or that of a new request",
    idempotency: "accepted",
  })
    .input(idParam.extend({ csr: csr.optional() }))
    .output(certificateDetail),
  rotate: route("POST", "/pki/rotate", { stepUp: true, ...write, summary: "Renew all certificates that are due", idempotency: "accepted" })
    .input(
      z.object({
        kind: certificateKind.optional(),
        force: z.boolean().default(false).describe("Also those that are not due yet"),
        dryRun: z.boolean().default(false),
      }),
    )
    .output(z.object({ rotated: z.number().int(), dryRun: z.boolean(), certificates: z.array(certificateSummary) })),
  revoke: route("POST", "/pki/certificates/{id}/revoke", {
    stepUp: true,
    ...write,
    summary: "Revoke a certificate, at once and for good",
    idempotency: "accepted",
  })
    .input(idParam.extend({ reason: revocationReason }))
    .output(certificateSummary),
  crl: route("GET", "/pki/crl", { permission: "public", summary: "The revocation lists of all authorities", tags }).output(
    z.object({
      items: z.array(
        z.object({
          authority: z.string(),
          name: z.string(),
          number: z.number().int(),
          thisUpdate: instant,
          nextUpdate: instant,
          pem: z.string(),
        }),
      ),
    }),
  ),
  expiring: route("GET", "/pki/expiring", { permission: "pki:read", summary: "What expires soon: certificates, authorities, lists", tags })
    .input(z.object({ days: z.coerce.number().int().min(1).max(3650).default(30) }))
    .output(z.object({ items: z.array(expiringThing) })),
  verify: route("POST", "/pki/verify", {
    permission: "pki:read",
    summary: "Does this chain lead to an authority of ours?",
    tags,
    idempotency: "accepted",
  })
    .input(z.object({ chain: pem, usage: certificateUsage.optional() }))
    .output(z.object({ ok: z.boolean(), refusal: z.string().optional(), say: z.string(), spiffeId: z.string().optional() })),

  sshRotate: route("POST", "/pki/ssh/rotate", {
    ...write,
    summary: "Exchange the SSH authority: prepare makes the next one, use signs with it once devices trust it",
    idempotency: "accepted",
  })
    .input(z.object({ step: z.enum(["prepare", "use"]) }))
    .output(pkiStatus),
  sshSign: route("POST", "/pki/ssh/sign", {
    ...write,
    summary: "A short-lived SSH user certificate for a public key",
    status: 201,
    idempotency: "accepted",
  })
    .input(
      z.object({
        publicKey: z.string().max(10_000).describe("OpenSSH public key line"),
        principals: z.array(z.string().min(1).max(100)).min(1).max(20),
        minutes: z.number().int().min(1).max(1440).default(5),
        sourceAddresses: z.array(z.string().max(50)).max(20).optional().describe("CIDR blocks it may be used from"),
        forceCommand: z.string().min(1).max(1000).optional(),
      }),
    )
    .output(
      z.object({
        certificate: z.string().describe("OpenSSH certificate line"),
        serial: z.string(),
        keyId: z.string(),
        validAfter: instant,
        validBefore: instant,
      }),
    ),
};
