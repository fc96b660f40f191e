/**
 * Does a chain lead to an authority that we trust, now, for this use, to this identity (RFC 5280, 6.1, as far as our certificates go)?
 * Time is an argument. What cannot be judged is refused.
 */
import { X509Certificate } from "node:crypto";
import type { CertificateUsage } from "@holdfast/contract";
import { readSpiffeId, type SpiffeName } from "./names.ts";
import * as x509 from "./x509.ts";

/** Whom to trust: PEM of the roots, and the newest revocation list of each authority that gives one (DER). */
export interface Trust {
  trustDomain: string;
  roots: string[];
  /** DER of the intermediates under them; a peer may show others besides. */
  intermediates: Buffer[];
  crls: Buffer[];
  /** Each authority under the roots has a list: then OpenSSL checks them besides. */
  crlsComplete: boolean;
}

export type Refusal =
  | "none"
  | "malformed"
  | "self_signed"
  | "unknown_authority"
  | "not_an_authority"
  | "not_yet_valid"
  | "expired"
  | "wrong_usage"
  | "wrong_name"
  | "crl_stale"
  | "revoked";

export type Verdict = { ok: true; identity: SpiffeName | undefined; spiffeId?: string } | { ok: false; refusal: Refusal; say: string };

export interface Wanted {
  nowMs: number;
  usage?: CertificateUsage | undefined;
  /** Whose certificate it has to be; undefined: whoever's. */
  accept?: ((identity: SpiffeName) => boolean) | undefined;
}

/** A parsed form of `Trust`, for many verifications. */
export interface Verifier {
  /** @param chain DER, the leaf first */
  verify(chain: Buffer[], wanted: Wanted): Verdict;
}

const sayings: Record<Refusal, string> = {
  none: "There is no certificate.",
  malformed: "This is no X.509 certificate that can be read.",
  self_signed: "It signed itself, and is no root of ours.",
  unknown_authority: "It does not lead to an authority of ours.",
  not_an_authority: "A certificate above it may not sign others.",
  not_yet_valid: "A certificate of the chain is not valid yet.",
  expired: "A certificate of the chain has expired.",
  wrong_usage: "It is not for this use.",
  wrong_name: "It belongs to somebody else.",
  crl_stale: "The revocation list is out of date, so that nobody knows whether it is revoked.",
  revoked: "A certificate of the chain is revoked.",
};

const longestChain = 6;

export function createVerifier(trust: Trust): Verifier {
  const roots = trust.roots.map((pem) => new X509Certificate(pem));
  const intermediates = trust.intermediates.map((der) => new X509Certificate(der));
  const crls = trust.crls.map(readCrl);

  function judge(ders: Buffer[], { nowMs, usage, accept }: Wanted): Verdict {
    const [leaf, ...others] = ders.slice(0, longestChain).map(parse);
    if (ders.length === 0) return refused("none");
    if (!leaf || others.includes(undefined)) return refused("malformed");
    const pool = [...intermediates, ...others.filter((one) => one !== undefined)];
    const path = pathFrom(leaf, pool, roots);
    if (!path) return refused(leaf.issuer === leaf.subject && others.length === 0 ? "self_signed" : "unknown_authority");
    const wrong = wrongInPath(path, nowMs) ?? wrongUse(leaf, usage) ?? revocation(path, crls, nowMs);
    if (wrong) return refused(wrong);
    const ids = uriNames(leaf);
    const identity = ids.length === 1 ? readSpiffeId(ids[0] ?? "") : undefined;
    const ours = identity?.trustDomain === trust.trustDomain ? identity : undefined;
    if (accept && !(ours && accept(ours))) return refused("wrong_name");
    return { ok: true, identity: ours, ...(ours ? { spiffeId: ids[0] ?? "" } : {}) };
  }

  return {
    verify(chain, wanted) {
      try {
        return judge(chain, wanted);
      } catch {
        return refused("malformed"); // strangers send what they like: a key of no known kind throws where it is first used
      }
    },
  };
}

function refused(refusal: Refusal): Verdict {
  return { ok: false, refusal, say: sayings[refusal] };
}

function parse(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** From the leaf to a root, each signed by the next. */
function pathFrom(leaf: X509Certificate, pool: X509Certificate[], roots: X509Certificate[]): X509Certificate[] | undefined {
  const path = [leaf];
  for (let at = leaf; path.length <= longestChain;) {
    const root = roots.find((one) => at.checkIssued(one) && at.verify(one.publicKey));
    if (root) return [...path, root];
    const next = pool.find((one) => !path.includes(one) && at.checkIssued(one) && at.verify(one.publicKey));
    if (!next) return undefined;
    path.push(next);
    at = next;
  }
  return undefined;
}

function wrongInPath(path: X509Certificate[], nowMs: number): Refusal | undefined {
  for (const [i, one] of path.entries()) {
    // Asked so that a time that cannot be read is refused too.
    if (!(one.validFromDate.getTime() <= nowMs)) return "not_yet_valid";
    if (!(one.validToDate.getTime() >= nowMs)) return "expired";
    if (i === 0) continue;
    const parsed = new x509.X509Certificate(one.raw);
    const usages = parsed.getExtension(x509.KeyUsagesExtension)?.usages ?? x509.KeyUsageFlags.keyCertSign;
    const below = parsed.getExtension(x509.BasicConstraintsExtension)?.pathLength ?? longestChain;
    if (!one.ca || (usages & x509.KeyUsageFlags.keyCertSign) === 0 || below < i - 1) return "not_an_authority";
  }
  return undefined;
}

function wrongUse(leaf: X509Certificate, usage: CertificateUsage | undefined): Refusal | undefined {
  if (leaf.ca) return "wrong_usage";
  if (usage === undefined) return undefined;
  const allowed = new x509.X509Certificate(leaf.raw).getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  return allowed.includes(x509.ExtendedKeyUsage[`${usage}Auth`]) ? undefined : "wrong_usage";
}

interface Crl {
  issuer: string;
  keyId: string | undefined;
  nextUpdateMs: number;
  serials: Set<string>;
}

/** Its signature was checked when it was made or brought in. */
function readCrl(der: Buffer): Crl {
  const crl = new x509.X509Crl(der);
  return {
    issuer: crl.issuer,
    keyId: crl.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId,
    nextUpdateMs: crl.nextUpdate?.getTime() ?? 0,
    serials: new Set(crl.entries.map((entry) => x509.plainSerial(entry.serialNumber))),
  };
}

function revocation(path: X509Certificate[], crls: Crl[], nowMs: number): Refusal | undefined {
  for (const [i, one] of path.slice(0, -1).entries()) {
    const above = path[i + 1] ?? one;
    const issuer = new x509.X509Certificate(above.raw);
    const keyId = issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    const crl = crls.find((known) => known.issuer === issuer.subject && (known.keyId === undefined || known.keyId === keyId));
    if (!crl) continue;
    if (crl.serials.has(x509.plainSerial(one.serialNumber))) return "revoked";
    if (!(crl.nextUpdateMs >= nowMs)) return "crl_stale";
  }
  return undefined;
}

function uriNames(leaf: X509Certificate): string[] {
  const names = new x509.X509Certificate(leaf.raw).getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.filter(({ type }) => type === "url").map(({ value }) => value);
}
