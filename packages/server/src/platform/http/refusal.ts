/** A known caller who may not do what they asked for: told to whoever keeps a record of it. */
import { isProblem } from "@holdfast/kit";
import type { FastifyRequest } from "fastify";

export interface Refusal {
  /** As `Principal.actor`. */
  actor: string;
  address: string;
  requestId: string;
  /** Method and pattern, e.g. `POST /api/v1/devices`. */
  route: string;
  /** Code of the problem, e.g. `forbidden`. */
  code: string;
  say: string;
}

/** The refusal that a failure is; undefined for any other. Being asked to prove who one is again is a step, no refusal. */
export function refusalOf(thrown: unknown, request: FastifyRequest): Refusal | undefined {
  const { principal, id: requestId, ip: address } = request;
  if (!isProblem(thrown) || thrown.kind !== "forbidden" || thrown.code === "step_up_needed" || principal == null) return undefined;
  const route = `${request.method} ${request.routeOptions.url ?? "none"}`;
  return { actor: principal.actor, address, requestId, route, code: thrown.code, say: thrown.message };
}
