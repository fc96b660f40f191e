/** What verifying an audit trail needs of Node, from public keys in PEM. */
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { Problem, type TrailCrypto } from "@holdfast/kit";

/** @throws Problem `cli_public_key_invalid` */
export function trailCrypto(pems: readonly string[]): TrailCrypto {
  const keys = new Map(pems.flatMap(keysIn));
  return {
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    pseudonymOf: (name, key) =>
      createHmac("sha256", Buffer.from(key, "base64")).update(`holdfast person\n${name}`, "utf8").digest("hex").slice(0, 32),
    signed(keyId, text, signature) {
      const key = keys.get(keyId);
      return key === undefined ? "unknown key" : verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
    },
  };
}

/** A file may hold several keys, one after the other. */
function keysIn(text: string): [string, ReturnType<typeof createPublicKey>][] {
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) throw invalid();
  return blocks.map((block) => {
    const key = readKey(block);
    if (key.asymmetricKeyType !== "ed25519") throw invalid();
    const der = key.export({ type: "spki", format: "der" });
    return [createHash("sha256").update(der).digest("hex").slice(0, 16), key];
  });
}

function readKey(block: string): ReturnType<typeof createPublicKey> {
  try {
    return createPublicKey(block);
  } catch {
    throw invalid();
  }
}

function invalid(): Problem {
  return new Problem("cli_public_key_invalid", {
    kind: "invalid",
    say: "The file holds no public key (PEM, Ed25519). Get it, on a day when you trust the server, with: holdfast audit keys",
  });
}
