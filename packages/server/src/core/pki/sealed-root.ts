/**
 * The root as it is carried away: its certificate, and its key as PKCS #8 under a passphrase (PBES2 of RFC 8018 with scrypt of
 * RFC 7914 and AES-256-CBC), so that `openssl pkey` opens it in the worst of days, without us.
 */
import { createCipheriv, createPrivateKey, randomBytes, scryptSync, X509Certificate, type KeyObject } from "node:crypto";
import { Problem } from "@holdfast/kit";
import { pemBlocks, pemOf, pkcs8Of } from "./x509.ts";

/** 2¹⁴·8·5: what OWASP asks for, within the 32 MiB that OpenSSL allows a key file. */
const cost = { N: 16_384, r: 8, p: 5 };

/** PEM of both. */
export function sealRoot({ certificate, key, passphrase }: { certificate: Buffer; key: KeyObject; passphrase: string }): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const cipher = createCipheriv("aes-256-cbc", scryptSync(passphrase, salt, 32, cost), iv);
  const sealed = Buffer.concat([cipher.update(pkcs8Of(key)), cipher.final()]);
  const derivation = sequence(oid.scrypt, sequence(octets(salt), whole(cost.N), whole(cost.r), whole(cost.p), whole(32)));
  const encryption = sequence(oid.aes256Cbc, octets(iv));
  const der = sequence(sequence(oid.pbes2, sequence(derivation, encryption)), octets(sealed));
  return pemOf("CERTIFICATE", certificate) + pemOf("ENCRYPTED PRIVATE KEY", der);
}

/** Opens what `sealRoot` made. @throws Problem `pki_root_file_invalid` */
export function openRoot(pem: string, passphrase: string): { certificate: Buffer; key: KeyObject } {
  const [certificate] = pemBlocks(pem, "CERTIFICATE");
  const [sealed] = pemBlocks(pem, "ENCRYPTED PRIVATE KEY");
  if (!certificate || !sealed) throw invalid("it holds no certificate with an encrypted private key");
  let key: KeyObject;
  let matches: boolean;
  try {
    key = createPrivateKey({ key: pemOf("ENCRYPTED PRIVATE KEY", sealed), passphrase });
    matches = new X509Certificate(certificate).checkPrivateKey(key);
  } catch (thrown) {
    throw invalid("it does not open with this passphrase", thrown);
  }
  if (!matches) throw invalid("its key is not that of its certificate");
  return { certificate, key };
}

function invalid(why: string, because?: unknown): Problem {
  return new Problem("pki_root_file_invalid", { kind: "invalid", say: `This is no exported root: ${why}.`, because });
}

// DER, as far as it is needed here.
function element(tag: number, body: Buffer): Buffer {
  const size = body.length < 0x80 ? Buffer.of(body.length) : body.length < 0x100 ? Buffer.of(0x81, body.length) : longSize(body.length);
  return Buffer.concat([Buffer.of(tag), size, body]);
}

function longSize(length: number): Buffer {
  return Buffer.of(0x82, length >> 8, length & 0xff);
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function octets(bytes: Buffer): Buffer {
  return element(0x04, bytes);
}

/** A positive integer below 2³¹. */
function whole(value: number): Buffer {
  const hex = value.toString(16).padStart(8, "0");
  const bytes = Buffer.from(hex.replace(/^(00)+(?=[0-7][0-9a-f])/, ""), "hex");
  return element(0x02, bytes);
}

const oid = {
  pbes2: Buffer.from("06092a864886f70d01050d", "hex"),
  scrypt: Buffer.from("06092b06010401da47040b", "hex"),
  aes256Cbc: Buffer.from("060960864801650304012a", "hex"),
};
