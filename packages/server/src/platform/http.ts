/**
 * The HTTP face of the process: the API of a contract, the live stream, the console, the explorer, health and metrics.
 *
 * A module implements its part of the contract in its `routes.ts`, which maps shapes and decides nothing:
 *
 *     import { contract } from "@holdfast/contract";
 *     import { callerOf, ifMatchOf, type RequestContext } from "#platform/http";
 *     import { implement } from "@orpc/server";
 *     import type { Devices } from "./index.ts";
 *
 *     export function createDeviceRoutes(devices: Devices) {
 *       const os = implement(contract.devices).$context<RequestContext>();
 *       return os.router({
 *         list: os.list.handler(({ input }) => devices.list(input)),
 *         update: os.update.handler(({ input: { id, ...patch }, context }) =>
 *           devices.update(id, patch, { actor: callerOf(context).actor, requestId: context.requestId, etag: ifMatchOf(context) })),
 *         // … one per route of contract.devices
 *       });
 *     }
 *
 * By the time a handler runs, the caller is known and has the route's permission, and `input` has the contract's shape.
 * A handler throws Problems; `apps/http.ts` puts the modules' routers together.
 */
import type { AddressInfo, Socket } from "node:net";
import type { Server as TlsServer, TlsOptions } from "node:tls";
import { constants } from "node:zlib";
import compress, { type FastifyCompressOptions } from "@fastify/compress";
import cookies from "@fastify/cookie";
import { newId, Problem, systemClock } from "@holdfast/kit";
import type { AnyContractRouter } from "@orpc/contract";
import type { Router } from "@orpc/server";
import { fastify, type FastifyInstance, type FastifyRequest } from "fastify";
import type { Db } from "./db.ts";
import { apiPrefix, serveApi } from "./http/api.ts";
import { serveConsole } from "./http/console-files.ts";
import { allowOrigins } from "./http/cors.ts";
import { serveExplorer } from "./http/explorer.ts";
import { serveHealth, type ReadyCheck } from "./http/health.ts";
import { createMissing } from "./http/missing.ts";
import { measureRequests, serveMetrics } from "./http/measure.ts";
import { refuseStrangeMessages } from "./http/message.ts";
import { servePublicFiles, type PublicFiles } from "./http/public-files.ts";
import { createRateLimiter, usualRateLimits, type RateLimits } from "./http/rate-limits.ts";
import { servePlain, type PlainRoute } from "./http/plain-routes.ts";
import { refusalOf, type Refusal } from "./http/refusal.ts";
import { refuse, refuseConnection } from "./http/refuse.ts";
import type { Authenticate, RequestContext } from "./http/request.ts";
import { addSecurityHeaders, headersOfRefusals } from "./http/security-headers.ts";
import { createIdempotencyKeys } from "./idempotency.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { openApiOf } from "./openapi.ts";

export * from "./http/request.ts";
export type { RateLimits } from "./http/rate-limits.ts";
export type { PlainAnswer, PlainCall, PlainRoute } from "./http/plain-routes.ts";
export type { Refusal } from "./http/refusal.ts";
export type { ReadyCheck } from "./http/health.ts";
export type { PublicFile } from "./http/public-files.ts";

export interface HttpSettings {
  /** Address to listen on; 127.0.0.1 unless told. */
  host?: string;
  /** 0 picks a free one. */
  port: number;
  /** Where people reach us, e.g. `https://holdfast.example`: makes cookies Secure and browsers keep to https. */
  publicUrl?: string;
  /** How this server speaks TLS; plain HTTP without it. */
  tls?: HttpTls;
  /** Addresses and CIDR blocks of proxies whose X-Forwarded-… headers count. None unless told. */
  trustedProxies?: string[];
  /** Origins whose pages may call the API with a token, e.g. `https://tools.example.net`. None unless told. */
  corsOrigins?: string[];
  /** `usualRateLimits` unless told. */
  rateLimits?: RateLimits;
  /** `usualWaits` unless told. */
  waits?: Waits;
  /** Built console, `packages/web/dist`. */
  consoleDirectory: string;
  /** Version of the product, for the OpenAPI document. */
  version: string;
}

/** How long a client may take, in milliseconds; it is then answered with 408 and hung up on. */
export interface Waits {
  /** To send the head of a request. */
  headMs: number;
  /** To send a whole request. */
  requestMs: number;
  /** How often it is looked at: both may be exceeded by so much. */
  lookMs: number;
}

/** TLS as core/pki makes it: certificates change, and clients are cut, while the server runs. */
export interface HttpTls {
  options: TlsOptions;
  serve(server: TlsServer): void;
  /** The SPIFFE id of the certificate that this client showed, if it showed a good one. */
  spiffeIdOf(socket: unknown): string | undefined;
}

