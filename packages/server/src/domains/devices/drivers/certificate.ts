/**
 * Signing in with an OpenSSH certificate, which ssh2 does not know. The method "publickey" with a certificate (PROTOCOL.certkeys of
 * OpenSSH, RFC 4252 section 7) differs in two places: the key blob is the certificate, under the certificate's type; and the signature
 * names the plain type of the key. The first is a key that answers so; the second is mended in the one packet that carries the
 * signature, on its way out.
 */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import ssh2, { type Client, type ParsedKey } from "ssh2";

/** A key and its certificate. */
export interface SshCertificate {
  /** Ed25519, PEM. */
  privateKey: string;
  /** `<type> <base64> [comment]`. */
  certificate: string;
}

const plainType = "ssh-ed25519";
const certificateType = "ssh-ed25519-cert-v01@openssh.com";

/** What is used of ssh2 beyond its face; its version is pinned, and a test with OpenSSH holds it. */
interface PacketWriter {
  allocStart: number;
  alloc(payloadBytes: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

/** A key for ssh2's method "publickey" on this one connection. @throws Error for another certificate than one of Ed25519 */
export function certifiedKey(client: Client, { privateKey, certificate }: SshCertificate): ParsedKey {
  const [type, encoded = ""] = certificate.split(" ");
  const key = createPrivateKey(privateKey);
  if (type !== certificateType || key.asymmetricKeyType !== "ed25519") throw new Error("only Ed25519 certificates sign in here");
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const plain = ssh2.utils.parseKey(
    `${plainType} ${Buffer.concat([text(plainType), text(Buffer.from(x, "base64url"))]).toString("base64")}`,
  );
  if (plain instanceof Error || Array.isArray(plain)) throw new Error("ssh2 does not take the key", { cause: plain });
  const members: Pick<ParsedKey, "getPublicSSH" | "isPrivateKey" | "sign"> & { type: string } = {
    type: certificateType,
    getPublicSSH: () => Buffer.from(encoded, "base64"),
    isPrivateKey: () => true,
    sign(data) {
      mendNextPacket(writerOf(client));
      return sign(null, Buffer.from(data), key);
    },
  };
  const descriptors = Object.entries(members).map(([name, value]) => [name, { value }] as const);
  return Object.create(plain, Object.fromEntries(descriptors)) as ParsedKey;
}

function writerOf(client: Client): PacketWriter {
  const { _protocol } = client as unknown as { _protocol?: { _packetRW?: { write?: PacketWriter } } };
  const writer = _protocol?._packetRW?.write;
  if (writer === undefined) throw new Error("this version of ssh2 has no packet writer where it is looked for");
  return writer;
}

/** ssh2 calls for the packet right after it has the signature, in the same turn. */
function mendNextPacket(writer: PacketWriter): void {
  const { finalize, allocStart } = writer;
  writer.finalize = (packet) => {
    writer.finalize = finalize;
    const payload = plainSignature(packet.subarray(allocStart));
    const mended = writer.alloc(payload.length);
    mended.set(payload, allocStart);
    return finalize.call(writer, mended);
  };
}

/** SSH_MSG_USERAUTH_REQUEST with a signature that names the plain type. What follows the request is padding. */
function plainSignature(payload: Buffer): Buffer {
  let at = 1;
  const field = (): Buffer => {
    const start = at + 4;
    at = start + payload.readUInt32BE(at);
    return payload.subarray(start, at);
  };
  for (let i = 0; i < 3; i++) field(); // user, service, method
  at += 1; // "signed"
  field(); // type of the certificate
  field(); // certificate
  const head = payload.subarray(0, at);
  const signature = field();
  const bytes = signature.subarray(4 + signature.readUInt32BE(0) + 4);
  return Buffer.concat([head, text(Buffer.concat([text(plainType), text(bytes)]))]);
}

function text(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
