/**
 * Sends syslog messages (RFC 5424): over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425). Syslog has no answer to a message.
 * So each sending has a connection of its own, and has succeeded when the server, having read to our end, closed its own: what a server that died
 * did not read is an error to the caller and not lost in a socket. Nothing is kept back here.
 */
import { createSocket } from "node:dgram";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls } from "node:tls";
import { Problem, sayError } from "@holdfast/kit";

export interface SyslogTarget {
  transport: "udp" | "tcp" | "tls";
  host: string;
  port: number;
  /** Authorities (PEM) for TLS, in place of the system's. */
  ca?: string | undefined;
}

/** RFC 5424 §6.2.1. */
const severities = { critical: 2, warning: 4, notice: 5, info: 6 } as const;
/** "log audit" (13). */
const facility = 13;

export interface SyslogMessage {
  severity: keyof typeof severities;
  at: Date;
  /** Up to 32 printable characters without a space. */
  messageId: string;
  /** Structured data under `holdfast@32473`; names without space, `=`, `]`, `"`. 32473 is the number for examples (RFC 5612). */
  facts: Record<string, string>;
  text: string;
}

export interface Syslog {
  /** All of them, in order. Those before an error may have arrived. @throws Problem `syslog_unreachable`, `syslog_untrusted` */
  send(messages: readonly SyslogMessage[]): Promise<void>;
}

/** The bytes of a message, without framing. */
export function formatSyslog({ severity, at, messageId, facts, text }: SyslogMessage, host = hostname()): Buffer {
  const priority = facility * 8 + severities[severity];
  const params = Object.entries(facts).map(([name, value]) => ` ${name}="${value.replaceAll(/["\\\]]/g, "\\$&")}"`);
  const head = [`<${priority}>1`, at.toISOString(), printable(host, 255), "holdfast", String(process.pid), printable(messageId, 32)].join(
    " ",
  );
  return Buffer.from(`${head} [holdfast@32473${params.join("")}] \uFEFF${text.replaceAll(/[\r\n]+/g, " ")}`, "utf8");
}

/** A target such as `tls://logs.example.net:6514`; undefined for what is none. The ports of the RFCs unless told: 514, 601, 6514. */
export function parseSyslogTarget(text: string): SyslogTarget | undefined {
  const [, transport = "", host = "", port] = /^(udp|tcp|tls):\/\/(\[[\da-fA-F:.]+\]|[^\s/:@?#]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  if (host === "") return undefined;
  const ports: Record<string, number> = { udp: 514, tcp: 601, tls: 6514 };
  const chosen = port === undefined ? (ports[transport] ?? 0) : Number(port);
  if (chosen < 1 || chosen > 65_535) return undefined;
  return { transport: transport as SyslogTarget["transport"], host: host.replaceAll(/[[\]]/g, ""), port: chosen };
}

export function createSyslog(target: SyslogTarget, { timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Syslog {
  return {
    async send(messages) {
      const texts = messages.map((message) => formatSyslog(message));
      try {
        if (target.transport === "udp") for (const text of texts) await sendDatagram(target, text);
        else await sendStream(target, Buffer.concat(texts.flatMap((text) => [Buffer.from(`${text.length} `), text])), timeoutMs);
      } catch (thrown) {
        throw refusal(target, thrown);
      }
    },
  };
}

/** Connects, sends, ends, and waits until the other side has ended, too (RFC 5425 §4.4: it must answer our close_notify). */
function sendStream(target: SyslogTarget, bytes: Buffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const late = setTimeout(() => socket.destroy(new Error(`it did not take them within ${timeoutMs} ms`)), timeoutMs);
    let ended = false;
    socket.once(target.transport === "tls" ? "secureConnect" : "connect", () => socket.end(bytes));
    socket.once("end", () => (ended = true));
    socket.once("error", reject);
    socket.once("close", () => {
      clearTimeout(late);
      if (ended) resolve();
      else reject(new Error("the connection broke off"));
    });
    socket.resume();
  });
}

function connect({ transport, host, port, ca }: SyslogTarget): Socket {
  if (transport === "tcp") return connectTcp({ host, port });
  // RFC 9662: TLS 1.2 or newer. The certificate is checked against the name, or against the address where that is what was told.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, minVersion: "TLSv1.2", ...name, ...(ca === undefined ? {} : { ca }) });
}

function sendDatagram({ host, port }: SyslogTarget, bytes: Buffer): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
  return new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.send(bytes, port, host, (err) => (err ? reject(err) : resolve()));
  }).finally(() => socket.close());
}

function printable(text: string, longest: number): string {
  const kept = text.replaceAll(/[^\u0021-\u007E]/g, "").slice(0, longest);
  return kept === "" ? "-" : kept;
}

function refusal({ transport, host, port }: SyslogTarget, thrown: unknown): Problem {
  const [code, place] = [thrown instanceof Error && "code" in thrown ? String(thrown.code) : "", `${transport}://${host}:${port}`];
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|ERR_TLS/.test(code))
    return new Problem("syslog_untrusted", {
      kind: "unavailable",
      say: `The certificate of the syslog server at ${place} is not one that this server trusts (${code}); set HOLDFAST_AUDIT_SYSLOG_CA_FILE to its authority, or mend the certificate.`,
      because: thrown,
    });
  return new Problem("syslog_unreachable", {
    kind: "unavailable",
    say: `The syslog server at ${place} does not take messages: ${sayError(thrown)}`,
    because: thrown,
  });
}
