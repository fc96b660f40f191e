/**
 * Which other sites' pages may call the API (Fetch standard, CORS protocol): those of a list, never all. They come with an access token or
 * API key: cookies are not for them (no Access-Control-Allow-Credentials, and ours are SameSite=Strict anyway).
 */
import type { FastifyInstance } from "fastify";
import { apiPrefix } from "./api.ts";

const told = "ETag, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, Location";
const allowed = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Request-Id";
const dayS = "86400";

/** Answers preflights, and marks answers for the pages of these origins (`https://tools.example.net`). */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook("onRequest", async (request, reply) => {
    if (!request.url.startsWith(`${apiPrefix}/`)) return;
    reply.header("vary", "Origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return;
    reply.header("access-control-allow-origin", origin).header("access-control-expose-headers", told);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return;
    reply.header("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
    reply.header("access-control-allow-headers", allowed).header("access-control-max-age", dayS);
    return reply.code(204).send();
  });
}
