/**
 * TLS to a PostgreSQL server: 1.3 alone, the server proves its name, and we show a certificate where one is set. The files are read again
 * for each connection, so that renewed ones count without a restart.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Problem, sayError } from "@holdfast/kit";
import type { DatabaseTlsFiles } from "./settings-database.ts";

/** How the connections of one process to its database are protected: what the driver hands to `tls.connect`, beside the host. */
export type DatabaseTls = ConnectionOptions;

interface Material {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

/** Reads the files once, to tell at the start what is wrong with them. @throws Problem `database_tls_files` */
export function openDatabaseTls(files: DatabaseTlsFiles): DatabaseTls {
  let good: Material;
  try {
    good = read(files);
  } catch (thrown) {
    throw new Problem("database_tls_files", {
      kind: "not_ready",
      say: `The certificate for the database (${files.own?.certificate ?? files.ca}) cannot be used: ${sayError(thrown)}.`,
      because: thrown,
    });
  }
  // While files are exchanged one by one they do not fit for a moment: then those before count.
  const now = (): Material => {
    try {
      good = read(files);
    } catch {
      return good;
    }
    return good;
  };
  return optionsOf(files, now);
}

function read({ ca, own }: DatabaseTlsFiles): Material {
  const authorities = ca === undefined ? {} : { ca: readFileSync(ca) };
  if (!own) return authorities;
  const [cert, key] = [readFileSync(own.certificate), readFileSync(own.key)];
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { ...authorities, cert, key };
  throw new Error("the key is not that of the certificate");
}

function optionsOf(files: DatabaseTlsFiles, now: () => Material): ConnectionOptions {
  const options: ConnectionOptions = { minVersion: "TLSv1.3", rejectUnauthorized: true };
  // The driver takes `cert` before `key`: both of one reading.
  let pair: Material = {};
  const lend = (name: keyof Material, get: () => Buffer | undefined): void =>
    void Object.defineProperty(options, name, { get, enumerable: true, configurable: true });
  if (files.ca !== undefined) lend("ca", () => now().ca);
  if (files.own) {
    lend("cert", () => (pair = now()).cert);
    lend("key", () => (pair.key === undefined ? now().key : pair.key));
  }
  return options;
}

/** What a client of the driver is made with. */
export function connectionTo(url: string, tls: DatabaseTls | undefined): { connectionString: string; ssl?: ConnectionOptions } {
  return { connectionString: url, ...(tls ? { ssl: tls } : {}) };
}
