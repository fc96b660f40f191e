/**
 * Sends syslog messages (RFC 5424): over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425). A message that could not be sent
 * is an error to the caller; nothing is kept back.
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
  /** @throws Problem `syslog_unreachable` */
  send(message: SyslogMessage): Promise<void>;
  close(): void;
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
  let open: Promise<Socket> | undefined;
  const stream = async (): Promise<Socket> => {
    open ??= connectStream(target, timeoutMs);
    open.then(
      (socket) => socket.once("close", () => (open = undefined)),
      () => (open = undefined),
    );
    return open;
  };
  return {
    async send(message) {
      const bytes = formatSyslog(message);
      try {
        if (target.transport === "udp") return await sendDatagram(target, bytes);
        const socket = await stream();
        await new Promise<void>((resolve, reject) => {
          socket.write(Buffer.concat([Buffer.from(`${bytes.length} `), bytes]), (err) => (err ? reject(err) : resolve()));
        });
      } catch (thrown) {
        open = undefined;
        throw unreachable(target, thrown);
      }
    },
    close() {
      void open?.then(
        (socket) => socket.end(),
        () => undefined,
      );
    },
  };
}

function connectStream({ transport, host, port, ca }: SyslogTarget, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      transport === "tls" ? connectTls({ host, port, ...name, ...(ca === undefined ? {} : { ca }) }) : connectTcp({ host, port });
    const late = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.once(transport === "tls" ? "secureConnect" : "connect", () => {
      clearTimeout(late);
      socket.unref();
      resolve(socket);
    });
    socket.on("error", (err) => {
      clearTimeout(late);
      reject(err);
    });
    socket.resume();
  });
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

function unreachable({ transport, host, port }: SyslogTarget, thrown: unknown): Problem {
  return new Problem("syslog_unreachable", {
    kind: "unavailable",
    say: `The syslog server at ${transport}://${host}:${port} does not take messages: ${sayError(thrown)}`,
    because: thrown,
  });
}
