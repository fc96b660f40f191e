/** Metrics and one log line of every request; `/metrics`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { credentialsOf } from "./api.ts";
import { unauthenticated, type Authenticate } from "./request.ts";

interface MeasureParts {
  metrics: Metrics;
  log: Log;
}

/** Counts and times every answer, by route pattern (never by address: ids are no labels), and logs it. */
export function measureRequests(app: FastifyInstance, { metrics, log }: MeasureParts): void {
  const labels = ["method", "route", "status"] as const;
  const total = metrics.counter({ name: "http_requests_total", help: "Requests answered", labels });
  const errors = metrics.counter({ name: "http_requests_errors_total", help: "Requests answered with status 500 or above", labels });
  const seconds = metrics.histogram({
    name: "http_request_duration_seconds",
    help: "Time from the head of a request to the end of its answer",
    labels: ["method", "route"],
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    const answer = { method: request.method, route, status: String(reply.statusCode) };
    total.inc(answer);
    if (reply.statusCode >= 500) errors.inc(answer);
    // A stream lasts as long as somebody watches; its length says nothing about us.
    if (!String(reply.getHeader("content-type")).startsWith("text/event-stream"))
      seconds.observe({ method: request.method, route }, reply.elapsedTime / 1000);
    logAnswer(log, request, reply);
  });
}

function logAnswer(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? "none";
  const level = route.startsWith("/api/") ? "info" : "debug";
  log[level](
    {
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      actor: request.principal?.actor,
      from: request.ip,
    },
    "request",
  );
}

interface MetricsParts {
  metrics: Metrics;
  authenticate: Authenticate;
  secureCookies: boolean;
}

/** Adds `/metrics`: for a scraper on this machine, and for anyone with an API key. */
export function serveMetrics(app: FastifyInstance, { metrics, authenticate, secureCookies }: MetricsParts): void {
  app.get("/metrics", async (request, reply) => {
    if (!isDirect(request) && (await authenticate(credentialsOf(request, secureCookies))) === undefined) throw unauthenticated();
    const { contentType, text } = await metrics.page();
    return reply.type(contentType).send(text);
  });
}

/** By an address of this machine: a page whose own name leads here (DNS rebinding) says that name, and a proxy says for whom it asks. */
function isDirect({ ip, headers, hostname }: FastifyRequest): boolean {
  const forwarded = headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined;
  return isLoopback(ip) && !forwarded && (hostname === "localhost" || isLoopback(hostname.replaceAll(/[[\]]/g, "")));
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
