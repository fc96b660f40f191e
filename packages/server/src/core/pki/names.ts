/** Names in certificates: the trust domain, and SPIFFE ids `spiffe://<trust domain>/<kind>/<name>` (SPIFFE-ID 2). Pure. */
import type { CertificateKind } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";

/** Who a SPIFFE id of ours names. */
export interface SpiffeName {
  trustDomain: string;
  kind: Exclude<CertificateKind, "server">;
  name: string;
}

const kinds = ["process", "agent", "device"] as const;
const domainPattern = /^[a-z0-9]([a-z0-9._-]{0,253}[a-z0-9])?$/;
const namePattern = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;

/** @throws Problem `pki_trust_domain_invalid` */
export function checkTrustDomain(text: string): string {
  if (domainPattern.test(text)) return text;
  throw new Problem("pki_trust_domain_invalid", {
    kind: "invalid",
    say: "A trust domain is lower-case letters, digits, dots, dashes and underscores, e.g. holdfast.example.net.",
  });
}

/** The id of a process, agent or device. @throws Problem `pki_name_invalid` */
export function spiffeId({ trustDomain, kind, name }: SpiffeName): string {
  if (namePattern.test(name)) return `spiffe://${trustDomain}/${kind}/${name}`;
  throw new Problem("pki_name_invalid", {
    kind: "invalid",
    say: `The name of a ${kind} in a certificate is up to 63 letters, digits, dots, dashes and underscores, and begins and ends with a letter or digit.`,
  });
}

/** Ids of service accounts begin so. An agent of such a name is that account's machine, and its certificate is enrolled, never just issued. */
const machineName = /^usr_/;

export function isMachine({ kind, name }: { kind: CertificateKind; name: string }): boolean {
  return kind === "agent" && machineName.test(name);
}

/** Of the machine of a service account. */
export function machineId(trustDomain: string, account: string): string {
  return spiffeId({ trustDomain, kind: "agent", name: account });
}

/** The service account whose machine this is; undefined for every other id. */
export function readMachineId(text: string): string | undefined {
  const named = readSpiffeId(text);
  return named && isMachine(named) ? named.name : undefined;
}

/** The process that this id names; undefined for every other id. */
export function readProcessName(text: string): string | undefined {
  const named = readSpiffeId(text);
  return named?.kind === "process" ? named.name : undefined;
}

/** Reads an id of ours; undefined for anything else: another shape is no identity. */
export function readSpiffeId(text: string): SpiffeName | undefined {
  const [, trustDomain = "", kindText = "", name = ""] = /^spiffe:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  const kind = kinds.find((known) => known === kindText);
  return kind !== undefined && domainPattern.test(trustDomain) && namePattern.test(name) ? { trustDomain, kind, name } : undefined;
}
