/** Metrics and one log line of every request; `/metrics`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Log } from "../log.ts";
import { credentialsOf } from "./api.ts";
import { unauthenticated, type Authenticate } from "./request.ts";

interface MeasureParts {
  registry: Registry;
  log: Log;
}

/** Counts and times every answer, by route pattern (never by address: ids are no labels), and logs it. */
export function measureRequests(app: FastifyInstance, { registry, log }: MeasureParts): void {
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const total = new Counter({ name: "http_requests_total", help: "Requests answered", labelNames, registers });
  const errors = new Counter({
    name: "http_requests_errors_total",
    help: "Requests answered with status 500 or above",
    labelNames,
    registers,
  });
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the first byte of a request to the last of its answer",
    labelNames: ["method", "route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    total.inc(labels);
    if (reply.statusCode >= 500) errors.inc(labels);
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

/** Adds `/metrics`: for a scraper on this machine, and for anyone with an API key. */
export function serveMetrics(app: FastifyInstance, { registry, authenticate }: { registry: Registry; authenticate: Authenticate }): void {
  app.get("/metrics", async (request, reply) => {
    const direct = isLoopback(request.ip) && request.headers["x-forwarded-for"] === undefined && request.headers.forwarded === undefined;
    if (!direct && (await authenticate(credentialsOf(request))) === undefined) throw unauthenticated();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
