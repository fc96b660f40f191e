/** Serves a contract: one Fastify route per contract route, so that callers are let in before input is read; oRPC parses, calls and checks the answer. */
import { routesOf } from "@holdfast/contract";
import { isProblem } from "@holdfast/kit";
import type { AnyContractRouter } from "@orpc/contract";
import { OpenAPIHandler } from "@orpc/openapi/fastify";
import type { Router } from "@orpc/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Claim, IdempotencyKeys } from "../idempotency.ts";
import type { Log } from "../log.ts";
import { admit, closedRoutes, type ClosedRoute } from "./access.ts";
import { cookieName, ownCookies } from "./cookies.ts";
import { etagHeader, isKnown, readIfMatch } from "./etag.ts";
import { fromOrigin } from "./origin.ts";
import { methodMissing, shadowsOf } from "./missing.ts";
import { headerUseless, inputProblem } from "./problems.ts";
import type { CountRequest } from "./rate-limits.ts";
import type { Authenticate, Credentials, Principal, RequestContext } from "./request.ts";

/** Where the API is. */
export const apiPrefix = "/api/v1";

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls; known from the moment the call is let in. */
    principal: Principal | undefined;
    /** Of the client's certificate, verified; only where this server speaks TLS. */
    spiffeId: string | undefined;
  }
}

export interface ApiParts {
  contract: AnyContractRouter;
  router: Router<AnyContractRouter, RequestContext>;
  authenticate: Authenticate;
  countRequest: CountRequest;
  idempotencyKeys: IdempotencyKeys;
  log: Log;
  /** Aborted when the server begins to stop. */
  closing: AbortSignal;
  /** Mark cookies Secure even where the caller seems to come by http, e.g. behind a proxy. */
  secureCookies: boolean;
}

/** What one request carries through oRPC and back. */
interface Handling extends RequestContext {
  /** The route whose permission was asked. */
  route: ClosedRoute;
  reply: FastifyReply;
  request: FastifyRequest;
  claim?: Claim | undefined;
  /** What was thrown, before oRPC makes an answer of its own of it. */
  thrown?: Error;
}

/** Adds all routes. @throws Problem `http_route_open` when one does not say who may call it. */
export function serveApi(app: FastifyInstance, parts: ApiParts): void {
  const orpc = makeHandler(parts);
  const routes = closedRoutes(routesOf(parts.contract));
  for (const { method, path, methods } of shadowsOf(routes)) {
    const refused = (_request: FastifyRequest, reply: FastifyReply): never => {
      throw methodMissing(methods, reply);
    };
    app.route({ method, url: addressOf(path), onRequest: async (request, reply) => refused(request, reply), handler: refused });
  }
  for (const route of routes) {
    app.route({
      method: route.method,
      url: addressOf(route.path),
      exposeHeadRoute: !route.streams,
      ...(route.meta.permission === "public" ? { bodyLimit: publicBodyLimit } : {}),
      onRequest: async (request, reply) => {
        request.principal = await findCaller(parts, request, reply);
        admit(route, { method: request.method, headers: request.headers, host: request.host, principal: request.principal });
      },
      preHandler: async (request) => refuseStrays(route, request),
      handler: (request, reply) => serve({ route, request, reply, orpc, parts }),
    });
  }
}