export interface HttpParts {
  contract: AnyContractRouter;
  /** Implements all of `contract`. */
  router: Router<AnyContractRouter, RequestContext>;
  authenticate: Authenticate;
  settings: HttpSettings;
  db: Db;
  log: Log;
  metrics: Metrics;
  publicFiles?: PublicFiles;
  /** What must answer before this process is ready, by name, e.g. `{ database: () => … }`. */
  checks: Record<string, ReadyCheck>;
  /** What a standard places outside the API. */
  plain?: readonly PlainRoute[];
  /** Told of each known caller who may not do what they asked for; must not throw. */
  refused?: (refusal: Refusal) => void;
}

export interface Http {
  /** Begins to listen; the address, e.g. `http://127.0.0.1:7443`. @throws Problem `http_port_taken`, `http_address_unusable` */
  listen(): Promise<string>;
  /** Stops accepting, ends live streams, lets running requests finish for 10 s, then cuts them. */
  close(): Promise<void>;
}

const usualWaits: Waits = { headMs: 20_000, requestMs: 60_000, lookMs: 5000 };
const bodyLimit = 6 * 1024 * 1024;
const graceMs = 10_000;
const hourMs = 3_600_000;
/** What is worth it only; live streams go as they are. Brotli at its usual quality would cost more than it saves. */
const compression: FastifyCompressOptions = {
  threshold: 1024,
  globalDecompression: false, // what is sent to us comes as it is; see http/message.ts
  encodings: ["br", "gzip"],
  brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
};

/** Makes the server. @throws Problem `http_route_open` naming the routes of the contract that do not say who may call them. */
export async function createHttp(parts: HttpParts): Promise<Http> {
  const { settings, log, metrics, authenticate, contract } = parts;
  const closing = new AbortController();
  const app = makeApp(settings, log);
  const unused = trackUnused(app);
  const https = settings.publicUrl?.startsWith("https:") ?? settings.tls !== undefined;
  const idempotencyKeys = createIdempotencyKeys({ db: parts.db, log });

  app.decorateRequest("principal", undefined);
  app.decorateRequest("spiffeId", undefined);
  const { tls } = settings;
  tls?.serve(app.server as unknown as TlsServer);
  if (tls) app.addHook("onRequest", async (request) => void (request.spiffeId = tls.spiffeIdOf(request.raw.socket)));
  addSecurityHeaders(app, { https });
  measureRequests(app, { metrics, log });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (closing.signal.aborted) await refuseNew(reply);
  });
  refuseStrangeMessages(app);
  allowOrigins(app, settings.corsOrigins ?? []);
  app.setErrorHandler((thrown, request, reply) => {
    const refusal = refusalOf(thrown, request);
    if (refusal !== undefined) parts.refused?.(refusal);
    return refuse(thrown, request, reply, log);
  });
  await app.register(cookies);
  await app.register(compress, compression);

  serveHealth(app, { checks: parts.checks, closing: closing.signal });
  serveMetrics(app, { metrics, authenticate, secureCookies: https });
  if (parts.publicFiles) servePublicFiles(app, parts.publicFiles);
  const countRequest = createRateLimiter(settings.rateLimits ?? usualRateLimits, systemClock);
  serveApi(app, { ...parts, countRequest, idempotencyKeys, closing: closing.signal, secureCookies: https });
  const document = await documentOf(contract, settings.version);
  app.get(`${apiPrefix}/openapi.json`, (_request, reply) => reply.type("application/json").send(document));
  serveExplorer(app);
  await servePlain(app, {
    routes: parts.plain ?? [],
    publicUrl: settings.publicUrl,
    count: ({ ip: address }, reply) => countRequest({ address }, reply),
  });
  await serveTheRest(app, parts);
  await app.ready();

  const sweep = setInterval(() => {
    idempotencyKeys.sweep().catch((err: unknown) => log.warn({ err }, "old idempotency keys could not be removed"));
  }, hourMs);
  sweep.unref();
  return {
    listen: () => listen(app, settings),
    async close() {
      clearInterval(sweep);
      closing.abort();
      await closeGently(app, unused, log);
    },
  };
}

/** Written once for each contract of a process: it costs more than all the routes. */
const documents = new WeakMap<AnyContractRouter, Promise<string>>();

function documentOf(contract: AnyContractRouter, version: string): Promise<string> {
  const made = documents.get(contract) ?? openApiOf(contract, version).then((document) => JSON.stringify(document));
  documents.set(contract, made);
  return made;
}

