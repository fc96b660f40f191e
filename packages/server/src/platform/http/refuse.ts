/** How a failure leaves the server: as problem+json (RFC 9457) with the request id, and as a log line with everything else. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { problemEdges, redact, toProblemDocument, type Problem } from "@holdfast/kit";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../log.ts";
import { headersOfRefusals } from "./security-headers.ts";
import { connectionProblem, httpProblem, retryAfterS } from "./problems.ts";

const problemType = "application/problem+json";

/** Answers `thrown` as a problem. */
export function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const problem = httpProblem(thrown);
  logProblem(problem, request, log);
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  const retry = retryAfterS[problem.kind];
  if (retry !== undefined && !reply.hasHeader("retry-after")) reply.header("retry-after", retry);
  return reply
    .code(problem.status)
    .type(problemType)
    .send(Buffer.from(JSON.stringify(toProblemDocument(problem, request.id))));
}

function logProblem(problem: Problem, request: FastifyRequest, log: Log): void {
  const { level } = problemEdges[problem.kind];
  // A refusal that the caller can mend needs no stack; a defect needs all there is.
  const detail =
    level === "error" ? { err: problem } : { facts: redact(problem.facts), ...(problem.cause !== undefined && { cause: problem.cause }) };
  log[level]({ requestId: request.id, code: problem.code, status: problem.status, ...detail }, problem.message);
}

/** For what is no readable HTTP request: written straight to the socket, which is then closed. */
export function refuseConnection(thrown: Error, socket: Socket, requestId: string): void {
  if ("code" in thrown && (thrown.code === "ECONNRESET" || socket.destroyed)) return;
  if (!socket.writable) return void socket.destroy();
  const problem = connectionProblem(thrown);
  const body = JSON.stringify(toProblemDocument(problem, requestId));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Bad Request"}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    ...Object.entries(headersOfRefusals).map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