/** As Fastify writes it. */
function addressOf(path: string): string {
  return apiPrefix + path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** The caller, counted. Whose credentials do not count is counted by address, so that guessing ends in 429. */
async function findCaller(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<Principal | undefined> {
  const { ip: address } = request;
  try {
    const principal = await parts.authenticate(credentialsOf(request, parts.secureCookies));
    parts.countRequest({ userId: principal?.userId, address }, reply);
    return principal;
  } catch (thrown) {
    if (isProblem(thrown) && thrown.kind === "unauthenticated") parts.countRequest({ address }, reply);
    throw thrown;
  }
}

/** What `authenticate` looks at. */
export function credentialsOf(request: FastifyRequest, secureCookies: boolean): Credentials {
  const { headers, method, ip, spiffeId } = request;
  const cookies = ownCookies(request.cookies, isSecure(request, secureCookies));
  return { headers, cookies, method, remoteAddress: ip, ...(spiffeId === undefined ? {} : { spiffeId }) };
}

function isSecure(request: FastifyRequest, always: boolean): boolean {
  return always || request.protocol === "https";
}

interface Serving {
  route: ClosedRoute;
  request: FastifyRequest;
  reply: FastifyReply;
  orpc: OpenAPIHandler<Handling>;
  parts: ApiParts;
}

async function serve({ route, request, reply, orpc, parts }: Serving): Promise<FastifyReply> {
  request.raw.url = plainAddress(route, request);
  const ifMatch = ifMatchFor(route, request);
  const claimed = await claimKey({ route, request, keys: parts.idempotencyKeys });
  if (claimed !== undefined && "again" in claimed) {
    const { status, headers, body } = claimed.again;
    if (body !== undefined) reply.type("application/json");
    return reply.code(status).headers(headers).header("idempotency-replayed", "true").send(body);
  }
  const context = makeContext({ route, request, reply, parts, ifMatch, claim: claimed?.first });
  const { matched } = await fromOrigin({ requestId: context.requestId, address: context.remoteAddress }, () =>
    orpc.handle(request, reply, { prefix: apiPrefix, context }),
  );
  if (!matched) throw unanswered(request);
  return reply;
}

function unanswered({ method, routeOptions }: FastifyRequest): Error {
  return new Error(`no route of the contract answers ${method} ${routeOptions.url}`);
}

/**
 * The address of a request, written anew from the route that was found and its parts. Who reads it next understands other spellings in other
 * ways (a part of `%2e%2e` takes away the one before it), and must come to the route whose permission was asked, and to no other.
 */
function plainAddress(route: ClosedRoute, { params, url }: FastifyRequest): string {
  const parts = params as Record<string, string>;
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
  const query = url.indexOf("?");
  return apiPrefix + path + (query < 0 ? "" : url.slice(query));
}

/** @throws Problem 428 when the route needs one and there is none; 400 when it is malformed, or would protect nothing */
function ifMatchFor({ meta: { precondition } }: ClosedRoute, request: FastifyRequest): string | undefined {
  const header = request.headers["if-match"];
  if (precondition === "if-match" || (precondition === "optional" && header !== undefined)) return readIfMatch(header);
  if (header !== undefined && !isRead(request)) throw headerUseless("If-Match", "what it changes has no version");
  return undefined;
}

/** Reading does nothing twice and overwrites nothing: there such a header is harmless. */
function isRead(request: FastifyRequest): boolean {
  return ["GET", "HEAD"].includes(request.method);
}

interface Keyed {
  route: ClosedRoute;
  request: FastifyRequest;
  keys: IdempotencyKeys;
}

async function claimKey({ route, request, keys }: Keyed): Promise<Awaited<ReturnType<IdempotencyKeys["claim"]>> | undefined> {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string") return undefined;
  if (route.meta.idempotency === undefined || request.principal === undefined) {
    if (isRead(request)) return undefined;
    throw headerUseless("Idempotency-Key", "a repetition would be carried out again");
  }
  return keys.claim({
    key,
    principal: request.principal.userId,
    route: route.name,
    request: `${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`,
    keepBody: route.meta.idempotency === "accepted",
  });
}

interface ContextParts {
  route: ClosedRoute;
  request: FastifyRequest;
  reply: FastifyReply;
  parts: ApiParts;
  ifMatch: string | undefined;
  claim: Claim | undefined;
}

function makeContext({ route, request, reply, parts, ifMatch, claim }: ContextParts): Handling {
  const gone = new AbortController();
  reply.raw.once("close", () => reply.raw.writableFinished || gone.abort());
  const secure = isSecure(request, parts.secureCookies);
  return {
    principal: request.principal,
    requestId: request.id,
    ifMatch,
    resHeaders: new Headers(),
    remoteAddress: request.ip,
    userAgent: request.headers["user-agent"]?.slice(0, 200),
    cookies: ownCookies(request.cookies, secure),
    setCookie: (name, value, { maxAgeS }) =>
      void reply.setCookie(cookieName(name, secure), value, { maxAge: maxAgeS, httpOnly: true, sameSite: "strict", path: "/", secure }),
    reauthenticate: () => parts.authenticate({ ...credentialsOf(request, parts.secureCookies), passive: true }),
    signal: AbortSignal.any([gone.signal, parts.closing]),
    route,
    request,
    reply,
    claim,
  };
}

function makeHandler({ router, log }: ApiParts): OpenAPIHandler<Handling> {
  return new OpenAPIHandler<Handling>(router as Router<AnyContractRouter, Handling>, {
    eventIteratorKeepAliveInterval: 15_000,
    eventIteratorKeepAliveComment: "still here",
    interceptors: [
      async ({ next, context }) => {
        try {
          return await next();
        } catch (value) {
          context.thrown = value instanceof Error ? value : new Error(String(value));
          throw context.thrown;
        }
      },
    ],
    clientInterceptors: [
      async ({ next, path, context }) => {
        if (path.join(".") !== context.route.name)
          throw new Error(`${context.route.name} was let in, and ${path.join(".")} would have run`);
        return next();
      },
    ],
    rootInterceptors: [
      async ({ next, ...options }) => {
        // HEAD is GET without the body, which Fastify leaves out.
        const method = options.request.method === "HEAD" ? "GET" : options.request.method;
        const result = await next({ ...options, request: { ...options.request, method } });
        await finish(options.context, result.response, log);
        return result;
      },
    ],
  });
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** After the handler, before a byte is sent: keeps the answer for repetitions, adds the headers. Rethrows what the handler threw. */
async function finish(context: Handling, answer: Answer | undefined, log: Log): Promise<void> {
  const { reply, request, claim, thrown } = context;
  for (const [name, value] of context.resHeaders) reply.header(name, value);
  if (thrown !== undefined || answer === undefined) {
    await claim
      ?.release()
      .catch((err: unknown) => log.warn({ err, requestId: context.requestId }, "an idempotency key could not be released"));
    throw thrown ?? unanswered(request);
  }
  const etag = etagHeader(answer.body);
  if (etag !== undefined) answer.headers["etag"] = etag;
  // The work is done whether or not its answer can be kept; a repetition then meets a claim that lapses.
  await claim
    ?.keep(keptAnswer(answer))
    .catch((err: unknown) => log.warn({ err, requestId: context.requestId }, "an answer could not be kept for its idempotency key"));
  if (etag !== undefined && ["GET", "HEAD"].includes(request.method) && isKnown(request.headers["if-none-match"], etag)) {
    answer.status = 304;
    answer.body = undefined;
  }
}

function keptAnswer({ status, headers, body }: Answer): { status: number; headers: Record<string, string>; body: string | undefined } {
  const { etag } = headers;
  return { status, headers: typeof etag === "string" ? { etag } : {}, body: body === undefined ? undefined : JSON.stringify(body) };
}

/** Refuses what oRPC would not look at: a mistyped place must not pass for an accepted one. @throws Problem `input_invalid` */
function refuseStrays(route: ClosedRoute, request: FastifyRequest): void {
  const body: unknown = request.body;
  if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body)))
    throw inputProblem([{ message: "must be a JSON object", path: ["body"] }]);
  const inQuery = Object.keys(request.query as object);
  // oRPC would read limit[]=5 as limit; nothing of the contract is asked for so.
  const brackets = inQuery.filter((key) => /[[\]]/.test(key));
  if (brackets.length > 0) throw inputProblem([{ code: "unrecognized_keys", message: "", keys: brackets }]);
  const inBody = Object.keys(body ?? {});
  const unread = [...(route.method === "GET" && route.input !== undefined ? [] : inQuery), ...(route.input === undefined ? inBody : [])];
  if (unread.length > 0) throw inputProblem([{ code: "unrecognized_keys", message: "", keys: unread }]);
  const params = request.params as Record<string, string>;
  const odd = Object.keys(params).filter((name) => ["", ".", ".."].includes(params[name] ?? ""));
  if (odd.length > 0) throw inputProblem(odd.map((name) => ({ message: "must be more than nothing, a dot or two", path: [name] })));
  const doubled = inBody.filter((key) => params[key] !== undefined && params[key] !== (body as Record<string, unknown>)[key]);
  if (doubled.length > 0) throw inputProblem(doubled.map((key) => ({ message: "differs from the same part of the address", path: [key] })));
  const count = { left: mostValues };
  const unkept = [params, request.query, body].flatMap((part) => nulsIn(part, [], count));
  if (unkept.length > 0) throw inputProblem(unkept.map((path) => ({ message: "holds a NUL character (U+0000), which no text may", path })));
}

/** More levels than any input of the contract has. */
const deepest = 32;
/** More values than any input of the contract has; a body could hold a million, and each would be looked at and named as wrong. */
const mostValues = 50_000;
/** For who is nobody yet: room for the answer of an identity provider. */
const publicBodyLimit = 1024 * 1024;

/** Where a text or a name holds U+0000: PostgreSQL keeps none in its texts. */
function nulsIn(value: unknown, path: string[], count: { left: number }): string[][] {
  if (--count.left < 0) throw inputProblem([{ message: `holds more than ${mostValues} values`, path: path.slice(0, 1) }]);
  if (typeof value === "string") return value.includes("\0") ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  if (path.length === deepest) throw inputProblem([{ message: `is nested deeper than ${deepest} levels`, path: path.slice(0, 1) }]);
  return Object.entries(value).flatMap(([key, below]) => (key.includes("\0") ? [path] : nulsIn(below, [...path, key], count)));
}
