/** The PKI and SSH engines of the simulated Vault; their certificates are real. API documents: `secret/pki`, `secret/ssh`. */
import "reflect-metadata"; // the X.509 library wants it loaded first
import { generateKeyPairSync, randomBytes, sign as signWith, type KeyObject, type webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Engine } from "./kv.ts";
import { noRoute, Refusal, seconds, text, type VaultRequest } from "./wire.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface SimulatedPki {
  engine: Engine;
  /** PEM. */
  ca: string;
  revoked: Set<string>;
}

/** `domains`: what the role `device` may issue for. */
export async function pki(now: () => number, domains: string[]): Promise<SimulatedPki> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signs = new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Simulated Vault CA",
    keys,
    notBefore: new Date(now() - 30_000),
    notAfter: new Date(now() + 3650 * 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      signs,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
    signingAlgorithm: algorithm,
  });
  const revoked = new Set<string>();

  async function certify(publicKey: webcrypto.CryptoKey, { body }: VaultRequest): Promise<x509.X509Certificate> {
    const name = text(body, "common_name");
    if (!domains.some((domain) => name === domain || name.endsWith(`.${domain}`)))
      throw new Refusal(400, [`common name ${name} not allowed by this role`]);
    const addresses = text(body, "ip_sans")
      .split(",")
      .filter(Boolean)
      .map((value) => ({ type: "ip" as const, value }));
    const names = [name, ...text(body, "alt_names").split(",").filter(Boolean)].map((value) => ({ type: "dns" as const, value }));
    return x509.X509CertificateGenerator.create({
      serialNumber: `0${randomBytes(16).toString("hex").slice(1)}`,
      subject: `CN=${name}`,
      issuer: root.subject,
      notBefore: new Date(now() - 30_000),
      notAfter: new Date(now() + (seconds(body["ttl"]) ?? 3600) * 1000),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([...names, ...addresses])],
    });
  }

  /** `use_csr_values` is not on: of the request the key alone counts. */
  async function certifyAuthority(publicKey: webcrypto.CryptoKey, { body }: VaultRequest): Promise<x509.X509Certificate> {
    const pathLength = Number(body["max_path_length"] ?? -1);
    return x509.X509CertificateGenerator.create({
      serialNumber: `0${randomBytes(16).toString("hex").slice(1)}`,
      subject: new x509.Name([{ CN: [text(body, "common_name")] }, { O: [text(body, "organization")] }]),
      issuer: root.subject,
      notBefore: new Date(now() - 30_000),
      notAfter: new Date(Math.min(now() + (seconds(body["ttl"]) ?? 3600) * 1000, root.notAfter.getTime())),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, pathLength < 0 ? undefined : pathLength, true),
        signs,
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
  }

  const told = (certificate: x509.X509Certificate) => ({
    certificate: certificate.toString("pem"),
    issuing_ca: root.toString("pem"),
    ca_chain: [root.toString("pem")],
    serial_number: certificate.serialNumber.replaceAll(/(..)(?!$)/g, "$1:"),
    expiration: Math.floor(certificate.notAfter.getTime() / 1000),
  });

  const engine: Engine = async (request, rest) => {
    const [act, role] = rest.split("/");
    if ((act === "issue" || act === "sign") && role !== "device") throw new Refusal(400, [`unknown role: ${role}`]);
    if (act === "issue") {
      const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).toString("base64");
      const pem = `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/(.{64})/g, "$1\n").trim()}\n-----END PRIVATE KEY-----`;
      return { data: { ...told(await certify(pair.publicKey, request)), private_key: pem, private_key_type: "ec" } };
    }
    if (rest === "root/sign-intermediate") {
      const csr = new x509.Pkcs10CertificateRequest(text(request.body, "csr"));
      if (!(await csr.verify())) throw new Refusal(400, ["request signature invalid"]);
      return { data: told(await certifyAuthority(await csr.publicKey.export(), request)) };
    }
    if (act === "sign") {
      const csr = new x509.Pkcs10CertificateRequest(text(request.body, "csr"));
      if (!(await csr.verify())) throw new Refusal(400, ["request signature invalid"]);
      return { data: told(await certify(await csr.publicKey.export(), request)) };
    }
    if (act === "revoke") {
      revoked.add(text(request.body, "serial_number"));
      return { data: { revocation_time: Math.floor(now() / 1000) } };
    }
    throw noRoute(rest);
  };
  return { engine, ca: root.toString("pem"), revoked };
}

/** OpenSSH's certificate format (PROTOCOL.certkeys), Ed25519 signing Ed25519. */
export function ssh(now: () => number): { engine: Engine; caLine: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const caBlob = Buffer.concat([string("ssh-ed25519"), string(rawOf(publicKey))]);
  const caLine = `ssh-ed25519 ${caBlob.toString("base64")}`;
  let serial = 0n;

  function certify({ body }: VaultRequest): { signed_key: string; serial_number: string } {
    const [kind = "", blob = ""] = text(body, "public_key").split(" ");
    const principals = text(body, "valid_principals").split(",").filter(Boolean);
    if (kind !== "ssh-ed25519") throw new Refusal(400, ["failed to parse public_key as SSH key"]);
    if (principals.length === 0) throw new Refusal(400, ["empty valid principals not allowed by role"]);
    const key = Buffer.from(blob, "base64").subarray(-32);
    const start = BigInt(Math.floor(now() / 1000) - 30);
    const names = Object.keys((body["extensions"] as Record<string, string> | undefined) ?? { "permit-pty": "" }).sort();
    const extensions = Buffer.concat(names.flatMap((name) => [string(name), string("")]));
    serial += 1n;
    const signed = Buffer.concat([
      string("ssh-ed25519-cert-v01@openssh.com"),
      string(randomBytes(32)),
      string(key),
      number64(serial),
      number32(body["cert_type"] === "host" ? 2 : 1),
      string(`vault-token-${principals[0] ?? ""}`),
      string(Buffer.concat(principals.map(string))),
      number64(start),
      number64(start + 30n + BigInt(seconds(body["ttl"]) ?? 1800)),
      string(""),
      string(body["cert_type"] === "host" ? "" : extensions),
      string(""),
      string(caBlob),
    ]);
    const signature = Buffer.concat([string("ssh-ed25519"), string(signWith(null, signed, privateKey))]);
    const line = Buffer.concat([signed, string(signature)]).toString("base64");
    return { signed_key: `ssh-ed25519-cert-v01@openssh.com ${line}\n`, serial_number: serial.toString(16).padStart(16, "0") };
  }

  const engine: Engine = (request, rest) => {
    if (rest === "config/ca" && request.method === "GET") return { data: { public_key: `${caLine}\n` } };
    if (rest === "sign/device") return { data: certify(request) };
    if (rest.startsWith("sign/")) throw new Refusal(400, [`unknown role: ${rest.slice(5)}`]);
    throw noRoute(rest);
  };
  return { engine, caLine };
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number32(bytes.length), bytes]);
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function number64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
