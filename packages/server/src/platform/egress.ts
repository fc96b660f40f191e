/**
 * The one way out for every address that a user or a foreign document chose. Where a name leads is looked up once, every answer is judged,
 * and the connection goes to the judged address itself, so that a name which changes its mind meanwhile changes nothing. Only public
 * unicast addresses are open, and what the operator's list names; plain http is open to the latter only.
 */
import { lookup } from "node:dns/promises";
import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { isProblem, Problem } from "@holdfast/kit";
import ipaddr from "ipaddr.js";

export interface EgressDeps {
  /** Host names, addresses and CIDR blocks that are open beside the public ones. */
  allow?: readonly string[] | undefined;
  /** Authorities (PEM) that count beside the usual ones. */
  ca?: string | undefined;
  /** All addresses of a name; the system's resolver unless told. */
  resolve?: (host: string) => Promise<string[]>;
  /** For a call with all its redirects; 10 s unless told. */
  timeoutMs?: number;
  /** Most bytes of an answer; 1 MiB unless told. */
  mostBytes?: number;
}

/** A host with the address that was judged. */
export interface Judged {
  host: string;
  address: string;
  family: 4 | 6;
  /** The operator's list names it. */
  listed: boolean;
}

export interface Egress {
  /**
   * As the web's `fetch`, for bodies of text. GET and HEAD follow three redirects, each judged anew; other methods follow none.
   * @throws Problem `egress_refused`, `egress_unreachable`, `egress_too_large`, `egress_too_slow`
   */
  fetch(url: string | URL, init?: EgressInit): Promise<Response>;
  /** The address to connect to, for protocols that are not HTTP. @throws Problem `egress_refused`, `egress_unreachable` */
  judge(host: string): Promise<Judged>;
  /** Authorities (PEM) that certificates are checked against. */
  ca: string[];
}

export interface EgressInit {
  method?: string | undefined;
  headers?: ConstructorParameters<typeof Headers>[0];
  body?: unknown;
  redirect?: "follow" | "manual" | "error" | undefined;
  signal?: AbortSignal | null | undefined;
}

const mostRedirects = 3;
const noBody = new Set([101, 204, 205, 304]);

export function createEgress(deps: EgressDeps = {}): Egress {
  const { timeoutMs = 10_000, mostBytes = 1_048_576 } = deps;
  const ca = [...rootCertificates, ...(deps.ca === undefined ? [] : [deps.ca])];
  const judge = createJudge(deps);

  async function once(url: URL, call: Call): Promise<Response> {
    if (url.username !== "" || url.password !== "") throw refused(url.host, "holds a name or password");
    if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(url.host, "is neither https nor http");
    const judged = await judge(url.hostname);
    if (url.protocol === "http:" && !judged.listed) throw refused(url.host, "is plain http, which is open to what the operator lists only");
    const answer = await send(url, { ...call, ca, judged });
    return readWhole(answer, { mostBytes, call, host: url.host });
  }

  async function follow(url: URL, call: Call, left: number): Promise<Response> {
    const answer = await once(url, call);
    const to = locationOf(answer, url);
    if (to === undefined || !["GET", "HEAD"].includes(call.method) || call.redirect === "manual") return answer;
    if (call.redirect === "error" || left === 0) throw refused(url.host, "redirects too often");
    const headers = new Headers(call.headers);
    if (to.origin !== url.origin) for (const name of ["authorization", "cookie", "proxy-authorization"]) headers.delete(name);
    return follow(to, { ...call, headers }, left - 1);
  }

  return {
    ca,
    judge,
    async fetch(url, init = {}) {
      const over = AbortSignal.timeout(timeoutMs);
      const signal = init.signal ? AbortSignal.any([over, init.signal]) : over;
      const parsed = URL.parse(String(url));
      if (!parsed) throw refused("It", "is no address");
      const { method = "GET", redirect = "follow" } = init;
      const headers = new Headers(init.headers);
      if (init.body instanceof URLSearchParams && !headers.has("content-type"))
        headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
      const call = { method: method.toUpperCase(), headers, body: bodyOf(init.body), redirect, signal };
      try {
        return await beforeAbort(follow(parsed, call, mostRedirects), signal);
      } catch (thrown) {
        if (isProblem(thrown)) throw thrown;
        throw over.aborted ? tooSlow(parsed.host, timeoutMs) : unreachable(parsed.host, thrown);
      }
    },
  };
}

