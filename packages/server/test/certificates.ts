/** Certificates for tests: a server's with the authority that made it, and a signing request. */
import "reflect-metadata"; // the X.509 library wants it loaded first
import type { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** PEM texts; the certificate is for 127.0.0.1. */
export async function tlsPair(): Promise<{ ca: string; cert: string; key: string }> {
  x509.cryptoProvider.set(globalThis.crypto);
  const [authority, server] = await Promise.all([newPair(), newPair()]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Test CA",
    keys: authority,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const cert = await x509.X509CertificateGenerator.create({
    subject: "CN=127.0.0.1",
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  return { ca: ca.toString("pem"), cert: cert.toString("pem"), key: await privatePem(server.privateKey) };
}

/** PEM. */
export async function certificateRequest(commonName: string): Promise<string> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await newPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: `CN=${commonName}`, keys, signingAlgorithm: algorithm });
  return request.toString("pem");
}

export interface MachineRequest {
  csr: string;
  key: string;
}

/** A request with the key that stays with whoever asks. PEM. */
export async function machineRequest(): Promise<MachineRequest> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await newPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=machine", keys, signingAlgorithm: algorithm });
  return { csr: request.toString("pem"), key: await privatePem(keys.privateKey) };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/(.{64})/g, "$1\n").trim()}\n-----END PRIVATE KEY-----\n`;
}

async function newPair(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}
