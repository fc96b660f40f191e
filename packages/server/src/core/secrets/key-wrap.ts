/**
 * Protection of the key ring's file: its keys sealed (AES-256-GCM) under a wrapping key that is not in the file, and comes from a passphrase
 * (scrypt, RFC 7914, with OWASP's parameters) or from Vault's transit engine.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { Problem, type Secret } from "@holdfast/kit";
import { z } from "zod";

/** Vault's transit engine, as far as it is needed here. `key`: `<mount>/<name>`. */
export interface WrappingTransit {
  key: string;
  encrypt(plaintext: Buffer): Promise<string>;
  decrypt(ciphertext: string): Promise<Buffer>;
}

export type Protection = { by: "passphrase"; passphrase: Secret } | { by: "transit"; transit: WrappingTransit };

/** Seals and opens the text of a key ring; made once, with its wrapping key in memory, so that the ring can be read again without waiting. */
export interface KeyWrap {
  readonly by: Protection["by"];
  seal(text: string): WrappedRing;
  /** @throws Problem `secrets_key_ring_locked` */
  open(wrapped: WrappedRing, where: string): string;
}

const base64 = z.base64();
const header = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("passphrase"), kdf: z.literal("scrypt"), n: z.int(), r: z.int(), p: z.int(), salt: base64 }),
  z.strictObject({ by: z.literal("transit"), key: z.string(), ciphertext: z.string() }),
]);
type Header = z.infer<typeof header>;
export const wrappedRing = z.strictObject({ wrappedBy: header, sealed: base64 });
export type WrappedRing = z.infer<typeof wrappedRing>;

/** 128 MiB and about half a second: OWASP Password Storage Cheat Sheet. */
const cost = { n: 2 ** 17, r: 8, p: 1 };
/** More than this is no key ring of ours, and would be a way to use up memory. */
const dearest = { n: 2 ** 20, r: 16, p: 4 };
const leastPassphrase = 12;

/** For a ring that is wrapped already: `wrapped` as it is in the file; else for one that is to be. @throws Problem `secrets_key_ring_locked`, `_passphrase_weak` */
export async function unlock(protection: Protection, wrapped?: WrappedRing, where = ""): Promise<KeyWrap> {
  const known = wrapped?.wrappedBy;
  if (known && known.by !== protection.by) throw locked(where, `it is protected by ${known.by === "transit" ? "Vault" : "a passphrase"}`);
  const made =
    protection.by === "passphrase" ? await fromPassphrase(protection.passphrase, known) : await fromTransit(protection.transit, known);
  const wrap = wrapOf(made);
  if (wrapped) wrap.open(wrapped, where);
  return wrap;
}

interface Wrapping {
  header: Header;
  key: Buffer;
}

async function fromPassphrase(passphrase: Secret, known: Header | undefined): Promise<Wrapping> {
  const text = passphrase.reveal();
  if (!known && text.length < leastPassphrase) throw weak();
  const fresh: Header = { by: "passphrase", kdf: "scrypt", ...cost, salt: randomBytes(16).toString("base64") };
  const header = known?.by === "passphrase" ? known : fresh;
  return { header, key: await derive(text, header) };
}

async function fromTransit(transit: WrappingTransit, known: Header | undefined): Promise<Wrapping> {
  if (known?.by === "transit") return { header: known, key: await transit.decrypt(known.ciphertext) };
  const key = randomBytes(32);
  return { header: { by: "transit", key: transit.key, ciphertext: await transit.encrypt(key) }, key };
}

function derive(text: string, { n, r, p, salt }: Extract<Header, { by: "passphrase" }>): Promise<Buffer> {
  if (n > dearest.n || r > dearest.r || p > dearest.p) throw locked("", "its cost is beyond reason");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = { N: n, r, p, maxmem: 256 * n * r };
  scrypt(text.normalize("NFKC"), Buffer.from(salt, "base64"), 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  return promise;
}

function wrapOf({ header, key }: Wrapping): KeyWrap {
  const additional = Buffer.from(`holdfast key ring\n${JSON.stringify(header)}`);
  return {
    by: header.by,
    seal(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(additional);
      const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return { wrappedBy: header, sealed: Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]).toString("base64") };
    },
    open({ wrappedBy, sealed }, where) {
      if (JSON.stringify(wrappedBy) !== JSON.stringify(header))
        throw locked(where, "its protection was changed while this process ran; restart it");
      const bytes = Buffer.from(sealed, "base64");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(additional);
        decipher.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
      } catch {
        throw locked(where, header.by === "passphrase" ? "the passphrase is wrong, or the file was changed" : "the file was changed");
      }
    },
  };
}

export function locked(where: string, why: string): Problem {
  return new Problem("secrets_key_ring_locked", {
    kind: "not_ready",
    say: `The key ring${where === "" ? "" : ` ${where}`} does not open: ${why}. See HOLDFAST_KEY_PASSPHRASE and HOLDFAST_VAULT_TRANSIT_KEY.`,
  });
}

function weak(): Problem {
  return new Problem("secrets_passphrase_weak", {
    kind: "invalid",
    say: `The passphrase for the key ring needs ${leastPassphrase} characters or more; a few random words do.`,
  });
}