interface Call {
  method: string;
  headers: Headers;
  body: string | undefined;
  redirect: "follow" | "manual" | "error";
  signal: AbortSignal;
}

function createJudge({ allow = [], resolve = resolveAll }: EgressDeps): Egress["judge"] {
  const blocks = allow.map(blockOf).filter((block) => block !== undefined);
  const names = new Set(allow.filter((entry) => !blockOf(entry)).map(foldHost));
  const listed = (address: ipaddr.IPv4 | ipaddr.IPv6) =>
    blocks.some(([network, bits]) => network.kind() === address.kind() && address.match(network as ipaddr.IPv4, bits));

  return async function judge(written) {
    const host = foldHost(written);
    if (host === "") throw refused("It", "names no host");
    const addresses = ipaddr.isValid(host)
      ? [host]
      : await resolve(host).catch((thrown: unknown) => Promise.reject(unreachable(host, thrown)));
    const first = addresses[0];
    if (first === undefined) throw unreachable(host, undefined);
    const open = addresses.map((text) => {
      if (!ipaddr.isValid(text)) return undefined;
      const address = ipaddr.process(text);
      if (names.has(host) || listed(address)) return "listed";
      return isPublic(address) ? "public" : undefined;
    });
    if (open.includes(undefined)) throw refused(host, "leads into a network that is not public");
    const address = ipaddr.process(first);
    return { host, address: address.toString(), family: address.kind() === "ipv6" ? 6 : 4, listed: open.every((why) => why === "listed") };
  };
}

/** Of IPv6 only 2000::/3 is given out (RFC 4291, section 2.4); what tunnels to IPv4 within it has ranges of its own. */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || ((address as ipaddr.IPv6).parts[0] ?? 0) >> 13 === 1;
}

/** Whether this may stand in the operator's list: a host name, an address, or a CIDR block. */
export function isEgressEntry(text: string): boolean {
  return blockOf(text) !== undefined || /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(text);
}

function blockOf(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const text = foldHost(entry);
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function foldHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function send(url: URL, { ca, judged, body, ...call }: Call & { ca: string[]; judged: Judged }): Promise<IncomingMessage> {
  const { address, family } = judged;
  const headers = { ...Object.fromEntries(call.headers), "accept-encoding": "identity", connection: "close" };
  const pinned: RequestOptions["lookup"] = (_host, options, done) =>
    options.all ? done(null, [{ address, family }]) : done(null, address, family);
  const options = { method: call.method, headers, lookup: pinned, agent: false, signal: call.signal } as const;
  return new Promise((settle, fail) => {
    const going = url.protocol === "https:" ? tlsRequest(url, { ...options, ca }) : plainRequest(url, options);
    going.once("response", settle).once("error", fail).end(body);
  });
}

async function readWhole(
  answer: IncomingMessage,
  { mostBytes, call, host }: { mostBytes: number; call: Call; host: string },
): Promise<Response> {
  const status = answer.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) {
      answer.destroy();
      throw tooLarge(host, mostBytes);
    }
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  if (status < 200 || status > 599) throw unreachable(host, new Error(`status ${status}`));
  return new Response(noBody.has(status) || call.method === "HEAD" ? null : Buffer.concat(chunks), { status, headers });
}

function locationOf(answer: Response, from: URL): URL | undefined {
  const to = [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers.get("location") : null;
  if (to === null) return undefined;
  const url = URL.parse(to, from.href);
  if (!url) throw refused(from.host, "redirects to what is no address");
  return url;
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  throw new Problem("egress_body_strange", { kind: "broken", say: "Only text can be sent." });
}

/** Looking a name up knows no signal, so waiting for it ends here. */
async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function refused(host: string, why: string): Problem {
  return new Problem("egress_refused", {
    kind: "invalid",
    say: `${host} ${why}; nothing was sent. Whoever runs the server opens an address by HOLDFAST_EGRESS_ALLOW.`,
  });
}

function unreachable(host: string, because: unknown): Problem {
  return new Problem("egress_unreachable", { kind: "unavailable", say: `${host} could not be reached.`, because });
}

function tooLarge(host: string, bytes: number): Problem {
  return new Problem("egress_too_large", { kind: "unavailable", say: `${host} answered with more than ${bytes} bytes.` });
}

function tooSlow(host: string, ms: number): Problem {
  return new Problem("egress_too_slow", { kind: "unavailable", say: `${host} did not answer within ${ms / 1000} s.` });
}
