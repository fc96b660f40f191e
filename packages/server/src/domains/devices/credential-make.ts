/** New credentials in the place of old ones: another key pair, another password; what else the credential says stays. */
import { generateKeyPair, randomBytes, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import ssh2 from "ssh2";
import type { DeviceCredential } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { PublicKey } from "./platforms/account.ts";

export type KeyAlgorithm = "ed25519" | "rsa";
/** What can be exchanged on devices. */
export type Exchanged = Extract<DeviceCredential, { kind: "ssh_key" | "password" }>;

const generate = promisify(generateKeyPair);
const rsaBits = 3072;

export async function newCredential(old: Exchanged, algorithm: KeyAlgorithm): Promise<Exchanged> {
  // 144 bits, in letters that every platform takes.
  if (old.kind === "password") return { ...old, password: randomBytes(18).toString("base64url") };
  const { passphrase: _, ...rest } = old;
  return { ...rest, privateKey: await newPrivateKey(algorithm) };
}

/** In a form that ssh2 and OpenSSH read. */
async function newPrivateKey(algorithm: KeyAlgorithm): Promise<string> {
  if (algorithm === "ed25519") return openSshPrivateKey((await generate("ed25519", {})).privateKey);
  return (await generate("rsa", { modulusLength: rsaBits })).privateKey.export({ format: "pem", type: "pkcs1" }) as string;
}

/** OpenSSH's own format (PROTOCOL.key of OpenSSH), not encrypted: it is kept sealed. */
function openSshPrivateKey(key: KeyObject): string {
  const { x = "", d = "" } = key.export({ format: "jwk" });
  const type = "ssh-ed25519";
  const publicBytes = Buffer.from(x, "base64url");
  const check = randomBytes(4);
  const secret = Buffer.concat([Buffer.from(d, "base64url"), publicBytes]);
  const inner = Buffer.concat([check, check, text(type), text(publicBytes), text(secret), text("holdfast")]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const publicBlob = Buffer.concat([text(type), text(publicBytes)]);
  const head = Buffer.concat([Buffer.from("openssh-key-v1\0"), text("none"), text("none"), text(""), count(1), text(publicBlob)]);
  const lines =
    Buffer.concat([head, text(Buffer.concat([inner, padding]))])
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function text(value: string | Buffer): Buffer {
  return Buffer.concat([count(Buffer.byteLength(value)), Buffer.from(value)]);
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @throws Problem `devices_key_unreadable` */
export function publicKeyOf({ privateKey, passphrase }: Extract<Exchanged, { kind: "ssh_key" }>): PublicKey {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key && !(key instanceof Error) && key.isPrivateKey()) return { type: key.type, body: key.getPublicSSH().toString("base64") };
  throw new Problem("devices_key_unreadable", {
    kind: "not_ready",
    say: "The SSH key cannot be read: it is no private key in PEM or OpenSSH format, or its passphrase is wrong.",
  });
}
