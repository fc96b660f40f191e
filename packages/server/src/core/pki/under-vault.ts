/** An intermediate of ours under an authority in Vault: the key is made and sealed here, Vault sees the request alone. */
import { generateKeyPairSync } from "node:crypto";
import type { PkiStatus } from "@holdfast/contract";
import { newId, Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { intermediateDays } from "./authorities.ts";
import type { ChainFile } from "./chain-file.ts";
import type { Parts } from "./deps.ts";
import { checkTrustDomain } from "./names.ts";
import * as store from "./store.ts";
import * as x509 from "./x509.ts";

type ImportAuthority = (file: ChainFile & { trustDomain: string }, by: By) => Promise<PkiStatus>;

export function createUnderVault(parts: Parts, importAuthority: ImportAuthority) {
  const { db, clock, vault } = parts;

  /** A new intermediate that issues from now on. What cannot be used is revoked where it was signed. */
  async function take(wish: { trustDomain: string; name: string; root?: Buffer }, by: By): Promise<PkiStatus> {
    if (!vault) throw unset();
    const trustDomain = checkTrustDomain(wish.trustDomain);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const commonName = `${wish.name} intermediate ${newId("ca", clock.now()).slice(-6)}`;
    const wanted = { commonName, organization: trustDomain, ttl: `${intermediateDays * 24}h` };
    const signed = await vault.signIntermediate(await requestOf(privateKey, commonName), wanted);
    try {
      const chain = [signed.certificate, ...signed.chain].join("\n");
      const root = x509.pemBlocks(chain, "CERTIFICATE").at(-1);
      if (wish.root && root?.equals(wish.root) !== true) throw otherRoot();
      const key = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
      return await importAuthority({ chain, key, trustDomain }, by);
    } catch (thrown) {
      await vault.revoke(signed.serial);
      throw thrown;
    }
  }

  return {
    init: (wish: { trustDomain: string; name: string }, by: By) => take(wish, by),

    /** Undefined: the root in use is not one of Vault's, as far as can be told. */
    async rotate(by: By): Promise<PkiStatus | undefined> {
      const root = await store.issuingAuthority(db, "root");
      if (!vault || root?.origin !== "imported" || root.sealed_key !== null || root.certificate === null) return undefined;
      const before = await store.issuingAuthority(db, "intermediate");
      const name = before?.name.replace(/ intermediate \w+$/, "") ?? root.name;
      return take({ trustDomain: root.trust_domain, name, root: root.certificate }, by);
    },
  };
}

/** PKCS #10 (RFC 2986), PEM. */
async function requestOf(key: Parameters<typeof x509.spkiOf>[0], commonName: string): Promise<string> {
  const signing = x509.signingKey(key);
  const publicKey = await crypto.subtle.importKey("spki", x509.spkiOf(key), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ CN: [commonName] }]),
    keys: { privateKey: signing.key, publicKey },
    signingAlgorithm: signing.algorithm,
  });
  return request.toString("pem");
}

function unset(): Problem {
  return new Problem("pki_vault_unset", {
    kind: "not_ready",
    say: "No authority in Vault is named; set HOLDFAST_VAULT_PKI to the mount of its PKI engine.",
  });
}

function otherRoot(): Problem {
  return new Problem("pki_vault_other_root", {
    kind: "conflict",
    say: "Vault signs under another root than the one in use, which clients trust. To move to it, begin anew: `holdfast pki init --root vault`.",
  });
}
