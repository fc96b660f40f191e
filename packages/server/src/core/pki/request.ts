/** What somebody asks to be certified, judged: names, uses, the request's key. */
import { isIP } from "node:net";
import type { CertificateKind, CertificateUsage } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { spiffeId } from "./names.ts";
import { profiles } from "./profiles.ts";
import { checkSubjectKey, pemBlocks, Pkcs10CertificateRequest } from "./x509.ts";

interface Named {
  kind: CertificateKind;
  name: string;
}

/** Servers are known by their DNS names alone. @throws Problem `pki_name_invalid` */
export function spiffeIdFor(trustDomain: string, { kind, name }: Named): string | null {
  return kind === "server" ? null : spiffeId({ trustDomain, kind, name });
}

/** @throws Problem `pki_usage_invalid` */
export function usagesFor({ kind, usages }: { kind: CertificateKind; usages?: CertificateUsage[] | undefined }): CertificateUsage[] {
  const allowed = profiles[kind].usages;
  const wanted = [...new Set(usages ?? allowed)];
  if (wanted.every((usage) => allowed.includes(usage))) return wanted;
  throw new Problem("pki_usage_invalid", { kind: "invalid", say: `A certificate of a ${kind} is for ${allowed.join(" and ")} only.` });
}

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A `*` may stand for the first label alone (RFC 9525, 6.3). @throws Problem `pki_dns_name_invalid` */
export function checkDnsNames(names: string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].map((name) => {
    const labels = name.split(".");
    const fixed = labels[0] === "*" && labels.length > 2 ? labels.slice(1) : labels;
    if (name.length <= 253 && isIP(name) === 0 && fixed.every((one) => label.test(one))) return name;
    throw new Problem("pki_dns_name_invalid", { kind: "invalid", say: `"${name}" is no DNS name.` });
  });
}

/** @throws Problem `pki_address_invalid` */
export function checkAddresses(addresses: string[]): string[] {
  const bad = addresses.find((address) => isIP(address) === 0 || address.includes("%"));
  if (bad === undefined) return [...new Set(addresses)];
  throw new Problem("pki_address_invalid", { kind: "invalid", say: `"${bad}" is no IP address.` });
}

/** The public key (SubjectPublicKeyInfo, DER) of a PKCS #10 request whose sender has proved to hold it. @throws Problem `pki_request_invalid`, `pki_key_unfit` */
export async function keyOfRequest(pem: string): Promise<Buffer> {
  const [der] = pemBlocks(pem, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
  if (!der) throw invalid("it is not in PEM");
  let request: Pkcs10CertificateRequest;
  let publicKey: Buffer;
  try {
    request = new Pkcs10CertificateRequest(der);
    publicKey = Buffer.from(request.publicKey.rawData);
  } catch (thrown) {
    throw invalid("it cannot be read", thrown);
  }
  checkSubjectKey(publicKey);
  const proved = await request.verify().catch(() => false);
  if (!proved) throw invalid("it is not signed with its own key");
  return publicKey;
}

function invalid(why: string, because?: unknown): Problem {
  return new Problem("pki_request_invalid", { kind: "invalid", say: `This is no certificate signing request: ${why}.`, because });
}
