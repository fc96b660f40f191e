/** The API as the console uses it: every call by the name of its route, so that permission, path and command line belong to it. */
import { newId } from "@holdfast/kit";
import type { Client, Contract, Permission, RouteMeta } from "@holdfast/contract";
import { contract, createClient } from "virtual:contract";
import { learnServerTime } from "./clock.ts";

type Call = (input: unknown, options: unknown) => Promise<unknown>;

/** `devices.get`, `rollouts.abort`, … */
export type RouteName = { [M in keyof Contract]: `${M}.${keyof Contract[M] & string}` }[keyof Contract];
type CallOf<R extends RouteName> = R extends `${infer M extends keyof Client}.${infer N}`
  ? N extends keyof Client[M]
    ? Client[M][N]
    : never
  : never;
export type RouteInput<R extends RouteName> = CallOf<R> extends (input: infer I, ...rest: never[]) => unknown ? I : never;
export type RouteOutput<R extends RouteName> = CallOf<R> extends (...all: never[]) => Promise<infer O> ? O : never;

export const api: Client = createClient({
  url: location.origin,
  fetch: async (request, init) => {
    const asked = new Request(request, init);
    const again = asked.clone();
    const response = await fetch(asked);
    learnServerTime(response.headers.get("date"));
    const proved = response.status === 403 && (await isStepUp(response.clone())) && (await proveFirst?.());
    return proved === true ? fetch(again) : response;
  },
});

let proveFirst: (() => Promise<boolean>) | undefined;

/** Who asks a person to prove who they are, when an act needs that; true when they did. */
export function askWith(ask: () => Promise<boolean>): void {
  proveFirst = ask;
}

async function isStepUp(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null && "code" in body && body.code === "step_up_needed";
}

export interface CallOptions {
  signal?: AbortSignal;
  /** The `etag` that was read. */
  ifMatch?: string;
}

/** Calls a route. Acts carry an Idempotency-Key, so that a retry by the network does nothing twice. @throws Problem */
export function invoke<R extends RouteName>(name: R, input: RouteInput<R>, options: CallOptions = {}): Promise<RouteOutput<R>> {
  const [module, verb] = partsOf(name);
  const call = (api as unknown as Record<string, Record<string, Call>>)[module]?.[verb];
  if (call === undefined) throw new TypeError(`no route ${name}`);
  const { signal, ifMatch } = options;
  const context = {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(routeOf(name).meta.idempotency !== undefined && { idempotencyKey: newId("act") }),
  };
  return call(input, { context, ...(signal && { signal }) }) as Promise<RouteOutput<R>>;
}

export interface RouteFacts {
  method: string;
  /** Below /api/v1, e.g. `/devices/{id}`. */
  path: string;
  meta: RouteMeta;
}

/** Method, path and permission of a route, from the contract. */
export function routeOf(name: RouteName): RouteFacts {
  const [module, verb] = partsOf(name);
  const procedure = (contract as unknown as Record<string, Record<string, { "~orpc": { route: RouteFacts; meta: RouteMeta } }>>)[module]?.[
    verb
  ];
  if (procedure === undefined) throw new TypeError(`no route ${name}`);
  const { route, meta } = procedure["~orpc"];
  return { method: route.method, path: route.path, meta };
}

/**
 * Whether a permission is of any use to somebody for whom it counts for some labels only: some route asks for it thing by thing.
 * All other routes are closed to them.
 */
export function countsByLabels(permission: Permission): boolean {
  const routes = Object.values(contract as unknown as Record<string, Record<string, { "~orpc": { meta: RouteMeta } }>>);
  return routes.some((module) =>
    Object.values(module).some(({ "~orpc": { meta } }) => meta.permission === permission && meta.scoped === true),
  );
}

function partsOf(name: string): [string, string] {
  const [module = "", verb = ""] = name.split(".");
  return [module, verb];
}