function makeApp(settings: HttpSettings, log: Log): FastifyInstance {
  const { headMs, requestMs, lookMs } = settings.waits ?? usualWaits;
  const serverLimits = {
    maxHeaderSize: 16_384,
    headersTimeout: headMs,
    connectionsCheckingInterval: lookMs,
    joinDuplicateHeaders: false,
    insecureHTTPParser: false,
  };
  const app = fastify({
    // Fastify's types have one shape for plain and another for TLS; what is used of them is the same.
    ...(settings.tls ? ({ https: { ...settings.tls.options, ...serverLimits } } as object) : { http: serverLimits }),
    logger: false,
    bodyLimit,
    requestTimeout: requestMs,
    keepAliveTimeout: 65_000, // longer than the 60 s of common proxies, so that they hang up first
    maxRequestsPerSocket: 10_000,
    forceCloseConnections: "idle",
    return503OnClosing: false, // ours is a problem document
    trustProxy: settings.trustedProxies ?? false,
    requestIdHeader: false,
    genReqId: (request) => requestIdFor(request.headers["x-request-id"]),
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (thrown, request, reply) => {
      reply.header("x-request-id", request.id).headers(headersOfRefusals);
      refuse(thrown, request, reply, log);
    },
    clientErrorHandler: (thrown, socket) => refuseConnection(thrown, socket, requestIdFor(undefined)),
  });
  app.removeContentTypeParser("text/plain");
  return app as unknown as FastifyInstance;
}

/** The caller's own id where it is a sane one, so that its logs and ours meet. */
function requestIdFor(given: string | string[] | undefined): string {
  return typeof given === "string" && /^[A-Za-z0-9._:-]{8,64}$/.test(given) ? given : newId("req");
}

async function refuseNew(reply: { header(name: string, value: string): unknown }): Promise<never> {
  reply.header("connection", "close");
  throw new Problem("server_stopping", {
    kind: "unavailable",
    say: "This server is stopping; try again, another one or the next answers.",
  });
}

/** The console's page to browsers; to all others, why nothing answers: before a body is read, or refused for what it is. */
async function serveTheRest(app: FastifyInstance, { settings, contract, log }: HttpParts): Promise<void> {
  const page = await serveConsole(app, settings.consoleDirectory);
  const missing = createMissing(contract, apiPrefix);
  app.addHook("onRequest", async (request, reply) => {
    if (request.is404 && !wantsPage(request)) throw missing(request, reply);
  });
  app.setNotFoundHandler((request, reply) =>
    wantsPage(request) ? page(request, reply) : refuse(missing(request, reply), request, reply, log),
  );
}

/** True when a browser asks for a page: the console answers all its addresses itself. */
function wantsPage({ method, url, headers }: FastifyRequest): boolean {
  const ours = /^\/(api|assets|health|metrics|pki|oauth|saml|\.well-known)(\/|\?|$)/.test(url);
  return !ours && (method === "GET" || method === "HEAD") && headers.accept?.includes("text/html") === true;
}

async function listen(app: FastifyInstance, { host, port, tls }: HttpSettings): Promise<string> {
  const address = host ?? "127.0.0.1";
  try {
    await app.listen({ host: address, port });
  } catch (thrown) {
    throw listenProblem(thrown, `${address}:${port}`);
  }
  const bound = app.server.address() as AddressInfo;
  const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return `${tls ? "https" : "http"}://${shown}:${bound.port}`;
}

function listenProblem(thrown: unknown, address: string): unknown {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE")
    return new Problem("http_port_taken", {
      kind: "not_ready",
      say: `Something listens on ${address} already; stop it or choose another port.`,
      because: thrown,
    });
  if (code === "EADDRNOTAVAIL" || code === "EACCES")
    return new Problem("http_address_unusable", {
      kind: "not_ready",
      say: `This process may not listen on ${address}; choose another address or port.`,
      because: thrown,
    });
  return thrown;
}

/** Connections on which nothing was asked yet: browsers open some in advance. Node counts them as busy. */
function trackUnused(app: FastifyInstance): ReadonlyMap<string, Socket> {
  const unused = new Map<string, Socket>();
  // Under TLS the socket of a request is another one than that which was accepted; both have the same far end.
  const farEnd = ({ remoteAddress = "", remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;
  app.server.on("connection", (socket) => {
    const key = farEnd(socket);
    unused.set(key, socket);
    socket.once("close", () => unused.delete(key));
  });
  app.server.on("request", ({ socket }) => unused.delete(farEnd(socket)));
  return unused;
}

async function closeGently(app: FastifyInstance, unused: ReadonlyMap<string, Socket>, log: Log): Promise<void> {
  // Connections that were busy when closing began become idle later; nobody else hangs them up.
  const hangUp = setInterval(() => {
    app.server.closeIdleConnections();
    for (const socket of unused.values()) socket.destroy();
  }, 50);
  const cut = setTimeout(() => {
    log.warn("some requests did not finish in time and are cut");
    app.server.closeAllConnections();
  }, graceMs);
  await app.close();
  clearInterval(hangUp);
  clearTimeout(cut);
}
