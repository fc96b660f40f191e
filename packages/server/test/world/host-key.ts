/** Host keys in OpenSSH's own format (PROTOCOL.key). The one that ssh2 makes cannot be read back once in a few hundred times. */
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import ssh2 from "ssh2";

const type = "ssh-ed25519";

function field(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A new ed25519 private key. */
export function newHostKey(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x, d } = privateKey.export({ format: "jwk" });
  const pub = Buffer.from(x!, "base64url");
  const publicBlob = Buffer.concat([field(type), field(pub)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([Buffer.from(d!, "base64url"), pub]);
  const inner = Buffer.concat([check, check, field(type), field(pub), field(secret), field("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const head = Buffer.concat([Buffer.from("openssh-key-v1\0"), field("none"), field("none"), field(""), count(1), field(publicBlob)]);
  const text = Buffer.concat([head, field(Buffer.concat([inner, padding]))]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${text.match(/.{1,70}/g)!.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** `SHA256:…`, as OpenSSH prints it. */
export function fingerprintOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "")}`;
}
