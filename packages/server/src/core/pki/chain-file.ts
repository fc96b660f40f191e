/** Judges an authority of somebody's own before it may issue here: chain, constraints, term, key. */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { Problem, type ProblemPlace } from "@holdfast/kit";
import * as x509 from "./x509.ts";

export interface ChainFile {
  /** PEM, the issuing certificate first, the root last. */
  chain: string;
  key: string;
  passphrase?: string | undefined;
  /** PEM revocation lists of the authorities above. */
  crls?: string | undefined;
}

/** One authority of the chain; the first has the key. */
export interface ChainLink {
  der: Buffer;
  name: string;
  notBefore: Date;
  notAfter: Date;
  publicKey: Buffer;
  crl?: { der: Buffer; thisUpdate: Date; nextUpdate: Date };
}

/** @throws Problem `pki_chain_invalid` with every fault at its place, `pki_key_unfit` */
export async function readChain(file: ChainFile, nowMs: number): Promise<{ links: ChainLink[]; key: KeyObject }> {
  const ders = x509.pemBlocks(file.chain, "CERTIFICATE");
  const certificates = ders.map((der, i) => readCertificate(der, i));
  const faults = certificates.flatMap((one, i) => faultsOf(one, { i, nowMs, above: certificates[i + 1] ?? one }));
  if (certificates.length < 2) {
    faults.push({ at: "chain", say: "needs the issuing certificate first, then those above it, up to the root" });
  }
  const last = certificates.at(-1);
  if (last && last.subject !== last.issuer)
    faults.push({ at: `chain[${certificates.length - 1}]`, say: "is no root: another one signed it" });
  const key = readKey(file);
  if (key && certificates[0]?.checkPrivateKey(key) === false) faults.push({ at: "key", say: "is not the key of the first certificate" });
  if (!key) faults.push({ at: "key", say: "is no private key in PEM, or its passphrase is wrong" });
  const crls = x509.pemBlocks(file.crls ?? "", "X509 CRL", "CRL");
  if (faults.length > 0 || !key) throw invalid(faults);
  x509.signingKey(key);
  return { links: await Promise.all(certificates.map((one) => linkOf(one, crls))), key };
}

function readCertificate(der: Buffer, i: number): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // Both libraries, and the key besides: what one of them does not read must not surprise us later.
    const { extensions } = new x509.X509Certificate(der);
    const times = certificate.validFromDate.getTime() + certificate.validToDate.getTime();
    if (extensions.length === 0 || certificate.publicKey.type !== "public" || Number.isNaN(times))
      throw new Error("not one of an authority");
    return certificate;
  } catch {
    throw invalid([{ at: `chain[${i}]`, say: "is no certificate that can be read" }]);
  }
}

function readKey({ key, passphrase }: ChainFile): KeyObject | undefined {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined; // the library's own words could quote the key
  }
}

/** `i` counts from the issuing one; `above` is the next, for the root itself. */
function faultsOf(one: X509Certificate, { i, nowMs, above }: { i: number; nowMs: number; above: X509Certificate }): ProblemPlace[] {
  const parsed = new x509.X509Certificate(one.raw);
  const usages = parsed.getExtension(x509.KeyUsagesExtension)?.usages;
  const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
  const needed = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  const faults: [wrong: boolean, say: string][] = [
    [constraints?.ca !== true, "is no authority (basic constraints)"],
    [usages !== undefined && (usages & needed) !== needed, "may not sign certificates and revocation lists (key usage)"],
    // Authorities between it and what is issued here (RFC 5280, 4.2.1.9).
    [(constraints?.pathLength ?? i) < i, "allows fewer authorities below it than there are (path length)"],
    [one.validFromDate.getTime() > nowMs, `is not valid before ${one.validFromDate.toISOString()}`],
    [one.validToDate.getTime() < nowMs, `ended at ${one.validToDate.toISOString()}`],
    [!one.checkIssued(above) || !one.verify(above.publicKey), "was not signed by the next certificate of the chain"],
    [parsed.getExtension(nameConstraints) !== null, "has name constraints, which this system does not judge; issue one without"],
    [strangeExtensions(parsed).length > 0, `has critical extensions that are not known here (${strangeExtensions(parsed).join(", ")})`],
    [!signsForTls(parsed), "is not for certificates of TLS clients and servers (extended key usage)"],
    [weakHash.test(parsed.signatureAlgorithm.hash?.name ?? ""), "is signed with a hash that is broken"],
    [
      one.publicKey.asymmetricKeyType === "rsa" && (one.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048,
      "has an RSA key below 2048 bits",
    ],
  ];
  return faults.filter(([wrong]) => wrong).map(([, say]) => ({ at: `chain[${i}]`, say }));
}

const nameConstraints = "2.5.29.30";
const weakHash = /^(MD[245]|SHA-?1)$/i;
/** Those that RFC 5280 lets an authority have, and that are judged here or say nothing of its rights. */
const knownExtensions = [
  "2.5.29.14",
  "2.5.29.15",
  "2.5.29.17",
  "2.5.29.19",
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.35",
  "2.5.29.37",
  nameConstraints,
];

function strangeExtensions({ extensions }: x509.X509Certificate): string[] {
  return extensions.flatMap(({ type, critical }) => (critical && !knownExtensions.includes(type) ? [type] : []));
}

/** Without the extension an authority is for everything. */
function signsForTls(certificate: x509.X509Certificate): boolean {
  const usages = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
  const { serverAuth, clientAuth, anyExtendedKeyUsage } = { ...x509.ExtendedKeyUsage, anyExtendedKeyUsage: "2.5.29.37.0" };
  return usages === undefined || usages.includes(anyExtendedKeyUsage) || (usages.includes(serverAuth) && usages.includes(clientAuth));
}

async function linkOf(one: X509Certificate, crls: Buffer[]): Promise<ChainLink> {
  const parsed = new x509.X509Certificate(one.raw);
  const crl = await crlOf(parsed, crls);
  return {
    der: one.raw,
    name: parsed.subjectName.getField("CN")[0] ?? one.subject.replaceAll("\n", ", "),
    notBefore: one.validFromDate,
    notAfter: one.validToDate,
    publicKey: x509.spkiOf(one.publicKey),
    ...(crl ? { crl } : {}),
  };
}

function readCrl(der: Buffer, i: number): x509.X509Crl {
  try {
    const crl = new x509.X509Crl(der);
    const times = crl.thisUpdate.getTime() + (crl.nextUpdate?.getTime() ?? 0);
    if (Number.isNaN(times) || crl.issuer === "" || crl.entries.some((entry) => entry.serialNumber === "")) throw new Error("no list");
    return crl;
  } catch {
    throw invalid([{ at: `crls[${i}]`, say: "is no revocation list" }]);
  }
}

async function crlOf(authority: x509.X509Certificate, crls: Buffer[]): Promise<ChainLink["crl"]> {
  for (const [i, der] of crls.entries()) {
    const crl = readCrl(der, i);
    if (crl.issuer !== authority.subject || !crl.nextUpdate) continue;
    // What cannot be verified is not verified.
    if (await crl.verify({ publicKey: authority }).catch(() => false))
      return { der, thisUpdate: crl.thisUpdate, nextUpdate: crl.nextUpdate };
  }
  return undefined;
}

function invalid(places: ProblemPlace[]): Problem {
  const lines = places.map(({ at, say }) => `${at} ${say}`).join("; ");
  return new Problem("pki_chain_invalid", { kind: "invalid", say: `This authority cannot issue here: ${lines}.`, places });
}
