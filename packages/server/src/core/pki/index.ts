/**
 * Certificates: a root that may be kept elsewhere, an intermediate that issues to processes, agents, devices and servers, revocation
 * lists, mutual TLS that renews itself, and an SSH authority for certificates that live minutes.
 */
import type {
  CertificateDetail,
  CertificateKind,
  CertificateSummary,
  CertificateUsage,
  ExpiringThing,
  IssuedCertificate,
  PkiStatus,
  RevocationReason,
} from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import type { Audit, By } from "#core/audit";
import type { Secrets } from "#core/secrets";
import type { Db, Tx } from "#platform/db";
import type { Metrics } from "#platform/metrics";
import { createAuthorities } from "./authorities.ts";
import { createCertificates, newLeafKey } from "./certificates.ts";
import type { ChainFile } from "./chain-file.ts";
import type { Parts } from "./deps.ts";
import { createExpiring } from "./expiring.ts";
import { createImport } from "./import-authority.ts";
import type { CertificateWish } from "./issuing.ts";
import { keysResealer, maintain, measure } from "./maintain.ts";
import type { CertificateQuery } from "./reads.ts";
import { createRootKeeping } from "./root.ts";
import { createSshAuthority, type SshSigned, type SshWish } from "./ssh.ts";
import type { TlsSource } from "./tls.ts";
import { createSshRotation } from "./ssh-rotation.ts";
import { createTrust, type PublicFile } from "./trust.ts";
import { createUnderVault } from "./under-vault.ts";
import type { Trust, Verdict } from "./verify.ts";
import { spkiOf } from "./x509.ts";

export { createPkiPersonKeeper } from "./person-keeper.ts";
export { createPkiRoutes } from "./routes.ts";
export { renewalAt, warnDays } from "./profiles.ts";
export { machineId, readMachineId, readProcessName, spiffeId, type SpiffeName } from "./names.ts";
export { createTls, type Accept, type OwnCertificate, type ServeOptions, type Tls, type TlsSource } from "./tls.ts";
export type { Refusal, Trust, Verdict } from "./verify.ts";
export type { CertificateQuery } from "./reads.ts";
export type { CertificateWish } from "./issuing.ts";
export type { ChainFile } from "./chain-file.ts";
export type { SshSigned, SshWish } from "./ssh.ts";
export type { PublicFile } from "./trust.ts";

/** A process that shows certificates of ours. */
export interface ProcessWish {
  kind: Extract<CertificateKind, "process" | "agent">;
  name: string;
  dnsNames?: string[];
  addresses?: string[];
  /** Term of each certificate in milliseconds; the profile's unless told. */
  termMs?: number;
}

export interface Pki {
  status(): Promise<PkiStatus>;
  /**
   * Makes root, intermediate and SSH authority; with `vault` an intermediate under an authority there, which takes over where there is one.
   * @throws Problem `pki_there_already`, `pki_trust_domain_invalid`, `pki_vault_unset`, `pki_chain_invalid`, `secrets_vault_*`
   */
  init(wish: { trustDomain: string; name: string; root?: "own" | "vault" }, by: By): Promise<PkiStatus>;
  /** Issues under somebody's own authority from now on. @throws Problem `pki_chain_invalid` naming every fault, `pki_key_unfit` */
  importAuthority(file: ChainFile & { trustDomain: string }, by: By): Promise<PkiStatus>;
  /** A new intermediate, under the same root; what the old one issued stays good. @throws Problem `pki_not_ready`, `pki_root_away`, `pki_vault_other_root`, `secrets_vault_*` */
  rotateIntermediate(by: By): Promise<PkiStatus>;
  /** Trusts an authority no more, and with a root all below it. @throws Problem `pki_authority_missing`, `pki_authority_issuing`, `pki_root_away` */
  retire(id: string, by: By): Promise<PkiStatus>;

  /** `prepare`: the next SSH authority, for devices to trust besides; `use`: it signs from now on. @throws Problem `pki_not_ready`, `pki_ssh_prepared`, `pki_ssh_unprepared` */
  rotateSsh(step: "prepare" | "use", by: By): Promise<PkiStatus>;

  /** The root's certificate and sealed key, PEM. @throws Problem `pki_root_away` */
  exportRoot(wish: { passphrase: string }, by: By): Promise<{ pem: string }>;
  /** Takes the root's key out, once the export was seen to open. @throws Problem `pki_root_file_invalid`, `pki_root_file_strange`, `pki_root_away` */
  removeRoot(file: { pem: string; passphrase: string }, by: By): Promise<PkiStatus>;
  /** Puts it back. @throws Problem `pki_root_file_invalid`, `pki_root_file_strange` */
  restoreRoot(file: { pem: string; passphrase: string }, by: By): Promise<PkiStatus>;

