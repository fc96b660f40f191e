/**
 * Routes that a standard places outside the API: documents at known addresses, and forms of protocols that are no JSON. Whoever answers
 * them checks the caller itself; browsers' cookies are not shown to them.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

export interface PlainCall {
  /** What a form said; empty for GET. */
  form: URLSearchParams;
  /** Of the path, e.g. `id` of `/saml/:id/acs`. */
  params: Record<string, string>;
  /** What the address ends with after the question mark, letter by letter as it came. */
  rawQuery: string;
  authorization: string | undefined;
  /** Where the caller reached us, e.g. `https://holdfast.example.net`. */
  origin: string;
  remoteAddress: string;
  userAgent: string | undefined;
  requestId: string;
}

export interface PlainAnswer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

export interface PlainRoute {
  method: "GET" | "POST";
  path: string;
  /** Of a form; 16 KiB unless told. */
  mostBytes?: number;
  answer(call: PlainCall): Promise<PlainAnswer>;
}

const formType = "application/x-www-form-urlencoded";
const usualBytes = 16_384;

export interface PlainParts {
  routes: readonly PlainRoute[];
  /** Where people reach us, if somebody said. */
  publicUrl: string | undefined;
  /** Counts a request of an address. */
  count(request: FastifyRequest, reply: FastifyReply): void;
}

/** Adds the routes; forms are understood here and nowhere else. */
export async function servePlain(app: FastifyInstance, { routes, count, publicUrl }: PlainParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(formType, { parseAs: "string" }, (_request, body, done) => done(null, body));
    for (const { method, path, answer, mostBytes = usualBytes } of routes) {
      scope.route({
        method,
        url: path,
        bodyLimit: mostBytes,
        onRequest: async (request, reply) => count(request, reply),
        handler: async (request, reply) => {
          const { status, headers = {}, body } = await answer(callOf(request, publicUrl));
          return reply.code(status).headers(headers).send(body);
        },
      });
    }
  });
}

function callOf(request: FastifyRequest, publicUrl: string | undefined): PlainCall {
  const { authorization }: IncomingHttpHeaders = request.headers;
  return {
    form: new URLSearchParams(typeof request.body === "string" ? request.body : ""),
    params: request.params as Record<string, string>,
    rawQuery: request.url.split(/\?(.*)/s)[1] ?? "",
    authorization,
    origin: publicUrl ?? `${request.protocol}://${request.host}`,
    remoteAddress: request.ip,
    userAgent: request.headers["user-agent"]?.slice(0, 200),
    requestId: request.id,
  };
}
