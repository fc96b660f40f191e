/** The other ends of our TLS connections: judged when they come, and cut when their certificate counts no more. */
import { X509Certificate } from "node:crypto";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { Clock } from "@holdfast/kit";
import type { Log } from "#platform/log";
import type { SpiffeName } from "./names.ts";
import type { Accept, ServeOptions } from "./tls.ts";
import type { Verdict, Wanted } from "./verify.ts";

interface Peer {
  chain: Buffer[];
  usage: "client" | "server";
  identity: SpiffeName | undefined;
  /** The end of its own certificate. */
  untilMs: number;
}

type Judge = (chain: Buffer[], wanted: Omit<Wanted, "nowMs">) => Verdict;

export function createPeers({ log, clock, judge }: { log: Log; clock: Clock; judge: Judge }) {
  const peers = new Map<TLSSocket, Peer>();

  function follow(socket: TLSSocket, peer: Peer): void {
    peers.set(socket, peer);
    socket.once("close", () => peers.delete(socket));
  }

  return {
    /** A client that just connected; called before a byte of it is read. Of a client's chain Node shows its own certificate alone. */
    welcome(socket: TLSSocket, { clients, accept }: ServeOptions): void {
      const chain = chainOf(socket.getPeerCertificate(true));
      if (clients === "off" || (clients === "optional" && chain.length === 0)) return;
      const verdict = judge(chain, { usage: "client", accept });
      if (verdict.ok) return follow(socket, { chain, usage: "client", identity: verdict.identity, untilMs: endOf(chain) });
      log.warn({ refusal: verdict.refusal, from: socket.remoteAddress }, "a client's certificate was refused");
      socket.destroy();
    },

    /** For `checkServerIdentity`: why this server is not the one; undefined when it is. */
    refusalOf(certificate: PeerCertificate, accept: Accept): Error | undefined {
      const verdict = judge(chainOf(certificate), { usage: "server", accept });
      return verdict.ok ? undefined : Object.assign(new Error(verdict.say), { code: `PKI_${verdict.refusal.toUpperCase()}` });
    },

    /** A connection that goes out from here. */
    followServer(socket: TLSSocket): TLSSocket {
      socket.once("secureConnect", () => {
        follow(socket, { chain: chainOf(socket.getPeerCertificate(true)), usage: "server", identity: undefined, untilMs: 0 });
      });
      return socket;
    },

    cutRefused(): void {
      for (const [socket, { chain, usage }] of peers) {
        const verdict = judge(chain, { usage });
        // A peer that renews keeps the connection that it has; only what was taken back is cut.
        if (verdict.ok || verdict.refusal === "expired") continue;
        log.warn({ refusal: verdict.refusal, from: socket.remoteAddress }, "a connection is cut: its certificate counts no more");
        socket.destroy();
      }
    },

    /** A connection outlives the certificate that it began with; who came with that is nobody then. */
    identityOf(socket: unknown): SpiffeName | undefined {
      const peer = peers.get(socket as TLSSocket);
      return peer && clock.now() <= peer.untilMs ? peer.identity : undefined;
    },
  };
}

function endOf([leaf]: Buffer[]): number {
  return leaf ? new X509Certificate(leaf).validToDate.getTime() : 0;
}

/** DER of the certificates that a peer showed, the leaf first; none when it showed none. */
function chainOf(certificate: PeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  type Linked = PeerCertificate & { issuerCertificate?: Linked };
  for (let at: Linked | undefined = certificate; at?.raw && chain.length < 8; at = at.issuerCertificate) {
    const { raw } = at;
    if (chain.some((der) => der.equals(raw))) break;
    chain.push(raw);
  }
  return chain;
}
