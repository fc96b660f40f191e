/** Signing in to devices with SSH certificates that Vault signs: a key for one sign-in, made here; its certificate from Vault, and on record. */
import { generateKeyPairSync } from "node:crypto";
import type { Audit, By } from "#core/audit";
import { inTransaction, type Db } from "#platform/db";
import { malformed } from "./vault/problems.ts";
import type { Vault } from "./vault/index.ts";

export interface SshSignInWish {
  /** User names that the certificate is for. */
  principals: string[];
  /** How long it is good for; Vault's role may say less. */
  minutes: number;
  /** Whether connections may go on through the device. */
  forwarding?: boolean | undefined;
}

/** `privateKey`: Ed25519, PKCS #8 PEM. `certificate`: the line that goes beside it. */
export interface SshSignIn {
  privateKey: string;
  certificate: string;
  validBeforeMs: number;
}

/** `at`: `<mount>/<role>` of an SSH engine whose role has `key_type=ca`. */
export function createVaultSsh({ vault, db, audit, at }: { vault: Vault; db: Db; audit: Audit; at: string }) {
  const slash = at.lastIndexOf("/");
  const ssh = vault.ssh(at.slice(0, slash));
  const role = at.slice(slash + 1);
  return {
    /** @throws Problem `secrets_vault_*` */
    async signIn({ principals, minutes, forwarding = false }: SshSignInWish, by: By): Promise<SshSignIn> {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const { x = "" } = publicKey.export({ format: "jwk" });
      const blob = Buffer.concat([text(Buffer.from(keyType)), text(Buffer.from(x, "base64url"))]);
      const extensions = ["permit-pty", ...(forwarding ? ["permit-port-forwarding"] : [])];
      const wanted = { publicKey: `${keyType} ${blob.toString("base64")}`, principals, ttl: `${minutes}m`, extensions };
      const { certificate, serial } = await ssh.sign(role, wanted);
      const validBeforeMs = endOf(certificate);
      const after = { principals, validBefore: new Date(validBeforeMs).toISOString(), signedBy: `vault:${at}` };
      // On record before anybody has it.
      await inTransaction(db, (tx) =>
        audit.record(tx, { ...by, action: "secrets.vault.ssh_sign", subject: `ssh_certificate:${serial}`, after }),
      );
      return { privateKey: privateKey.export({ format: "pem", type: "pkcs8" }) as string, certificate, validBeforeMs };
    },
  };
}

const keyType = "ssh-ed25519";

/** `valid before` of an Ed25519 certificate (PROTOCOL.certkeys of OpenSSH), in milliseconds since 1970. */
function endOf(certificate: string): number {
  const bytes = Buffer.from(certificate.split(" ")[1] ?? "", "base64");
  try {
    let at = 0;
    const skip = (): void => void (at += 4 + bytes.readUInt32BE(at));
    for (let i = 0; i < 3; i++) skip(); // type, nonce, key
    at += 8 + 4; // serial, type
    skip(); // key id
    skip(); // principals
    return Number(bytes.readBigUInt64BE(at + 8)) * 1000;
  } catch (thrown) {
    throw malformed("ssh/sign", thrown);
  }
}

function text(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
