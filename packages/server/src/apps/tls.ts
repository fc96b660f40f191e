/** How the API speaks TLS: with a certificate of our own authority, or with the operator's files; both are exchanged while it runs. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { Problem, sayError, type Clock } from "@holdfast/kit";
import { createTls, spiffeId, type OwnCertificate, type Pki, type ServeOptions, type Tls, type TlsSource, type Trust } from "#core/pki";
import type { HttpTls } from "#platform/http";
import type { Log } from "#platform/log";
import type { Settings } from "#platform/settings";

interface TlsParts {
  settings: Settings;
  pki: Pki;
  clock: Clock;
  log: Log;
  /** How often revocations are looked for; see `createTls`. */
  everyMs?: number | undefined;
}

/** Undefined: this process answers nobody, or in plain HTTP. @throws Problem `tls_files_invalid`, `pki_*`: what is asked for and cannot be had stops the start */
export async function openTls({
  settings,
  pki,
  clock,
  log,
  everyMs,
}: TlsParts): Promise<{ http: HttpTls; close: Tls["close"] } | undefined> {
  if (!settings.tls || !settings.roles.has("api")) return undefined;
  const { certificate, clients } = settings.tls;
  const internal = certificate.from === "internal";
  if (internal || clients !== "off") await ensureAuthority(pki, settings, log);
  const trust = internal || clients !== "off" ? () => pki.trust() : async () => nobody;
  const source = internal ? pki.tlsSource(namesOf(settings, certificate.names)) : filesSource(certificate, trust);
  const tls = await createTls({ source, clock, log, ...(everyMs === undefined ? {} : { everyMs }) });
  const options: ServeOptions = { clients };
  const spiffeIdOf: HttpTls["spiffeIdOf"] = (socket) => {
    const identity = tls.identityOf(socket);
    return identity && spiffeId(identity);
  };
  return { http: { options: tls.serverOptions(options), serve: (server) => tls.serve(server, options), spiffeIdOf }, close: tls.close };
}

const nobody: Trust = { trustDomain: "", roots: [], intermediates: [], crls: [], crlsComplete: false };

/** TLS with our own certificate is asked for before anybody can sign in to make the authority. */
async function ensureAuthority(pki: Pki, { publicUrl }: Settings, log: Log): Promise<void> {
  if ((await pki.status()).ready) return;
  const trustDomain = publicUrl === undefined ? "holdfast.internal" : new URL(publicUrl).hostname;
  try {
    await pki.init({ trustDomain: isIP(trustDomain) === 0 ? trustDomain : "holdfast.internal", name: "Holdfast" }, { actor: "system:pki" });
    log.info({ trustDomain }, "made an authority for certificates");
  } catch (thrown) {
    // Another replica may have been first.
    if (!(await pki.status()).ready) throw thrown;
  }
}

function namesOf({ publicUrl, host }: Settings, more: readonly string[]) {
  const bare = (name: string): string => name.replace(/^\[(.*)\]$/, "$1");
  const all = [...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]), host, ...more, "localhost", "127.0.0.1", "::1"].map(bare);
  const [addresses, dnsNames] = [all.filter((name) => isIP(name) !== 0), all.filter((name) => isIP(name) === 0)];
  const name = hostname()
    .replaceAll(/[^a-zA-Z0-9._-]/g, "-")
    .slice(0, 50)
    .replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, "");
  return {
    kind: "process" as const,
    name: `api-${name || "here"}`,
    dnsNames,
    addresses: addresses.filter((address) => !/^(0\.0\.0\.0|::)$/.test(address)),
  };
}

/** The operator's files, read again when one of them changes. */
export function filesSource(files: { chain: string; key: string }, trust: () => Promise<Trust>): TlsSource {
  let seen = "";
  const look = async (): Promise<string> => {
    const stats = await Promise.all([stat(files.chain), stat(files.key)]);
    return stats.map(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`).join();
  };
  return {
    trust,
    changed: async () => (await look()) !== seen,
    async obtain() {
      try {
        const now = await look();
        const [chain, key] = await Promise.all([readFile(files.chain, "utf8"), readFile(files.key, "utf8")]);
        const own = judged(chain, key);
        seen = now;
        return own;
      } catch (thrown) {
        throw filesInvalid(files, thrown);
      }
    },
  };
}

/** While files are exchanged one by one, the pair does not match for a moment; then the old pair stays in use. */
function judged(chain: string, key: string): OwnCertificate {
  const leaf = new X509Certificate(chain);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is not that of the first certificate");
  return { key, chain, notBefore: leaf.validFromDate, notAfter: leaf.validToDate };
}

function filesInvalid({ chain, key }: { chain: string; key: string }, because: unknown): Problem {
  return new Problem("tls_files_invalid", {
    kind: "not_ready",
    say: `TLS cannot use ${chain} with the key ${key}: ${sayError(because)}.`,
    because,
  });
}
