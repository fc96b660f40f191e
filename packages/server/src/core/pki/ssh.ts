/** The SSH authority: user certificates that live minutes. Nothing is kept of them but the audit entry, so nothing needs revoking. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { isIP } from "node:net";
import { Problem } from "@holdfast/kit";
import type { By } from "#core/audit";
import { inTransaction } from "#platform/db";
import { earlyMs, type Parts } from "./deps.ts";
import { notReady } from "./problems.ts";
import { parseSshLine, signSshCertificate, sshFingerprint, sshPublicBlob } from "./ssh-certificate.ts";
import { issuingAuthority, keyPlace, nextSshSerial } from "./store.ts";

export interface SshWish {
  /** `<type> <base64> [comment]`. */
  publicKey: string;
  principals: string[];
  minutes: number;
  sourceAddresses?: string[] | undefined;
  forceCommand?: string | undefined;
  forwarding?: boolean | undefined;
}

export interface SshSigned {
  /** The line for `-cert.pub`. */
  certificate: string;
  serial: string;
  keyId: string;
  validAfter: string;
  validBefore: string;
}

export function createSshAuthority(parts: Parts) {
  const { db, audit, secrets, clock } = parts;

  async function sign(wish: SshWish, by: By): Promise<SshSigned> {
    const publicBlob = parseSshLine(wish.publicKey);
    checkPrincipals(wish.principals);
    checkBlocks(wish.sourceAddresses ?? []);
    return inTransaction(db, async (tx) => {
      const authority = await issuingAuthority(tx, "ssh");
      if (!authority || authority.sealed_key === null) throw notReady();
      const key = createPrivateKey({ key: secrets.open(keyPlace(authority.id), authority.sealed_key), format: "der", type: "pkcs8" });
      const serial = await nextSshSerial(tx);
      const nowMs = clock.now();
      const term = { validAfter: new Date(nowMs - earlyMs), validBefore: new Date(nowMs + wish.minutes * 60_000) };
      const keyId = `${by.actor} ${serial}`;
      const { type, blob } = signSshCertificate({ ...wish, ...term, publicBlob, serial, keyId }, key);
      const told = { principals: wish.principals, validBefore: term.validBefore.toISOString(), publicKey: sshFingerprint(publicBlob) };
      const bounds = { sourceAddresses: wish.sourceAddresses, forceCommand: wish.forceCommand };
      await audit.record(tx, { ...by, action: "pki.ssh.sign", subject: `ssh_certificate:${serial}`, after: { ...told, ...bounds } });
      const at = { validAfter: term.validAfter.toISOString(), validBefore: term.validBefore.toISOString() };
      return { certificate: `${type} ${blob.toString("base64")} ${keyId.replaceAll(/\s/g, "_")}`, serial: String(serial), keyId, ...at };
    });
  }

  return {
    sign,

    /** A fresh Ed25519 key with its certificate, for one sign-in of this process. `privateKey` is PKCS #8 PEM. */
    async signIn(wish: Omit<SshWish, "publicKey">, by: By): Promise<{ privateKey: string; certificate: string; validBeforeMs: number }> {
      const { privateKey } = generateKeyPairSync("ed25519");
      const line = `ssh-ed25519 ${sshPublicBlob(privateKey).toString("base64")}`;
      const { certificate, validBefore } = await sign({ ...wish, publicKey: line }, by);
      return {
        privateKey: privateKey.export({ format: "pem", type: "pkcs8" }) as string,
        certificate,
        validBeforeMs: Date.parse(validBefore),
      };
    },
  };
}

function checkPrincipals(principals: string[]): void {
  if (principals.length > 0 && principals.every((name) => /^[^\s,*?!]{1,100}$/.test(name))) return;
  throw new Problem("pki_principal_invalid", {
    kind: "invalid",
    say: "A principal is a user name of the device, without blanks, commas and wildcards; at least one is needed.",
  });
}

function checkBlocks(blocks: string[]): void {
  const bad = blocks.find((block) => {
    const [address = "", size] = block.split("/");
    const bits = isIP(address) === 4 ? 32 : 128;
    return isIP(address) === 0 || (size !== undefined && !(/^\d{1,3}$/.test(size) && Number(size) <= bits));
  });
  if (bad === undefined) return;
  throw new Problem("pki_source_address_invalid", { kind: "invalid", say: `"${bad}" is no address and no CIDR block.` });
}
