/** The transit engine of the simulated Vault: AES-256-GCM under named keys with versions. API documents: `secret/transit`. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Engine } from "./kv.ts";
import { noRoute, Refusal, text } from "./wire.ts";

export function transit(): Engine {
  const keys = new Map<string, Buffer[]>();

  const versionsOf = (name: string): Buffer[] => {
    const versions = keys.get(name);
    if (!versions) throw new Refusal(400, ["encryption key not found"]);
    return versions;
  };

  function encrypt(name: string, plaintext: string): string {
    // Vault makes the key at the first encryption, for who may create.
    if (!keys.has(name)) keys.set(name, [randomBytes(32)]);
    const versions = versionsOf(name);
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", versions.at(-1)!, nonce);
    const sealed = Buffer.concat([nonce, cipher.update(Buffer.from(plaintext, "base64")), cipher.final(), cipher.getAuthTag()]);
    return `vault:v${versions.length}:${sealed.toString("base64")}`;
  }

  function decrypt(name: string, ciphertext: string): string {
    const [, number = "0", encoded = ""] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
    const key = versionsOf(name)[Number(number) - 1];
    if (!key) throw new Refusal(400, ["invalid ciphertext: no prefix"]);
    const bytes = Buffer.from(encoded, "base64");
    try {
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("base64");
    } catch {
      throw new Refusal(400, ["invalid ciphertext: unable to decrypt"]);
    }
  }

  return ({ body, method }, rest) => {
    const [act = "", name = "", last] = rest.split("/");
    if (act === "encrypt") return { data: { ciphertext: encrypt(name, text(body, "plaintext")), key_version: keys.get(name)?.length } };
    if (act === "decrypt") return { data: { plaintext: decrypt(name, text(body, "ciphertext")) } };
    if (act === "rewrap")
      return { data: { ciphertext: encrypt(name, decrypt(name, text(body, "ciphertext"))), key_version: keys.get(name)?.length } };
    if (act === "keys" && last === "rotate") {
      versionsOf(name).push(randomBytes(32));
      return { status: 204 };
    }
    if (act === "keys" && method === "GET") return { data: { name, latest_version: versionsOf(name).length, type: "aes256-gcm96" } };
    if (act === "keys") {
      if (!keys.has(name)) keys.set(name, [randomBytes(32)]);
      return { status: 204 };
    }
    throw noRoute(rest);
  };
}
