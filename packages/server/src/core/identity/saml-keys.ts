/** Our own key for a SAML provider: signs what we ask of it, and opens what it encrypts for us. The certificate carries the public half, no more. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface OwnKey {
  /** PKCS #8, PEM. */
  privateKey: string;
  /** Signed by itself; providers compare it, and build no chain. */
  certificate: string;
}

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
const lifeMs = 10 * 365 * 86_400_000;

/** RSA, because it is what every provider takes. */
export async function makeOwnKey(provider: string, nowMs: number): Promise<OwnKey> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Holdfast to ${provider}`] }],
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(nowMs - 60_000),
    notAfter: new Date(nowMs + lifeMs),
  });
  const privateKey = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { privateKey, certificate: certificate.toString("pem") };
}
