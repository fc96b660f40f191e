/** Reads a contract as the flat list of its routes. */
import { getEventIteratorSchemaDetails, isContractProcedure, type AnyContractRouter, type AnySchema } from "@orpc/contract";
import type { Method, RouteMeta } from "./route.ts";

/** One route of a contract. `name` is its place in the contract, e.g. `devices.list`; `path` is below /api/v1, e.g. `/devices/{id}`. */
export interface ContractRoute {
  name: string;
  method: Method;
  path: string;
  /** What the route says of itself; a route that was not made with `route()` may lack the permission. */
  meta: Partial<RouteMeta>;
  summary: string | undefined;
  tags: readonly string[];
  input: AnySchema | undefined;
  output: AnySchema | undefined;
  /** True when the answer is a stream of server-sent events. */
  streams: boolean;
}

/** All routes of a contract, in its order. */
export function routesOf(contract: AnyContractRouter, prefix: string[] = []): ContractRoute[] {
  if (!isContractProcedure(contract)) return Object.entries(contract).flatMap(([key, part]) => routesOf(part, [...prefix, key]));
  const { route, meta, inputSchema, outputSchema } = contract["~orpc"];
  return [
    {
      name: prefix.join("."),
      method: (route.method ?? "POST") as Method,
      path: route.path ?? `/${prefix.join("/")}`,
      meta: meta as Partial<RouteMeta>,
      summary: route.summary,
      tags: route.tags ?? [],
      input: inputSchema,
      output: outputSchema,
      streams: getEventIteratorSchemaDetails(outputSchema) !== undefined,
    },
  ];
}
