/** Vault's engines for keys and certificates: transit, PKI, SSH. API documents: `secret/transit`, `secret/pki`, `secret/ssh`. */
import { z } from "zod";
import { dataOf } from "./client.ts";
import type { VaultSession } from "./session.ts";

export interface Transit {
  /** `vault:v<key version>:<base64>`. */
  encrypt(key: string, plaintext: Buffer): Promise<string>;
  decrypt(key: string, ciphertext: string): Promise<Buffer>;
  /** The same plaintext under the newest key version; it does not leave Vault. */
  rewrap(key: string, ciphertext: string): Promise<string>;
  /** A new version of the key; older ciphertexts still open. */
  rotate(key: string): Promise<void>;
}

export interface IssueCertificate {
  commonName: string;
  altNames?: string[];
  ipSans?: string[];
  uriSans?: string[];
  ttl?: string;
}

/** PEM texts. `serial` as Vault writes it: hexadecimal with colons. */
export interface IssuedCertificate {
  certificate: string;
  issuer: string;
  chain: string[];
  serial: string;
  privateKey?: string;
}

export interface Pki {
  /** A key pair and its certificate, both made by Vault. */
  issue(role: string, wanted: IssueCertificate): Promise<IssuedCertificate>;
  /** A certificate for a key that stays here. `csr`: PEM. */
  sign(role: string, csr: string, wanted: IssueCertificate): Promise<IssuedCertificate>;
  /** A certificate of an authority, for a key that stays here: it signs certificates, and no further authorities. */
  signIntermediate(csr: string, wanted: { commonName: string; organization: string; ttl: string }): Promise<IssuedCertificate>;
  revoke(serial: string): Promise<void>;
}

export interface SignSshKey {
  /** One line, as in `id_ed25519.pub`. */
  publicKey: string;
  principals: string[];
  /** e.g. `30m`; the role's unless told. */
  ttl?: string;
  hostKey?: boolean;
  /** e.g. `permit-pty`; the role's own unless told. The role must allow them. */
  extensions?: string[];
}

export interface Ssh {
  /** The certificate line that goes beside the key (`id_ed25519-cert.pub`), and its serial number. */
  sign(role: string, wanted: SignSshKey): Promise<{ certificate: string; serial: string }>;
  /** What devices trust (`TrustedUserCAKeys`). */
  publicKey(): Promise<string>;
}

const ciphertextShape = z.object({ ciphertext: z.string() });
const plaintextShape = z.object({ plaintext: z.string() });
const certificateShape = z.object({
  certificate: z.string(),
  issuing_ca: z.string(),
  ca_chain: z.array(z.string()).nullish(),
  serial_number: z.string(),
  private_key: z.string().optional(),
});
const signedShape = z.object({ signed_key: z.string(), serial_number: z.string() });

export function createTransit(session: VaultSession, mount: string): Transit {
  const post = (path: string, body: Record<string, unknown>) => session.call({ method: "POST", path, body, repeatable: true });
  return {
    async encrypt(key, plaintext) {
      const path = `${mount}/encrypt/${key}`;
      return dataOf(ciphertextShape, await post(path, { plaintext: plaintext.toString("base64") }), path).ciphertext;
    },
    async decrypt(key, ciphertext) {
      const path = `${mount}/decrypt/${key}`;
      return Buffer.from(dataOf(plaintextShape, await post(path, { ciphertext }), path).plaintext, "base64");
    },
    async rewrap(key, ciphertext) {
      const path = `${mount}/rewrap/${key}`;
      return dataOf(ciphertextShape, await post(path, { ciphertext }), path).ciphertext;
    },
    async rotate(key) {
      await session.call({ method: "POST", path: `${mount}/keys/${key}/rotate`, body: {} });
    },
  };
}

export function createPki(session: VaultSession, mount: string): Pki {
  async function ask(path: string, body: Record<string, unknown>): Promise<IssuedCertificate> {
    const made = dataOf(certificateShape, await session.call({ method: "POST", path, body }), path);
    return {
      certificate: made.certificate,
      issuer: made.issuing_ca,
      chain: made.ca_chain ?? [made.issuing_ca],
      serial: made.serial_number,
      ...(made.private_key === undefined ? {} : { privateKey: made.private_key }),
    };
  }
  return {
    issue: (role, wanted) => ask(`${mount}/issue/${role}`, namesOf(wanted)),
    sign: (role, csr, wanted) => ask(`${mount}/sign/${role}`, { csr, ...namesOf(wanted) }),
    signIntermediate: (csr, { commonName, organization, ttl }) =>
      ask(`${mount}/root/sign-intermediate`, { csr, common_name: commonName, organization, ttl, max_path_length: 0, format: "pem" }),
    async revoke(serial) {
      await session.call({ method: "POST", path: `${mount}/revoke`, body: { serial_number: serial }, repeatable: true });
    },
  };
}

function namesOf({ commonName, altNames, ipSans, uriSans, ttl }: IssueCertificate): Record<string, string> {
  return {
    common_name: commonName,
    ...(altNames && { alt_names: altNames.join(",") }),
    ...(ipSans && { ip_sans: ipSans.join(",") }),
    ...(uriSans && { uri_sans: uriSans.join(",") }),
    ...(ttl !== undefined && { ttl }),
  };
}

export function createSsh(session: VaultSession, mount: string): Ssh {
  return {
    async sign(role, { publicKey, principals, ttl, hostKey = false, extensions }) {
      const path = `${mount}/sign/${role}`;
      const body = {
        public_key: publicKey,
        valid_principals: principals.join(","),
        cert_type: hostKey ? "host" : "user",
        ...(extensions && { extensions: Object.fromEntries(extensions.map((name) => [name, ""])) }),
        ...(ttl !== undefined && { ttl }),
      };
      const { signed_key, serial_number } = dataOf(signedShape, await session.call({ method: "POST", path, body }), path);
      return { certificate: signed_key.trim(), serial: serial_number };
    },
    async publicKey() {
      const path = `${mount}/config/ca`;
      return dataOf(z.object({ public_key: z.string() }), await session.call({ method: "GET", path }), path).public_key.trim();
    },
  };
}
