/** A certificate signing request (PKCS #10, RFC 2986) for a new key of P-256. It names nobody: who asks is known otherwise. */
import { generateKeyPairSync, sign } from "node:crypto";

const version = Buffer.from([0x02, 0x01, 0x00]);
const noName = Buffer.from([0x30, 0x00]);
const noAttributes = Buffer.from([0xa0, 0x00]);
/** ecdsa-with-SHA256 (RFC 5758, 3.2). */
const algorithm = Buffer.from("300a06082a8648ce3d040302", "hex");

/** PEM. The key is for whoever made it alone. */
export function newSigningRequest(): { csr: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const asked = sequence(version, noName, publicKey.export({ format: "der", type: "spki" }), noAttributes);
  const request = sequence(asked, algorithm, bits(sign("sha256", asked, privateKey)));
  const lines = request.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    csr: `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join("\n")}\n-----END CERTIFICATE REQUEST-----\n`,
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
  };
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function bits(value: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), value]));
}

/** DER: tag, length, content; shorter than 64 KiB. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}
