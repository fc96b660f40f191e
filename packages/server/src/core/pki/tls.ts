/**
 * Mutual TLS for our own: TLS 1.3 only, both sides show a certificate of our authority, and each is known by its SPIFFE id. Certificates
 * are renewed at two thirds of their term and revocations take effect while servers and clients go on; nobody restarts anything.
 */
import { constants } from "node:crypto";
import { Agent } from "node:https";
import { connect, type ConnectionOptions, type SecureContextOptions, type Server, type TlsOptions } from "node:tls";
import { isProblem, sayError, type Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { SpiffeName } from "./names.ts";
import { createPeers } from "./peers.ts";
import { renewalAt } from "./profiles.ts";
import { createVerifier, type Trust, type Verifier } from "./verify.ts";
import { pemOf } from "./x509.ts";

/** A certificate with the key that only this process has. PEM. */
export interface OwnCertificate {
  key: string;
  /** The certificate and the intermediates. */
  chain: string;
  notBefore: Date;
  notAfter: Date;
}

/** Where certificates and trust come from: the database for processes of the controller, HTTP for an agent. */
export interface TlsSource {
  /** A new certificate for a new key. */
  obtain(): Promise<OwnCertificate>;
  trust(): Promise<Trust>;
  /** Asked every turn: whether there is another certificate to obtain before this one is due. */
  changed?(): Promise<boolean>;
}

/** Whom a side talks to. Nobody else's certificate counts, however good. */
export type Accept = (identity: SpiffeName) => boolean;

export interface ServeOptions {
  /** `required`: who shows no good certificate is cut. `optional`: none is fine, a bad one is not. */
  clients: "off" | "optional" | "required";
  accept?: Accept | undefined;
}

export interface Tls {
  /** For `createServer` of node:tls or node:https; hand the server to `serve` then. */
  serverOptions(options: ServeOptions): TlsOptions;
  /** Judges everyone who connects, gives the server each new certificate, and cuts who is revoked. */
  serve(server: Server, options: ServeOptions): void;
  /** For one connection from here; made anew for each. A refusal is the error of the socket. */
  clientOptions(accept: Accept): ConnectionOptions;
  /** For requests of node:https; each new connection shows the newest certificate. */
  agent(accept: Accept): Agent;
  /** Who is at the other end of a connection of `serve`; undefined when nobody showed a certificate of ours, or it has ended since. */
  identityOf(socket: unknown): SpiffeName | undefined;
  /** Renews now; done by itself in time. */
  renew(): Promise<void>;
  /** Looks for new roots and revocations now, and cuts who is revoked; done by itself every `everyMs`. */
  refresh(): Promise<void>;
  current(): Pick<OwnCertificate, "chain" | "notBefore" | "notAfter">;
  close(): void;
}

interface TlsDeps {
  source: TlsSource;
  clock: Clock;
  log: Log;
  /** How often revocations are looked for, 15 s unless told. */
  everyMs?: number;
}

/** Between tries that fail. */
const leastMs = 1000;

/** @throws what the source throws: without a first certificate there is no face */
export async function createTls({ source, clock, log, everyMs = 15_000 }: TlsDeps): Promise<Tls> {
  let own = await source.obtain();
  let trust = await source.trust();
  let verifier: Verifier = createVerifier(trust);
  const served = new Map<Server, ServeOptions>();
  const peers = createPeers({ log, clock, judge: (chain, wanted) => verifier.verify(chain, { nowMs: clock.now(), ...wanted }) });
  const stopping = new AbortController();

  const context = (): SecureContextOptions => contextOf(own, trust);
  const reload = (): void => {
    for (const server of served.keys()) server.setSecureContext(context());
  };

  async function renew(): Promise<void> {
    own = await source.obtain();
    reload();
  }

  async function refresh(): Promise<void> {
    const next = await source.trust();
    if (!same(trust, next)) {
      trust = next;
      verifier = createVerifier(trust);
      reload();
    }
    peers.cutRefused();
  }

  const clientOptions = (accept: Accept): ConnectionOptions => ({
    ...context(),
    checkServerIdentity: (_host, certificate) => peers.refusalOf(certificate, accept),
  });

  async function turn(): Promise<void> {
    try {
      await refresh();
      if (clock.now() >= renewalAt(own) || (await source.changed?.())) await renew();
    } catch (err) {
      log.warn({ err: isProblem(err) ? err : sayError(err) }, "certificates could not be looked after; trying again");
    }
  }

  void again(turn, { clock, signal: stopping.signal, waitMs: () => Math.min(everyMs, renewalAt(own) - clock.now()) });

  return {
    serverOptions: (options) => serverOptionsOf(context(), options),
    serve(server, options) {
      served.set(server, options);
      // Before the server's own listener, which would begin to read requests.
      server.prependListener("secureConnection", (socket) => peers.welcome(socket, options));
      server.once("close", () => served.delete(server));
    },
    clientOptions,
    agent(accept) {
      const agent = new Agent({ keepAlive: true });
      agent.createConnection = (options) => peers.followServer(connect({ ...(options as ConnectionOptions), ...clientOptions(accept) }));
      return agent;
    },
    identityOf: (socket) => peers.identityOf(socket),
    renew,
    refresh,
    current: () => ({ chain: own.chain, notBefore: own.notBefore, notAfter: own.notAfter }),
    close: () => stopping.abort(),
  };
}

function serverOptionsOf(context: SecureContextOptions, { clients }: ServeOptions): TlsOptions {
  return { ...context, handshakeTimeout: 10_000, requestCert: clients !== "off", rejectUnauthorized: clients === "required" };
}

/** Does it again and again until the signal. */
async function again(
  turn: () => Promise<void>,
  { clock, signal, waitMs }: { clock: Clock; signal: AbortSignal; waitMs: () => number },
): Promise<void> {
  while (!signal.aborted) {
    const stopped = await clock.sleep(Math.max(leastMs, waitMs()), signal).then(
      () => false,
      () => true,
    );
    if (!stopped) await turn();
  }
}

/** Without tickets: a session that is taken up again shows no certificate, so a revoked one could come back with it. */
function contextOf({ key, chain }: OwnCertificate, { roots, crls, crlsComplete }: Trust) {
  return {
    key,
    cert: chain,
    ca: roots,
    minVersion: "TLSv1.3" as const,
    secureOptions: constants.SSL_OP_NO_TICKET,
    // OpenSSL wants a list of every authority in a chain, or none.
    ...(crlsComplete ? { crl: crls.map((der) => pemOf("X509 CRL", der)) } : {}),
  };
}

function same(a: Trust, b: Trust): boolean {
  const text = ({ crls, intermediates, ...rest }: Trust): string =>
    JSON.stringify([rest, ...[...crls, ...intermediates].map((der) => der.toString("base64"))]);
  return text(a) === text(b);
}
