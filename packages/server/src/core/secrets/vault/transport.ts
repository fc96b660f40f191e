/** One HTTP exchange with Vault. Node's own client: its `fetch` takes no certificate authority of one's own for one peer. */
import { readFileSync } from "node:fs";
import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { Problem, sayError } from "@holdfast/kit";
import { malformed, unreachable, untrusted } from "./problems.ts";

export interface Exchange {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/v1/`, each segment encoded. */
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body?: unknown;
}

export interface Reply {
  status: number;
  /** Parsed JSON; undefined when there was none. */
  body: unknown;
}

export interface Transport {
  /** @throws Problem `secrets_vault_unreachable` (with `sent: false` in its facts when the peer got nothing), `_untrusted`, `_malformed` */
  send(exchange: Exchange): Promise<Reply>;
  close(): void;
}

const timeoutMs = 10_000;
const longestBody = 4 * 1024 * 1024;

export function createTransport({ address, caFile }: { address: string; caFile?: string | undefined }): Transport {
  const base = new URL(address);
  const options = { keepAlive: true, maxSockets: 8, timeout: 30_000 };
  const agent =
    base.protocol === "https:"
      ? new TlsAgent({ ...options, minVersion: "TLSv1.2", ...(caFile === undefined ? {} : { ca: readCa(caFile) }) })
      : new PlainAgent(options);

  async function send(exchange: Exchange): Promise<Reply> {
    const first = await once(base, exchange);
    if (first.status !== 307 || first.location === undefined) return parsed(first, exchange);
    // A standby that passes nothing on names the active node (docs: high availability, client redirection); once, and never to plain HTTP.
    const active = new URL(first.location, base);
    if (active.protocol !== base.protocol) throw malformed(exchange.path);
    return parsed(await once(new URL(active.origin), exchange), exchange);
  }

  async function once(origin: URL, exchange: Exchange): Promise<RawReply> {
    const query = exchange.query ? `?${new URLSearchParams(exchange.query).toString()}` : "";
    const body = exchange.body === undefined ? undefined : Buffer.from(JSON.stringify(exchange.body));
    const headers = { ...exchange.headers, ...(body ? { "content-type": "application/json", "content-length": body.length } : {}) };
    const start = origin.protocol === "https:" ? tlsRequest : plainRequest;
    const { promise, resolve, reject } = Promise.withResolvers<RawReply>();
    const url = new URL(`/v1/${exchange.path}${query}`, origin);
    const request = start(url, { method: exchange.method, headers, agent, signal: AbortSignal.timeout(timeoutMs) });
    request.once("response", (response) => void collect(response).then(resolve, reject));
    request.once("error", reject);
    request.end(body);
    return promise.catch((thrown: unknown) => Promise.reject(explained(address, thrown)));
  }

  return { send, close: () => agent.destroy() };
}

interface RawReply {
  status: number;
  location: string | undefined;
  text: string;
}

async function collect(response: IncomingMessage): Promise<RawReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBody) throw new Error("the answer is longer than 4 MiB");
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, location: response.headers.location, text: Buffer.concat(chunks).toString("utf8") };
}

function parsed({ status, text }: RawReply, { path }: Exchange): Reply {
  if (text === "") return { status, body: undefined };
  try {
    return { status, body: JSON.parse(text) };
  } catch {
    if (status >= 400) return { status, body: undefined }; // a load balancer's own page; the status says enough
    throw malformed(path); // the parser's message would quote the answer
  }
}

function explained(address: string, thrown: unknown): Problem {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|ERR_TLS/.test(code)) return untrusted(address, thrown);
  const problem = unreachable(address, sayError(thrown));
  problem.facts["sent"] = !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(code);
  return problem;
}

function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new Problem("secrets_vault_ca_unreadable", {
      kind: "not_ready",
      say: `HOLDFAST_VAULT_CA_FILE names ${file}, which cannot be read.`,
      because: thrown,
    });
  }
}