  /** @throws Problem `pki_not_ready`, `pki_request_invalid`, `pki_key_unfit`, `pki_name_invalid`, `pki_usage_invalid`, `pki_dns_name_invalid`, `pki_address_invalid`, `pki_term_too_long` */
  issue(wish: CertificateWish, by: By): Promise<IssuedCertificate>;
  /** For the machine of a service account, which its token or the certificate before made known. @throws Problem `pki_not_ready`, `pki_request_invalid`, `pki_key_unfit` */
  enrol(tx: Tx, wish: { account: string; csr: string }, by: By): Promise<CertificateDetail>;
  /** @throws Problem `pki_certificate_missing`, `pki_certificate_revoked` */
  renew(wish: { id: string; csr?: string | undefined }, by: By): Promise<CertificateDetail>;
  /** Renews what is past two thirds of its term; all with `force`. */
  rotate(
    wish: { kind?: CertificateKind | undefined; force?: boolean; dryRun?: boolean },
    by: By,
  ): Promise<{ rotated: number; dryRun: boolean; certificates: CertificateSummary[] }>;
  /** At once and for good. @throws Problem `pki_certificate_missing`, `pki_certificate_revoked` */
  revoke(wish: { id: string; reason: RevocationReason }, by: By): Promise<CertificateSummary>;
  /** @throws Problem `pki_certificate_missing` */
  get(id: string): Promise<CertificateDetail>;
  /** A page, newest first. @throws Problem `cursor_invalid` */
  list(query: CertificateQuery): Promise<{ items: CertificateSummary[]; next?: string }>;

  /** @throws Problem `pki_not_ready` */
  trust(): Promise<Trust>;
  crls(): Promise<{ authority: string; name: string; number: number; thisUpdate: string; nextUpdate: string; pem: string }[]>;
  /** A file of `/pki/…`, public; undefined: no such file. */
  publicFile(name: string): Promise<PublicFile | undefined>;
  /** @throws Problem `pki_not_ready` */
  verifyChain(wish: { chain: string; usage?: CertificateUsage | undefined }): Promise<Verdict>;
  /** What ends within so many days and is due, the first first. */
  expiring(days: number): Promise<ExpiringThing[]>;

  /** Where a process of this system gets its certificates; for `createTls`. The key never leaves the process. */
  tlsSource(wish: ProcessWish): TlsSource;
  ssh: {
    /** @throws Problem `pki_not_ready`, `pki_ssh_key_invalid`, `pki_principal_invalid`, `pki_source_address_invalid` */
    sign(wish: SshWish, by: By): Promise<SshSigned>;
    /** A fresh key with a certificate, for one sign-in. @throws Problem `pki_not_ready`, `pki_principal_invalid` */
    signIn(wish: Omit<SshWish, "publicKey">, by: By): Promise<{ privateKey: string; certificate: string; validBeforeMs: number }>;
  };
  /** Signs due revocation lists, forgets old certificates. For a job, every few minutes. */
  maintain(): Promise<{ crls: number; forgotten: number }>;
}

interface PkiDeps {
  db: Db;
  audit: Audit;
  secrets: Pick<Secrets, "seal" | "open" | "addResealer">;
  clock?: Clock;
  metrics?: Pick<Metrics, "gauge">;
  publicUrl?: string | undefined;
  /** An authority in Vault, for who wants it above ours. */
  vault?: Parts["vault"];
}

export function createPki({ db, audit, secrets, clock = systemClock, metrics, publicUrl, vault }: PkiDeps): Pki {
  const parts: Parts = { db, audit, secrets, clock, publicUrl, vault };
  secrets.addResealer(keysResealer(db));
  if (metrics) measure(parts, metrics);
  const authorities = createAuthorities(parts);
  const importAuthority = createImport(parts, authorities.status);
  const underVault = createUnderVault(parts, importAuthority);
  const { issueOwn, ...certificates } = createCertificates(parts);
  const trust = createTrust(parts);

  return {
    ...authorities,
    ...createRootKeeping(parts, authorities.status),
    rotateSsh: createSshRotation(parts, authorities.status),
    importAuthority,
    init: ({ root, ...wish }, by) => (root === "vault" ? underVault.init(wish, by) : authorities.init(wish, by)),
    rotateIntermediate: async (by) => (await underVault.rotate(by)) ?? authorities.rotateIntermediate(by),
    ...certificates,
    ...trust,
    expiring: createExpiring(parts),
    ssh: createSshAuthority(parts),
    maintain: () => maintain(parts),

    tlsSource: (wish) => ({
      trust: trust.trust,
      async obtain() {
        const key = newLeafKey();
        const own = await issueOwn({ ...wish, publicKey: spkiOf(key) }, { actor: `system:${wish.kind}:${wish.name}` });
        const pem = key.export({ format: "pem", type: "pkcs8" }) as string;
        return { key: pem, chain: own.chain, notBefore: new Date(own.notBefore), notAfter: new Date(own.notAfter) };
      },
    }),
  };
}
