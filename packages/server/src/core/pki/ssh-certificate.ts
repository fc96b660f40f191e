/**
 * OpenSSH certificates (PROTOCOL.certkeys of OpenSSH): made from any public key, signed with an Ed25519 or ECDSA P-256 key. Pure but for
 * the random nonce and the signature.
 */
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import { Problem } from "@holdfast/kit";

export interface SshUserCertificate {
  /** Public key as SSH sends it. */
  publicBlob: Buffer;
  serial: bigint;
  /** What the server's log shows. */
  keyId: string;
  /** User names that it signs in as. Never empty: that would mean any. */
  principals: readonly string[];
  validAfter: Date;
  validBefore: Date;
  /** CIDR blocks that it may be used from; anywhere unless told. */
  sourceAddresses?: readonly string[] | undefined;
  /** The one command it runs; any unless told. */
  forceCommand?: string | undefined;
  /** Whether it may open connections to other hosts, as on a bastion. */
  forwarding?: boolean | undefined;
}

/** The types of keys that a certificate is made of. */
const certifiable = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)$/;
const userType = 1;

/** The certificate as SSH sends it, and the type that its line begins with. */
export function signSshCertificate(parts: SshUserCertificate, authority: KeyObject): { type: string; blob: Buffer } {
  const { type, rest } = readPublicBlob(parts.publicBlob);
  if (parts.principals.length === 0) throw new Error("a certificate without principals would be good for every user");
  const certificateType = type.endsWith("@openssh.com") ? type.replace("@", "-cert-v01@") : `${type}-cert-v01@openssh.com`;
  const body = Buffer.concat([
    text(certificateType),
    text(randomBytes(32)),
    rest,
    uint64(parts.serial),
    uint32(userType),
    text(parts.keyId),
    text(Buffer.concat(parts.principals.map(text))),
    uint64(seconds(parts.validAfter)),
    uint64(seconds(parts.validBefore)),
    text(criticalOptions(parts)),
    text(extensions(parts)),
    text(""),
    text(sshPublicBlob(authority)),
  ]);
  return { type: certificateType, blob: Buffer.concat([body, text(signature(body, authority))]) };
}

function extensions({ forwarding = false }: SshUserCertificate): Buffer {
  return Buffer.concat([...(forwarding ? ["permit-port-forwarding"] : []), "permit-pty"].flatMap((name) => [text(name), text("")]));
}

/** Names in this order (PROTOCOL.certkeys: lexical). */
function criticalOptions({ forceCommand, sourceAddresses }: SshUserCertificate): Buffer {
  return Buffer.concat([
    ...(forceCommand === undefined ? [] : [text("force-command"), text(text(forceCommand))]),
    ...(sourceAddresses === undefined || sourceAddresses.length === 0
      ? []
      : [text("source-address"), text(text(sourceAddresses.join(",")))]),
  ]);
}

function signature(body: Buffer, key: KeyObject): Buffer {
  if (key.asymmetricKeyType === "ed25519") return Buffer.concat([text("ssh-ed25519"), text(sign(null, body, key))]);
  const raw = sign("sha256", body, { key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([text("ecdsa-sha2-nistp256"), text(Buffer.concat([mpint(raw.subarray(0, 32)), mpint(raw.subarray(32))]))]);
}

/** A key of ours, Ed25519 or ECDSA P-256, as SSH sends it (RFC 8709, RFC 5656). */
export function sshPublicBlob(key: KeyObject): Buffer {
  const publicKey = key.type === "public" ? key : createPublicKey(key);
  const { crv, x = "", y = "" } = publicKey.export({ format: "jwk" });
  const [left, right] = [Buffer.from(x, "base64url"), Buffer.from(y, "base64url")];
  if (crv === "Ed25519") return Buffer.concat([text("ssh-ed25519"), text(left)]);
  if (crv === "P-256")
    return Buffer.concat([text("ecdsa-sha2-nistp256"), text("nistp256"), text(Buffer.concat([Buffer.of(4), left, right]))]);
  throw new Problem("pki_key_unfit", { kind: "invalid", say: "An SSH authority's key is Ed25519 or ECDSA on P-256." });
}

/** The line of a public key (from its SubjectPublicKeyInfo, DER) and its fingerprint, `SHA256:…`. */
export function sshPublicLine(spki: Buffer): { line: string; fingerprint: string } {
  const blob = sshPublicBlob(createPublicKey({ key: spki, format: "der", type: "spki" }));
  const { type } = readPublicBlob(blob);
  return { line: `${type} ${blob.toString("base64")}`, fingerprint: sshFingerprint(blob) };
}

export function sshFingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Reads `<type> <base64> [comment]`. @throws Problem `pki_ssh_key_invalid` */
export function parseSshLine(line: string): Buffer {
  const [type = "", encoded = ""] = line.trim().split(/\s+/);
  const blob = /^[A-Za-z0-9+/]+=*$/.test(encoded) ? Buffer.from(encoded, "base64") : Buffer.of();
  if (readPublicBlob(blob).type !== type) throw invalid();
  return blob;
}

/** How many fields follow the type, by type. */
function fieldsOf(type: string): number {
  if (type === "ssh-ed25519") return 1;
  if (type === "sk-ecdsa-sha2-nistp256@openssh.com") return 3;
  return 2;
}

/** @throws Problem `pki_ssh_key_invalid` for what is no key, one of a strange type, or an RSA key that is too short */
function readPublicBlob(blob: Buffer): { type: string; rest: Buffer } {
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) throw invalid();
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  const [first, ...others] = fields;
  const type = first?.toString("latin1") ?? "";
  if (!first || at !== blob.length || !certifiable.test(type) || others.length !== fieldsOf(type)) throw invalid();
  const size = others.at(-1)?.length ?? 0;
  if ((type === "ssh-rsa" && size < 256) || (type === "ssh-ed25519" && size !== 32)) throw invalid();
  return { type, rest: blob.subarray(4 + first.length) };
}

function invalid(): Problem {
  return new Problem("pki_ssh_key_invalid", {
    kind: "invalid",
    say: "This is no OpenSSH public key that can be certified: Ed25519, ECDSA, RSA of 2048 bits or more, or one of a security key.",
  });
}

function seconds(at: Date): bigint {
  return BigInt(Math.floor(at.getTime() / 1000));
}

function text(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A positive number as SSH writes it (RFC 4251, 5). */
function mpint(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const short = bytes.subarray(start);
  return text((short[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), short]) : short);
}
