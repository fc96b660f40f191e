/** What others need to know of our authorities: roots, revocation lists, SSH keys; all of it public. */
import type { CertificateUsage } from "@holdfast/contract";
import type { Parts } from "./deps.ts";
import { notReady } from "./problems.ts";
import { authorities } from "./store.ts";
import type { AuthorityTable } from "./tables.ts";
import { createVerifier, type Trust } from "./verify.ts";
import { authorityView } from "./view.ts";
import { pemBlocks, pemOf } from "./x509.ts";

/** A file for whoever asks, at `/pki/<name>`. */
export interface PublicFile {
  type: string;
  body: Buffer;
}

export function createTrust({ db, clock }: Parts) {
  async function trusted(): Promise<AuthorityTable[]> {
    return (await authorities(db)).filter(({ retired_at }) => retired_at === null);
  }

  /** @throws Problem `pki_not_ready` */
  async function trust(): Promise<Trust> {
    const all = (await trusted()).filter(({ role }) => role !== "ssh");
    const issuing = all.find(({ role, issuing }) => role === "intermediate" && issuing);
    if (!issuing) throw notReady();
    const crls = all.flatMap(({ crl }) => (crl ? [crl] : []));
    const roots = all.flatMap(({ role, certificate }) => (role === "root" && certificate ? [pemOf("CERTIFICATE", certificate)] : []));
    const intermediates = all.flatMap(({ role, certificate }) => (role === "intermediate" && certificate ? [certificate] : []));
    return { trustDomain: issuing.trust_domain, roots, intermediates, crls, crlsComplete: crls.length === all.length };
  }

  return {
    trust,

    async crls() {
      const rows = (await trusted()).filter(({ crl }) => crl !== null);
      return rows.map((row) => ({
        authority: row.id,
        name: row.name,
        number: row.crl_number,
        thisUpdate: (row.crl_this_update ?? row.created_at).toISOString(),
        nextUpdate: (row.crl_next_update ?? row.created_at).toISOString(),
        pem: pemOf("X509 CRL", row.crl ?? Buffer.of()),
      }));
    },

    /** `roots.pem`, `crl.pem`, `ssh-users.pub`, and by authority `<id>.crl` (DER), `<id>.crl.pem`, `<id>.crt` (DER); undefined: no such file. */
    async publicFile(name: string): Promise<PublicFile | undefined> {
      const all = await trusted();
      const pem = (lines: string[]): PublicFile => ({ type: "application/x-pem-file", body: Buffer.from(lines.join("")) });
      if (name === "roots.pem") return pem((await trust()).roots);
      if (name === "crl.pem") return pem(all.flatMap(({ crl }) => (crl ? [pemOf("X509 CRL", crl)] : [])));
      if (name === "ssh-users.pub") {
        const lines = all.flatMap((row) => (row.role === "ssh" ? [`${authorityView(row).publicKey}\n`] : []));
        return { type: "text/plain; charset=utf-8", body: Buffer.from(lines.join("")) };
      }
      const [, id, form] = /^(ca_[a-z0-9]+)\.(crl|crl\.pem|crt)$/.exec(name) ?? [];
      const one = all.find((row) => row.id === id);
      if (form === "crt" && one?.certificate) return { type: "application/pkix-cert", body: one.certificate };
      if (form === "crl" && one?.crl) return { type: "application/pkix-crl", body: one.crl };
      return form === "crl.pem" && one?.crl ? pem([pemOf("X509 CRL", one.crl)]) : undefined;
    },

    async verifyChain({ chain, usage }: { chain: string; usage?: CertificateUsage | undefined }) {
      return createVerifier(await trust()).verify(pemBlocks(chain, "CERTIFICATE"), { nowMs: clock.now(), usage });
    },
  };
}
