/** Who may call a route. Closed by default: what is not allowed here is refused, before any input is read. */
import type { IncomingHttpHeaders } from "node:http";
import { permissions, type ContractRoute, type Permission, type RouteMeta } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { can, reachOf } from "../reach.ts";
import { unauthenticated, type Principal } from "./request.ts";

/** What the rules of `admit` look at. */
export interface Call {
  method: string;
  headers: IncomingHttpHeaders;
  /** Host of the request as the caller wrote it, with the port. */
  host: string;
  principal: Principal | undefined;
}

/** A route whose meta is complete. */
export type ClosedRoute = ContractRoute & { meta: RouteMeta };

/** The routes, each with its permission. @throws Problem naming the routes that would be open, or that keep answers of unknown callers. */
export function closedRoutes(routes: ContractRoute[]): ClosedRoute[] {
  const open = routes.filter((route) => !isClosed(route));
  if (open.length === 0) return routes.filter(isClosed);
  throw new Problem("http_route_open", {
    kind: "broken",
    say: `These routes do not say who may call them: ${open.map((route) => route.name).join(", ")}. Make each with route() and a permission; idempotency needs a permission other than public.`,
  });
}

function isClosed(route: ContractRoute): route is ClosedRoute {
  const { permission, idempotency } = route.meta;
  return permission !== undefined && permissions.includes(permission) && !(idempotency !== undefined && permission === "public");
}

/** Lets a call in. @throws Problem: 401 without a caller, 403 without the permission or when another site sent the browser. */
export function admit({ meta }: Pick<ClosedRoute, "meta">, call: Call): void {
  const origin = originOf(call);
  if (changesState(call.method)) {
    if (call.principal?.via === "session" && origin !== "same") throw forgery();
    // A browser shows a certificate to whichever page asks; a program says no origin, or ours.
    if ((call.principal === undefined || call.principal.via === "certificate") && origin === "other") throw forgery();
  }
  if (meta.permission === "public") return;
  if (call.principal === undefined) throw unauthenticated();
  if (meta.meanwhile !== true && (call.principal.must ?? []).length > 0) throw enrolFirst();
  if (meta.permission !== "self") mustReach(call.principal, meta);
  if (meta.stepUp === true) mustHaveProved(call.principal, meta.permission);
}

function mustReach(caller: Principal, { permission, scoped }: RouteMeta): void {
  if (!can(caller, permission)) throw forbidden(permission);
  if (reachOf(caller, permission) !== "everywhere" && scoped !== true) throw forbiddenEverywhere(permission);
}

/**
 * For what would do harm in the wrong hands: a person has proved it again not long ago; an API key or program names the permission, so that
 * nobody gave it the right unawares. @throws Problem `step_up_needed`
 */
export function mustHaveProved({ steppedUp, namedScopes }: Principal, permission: Permission): void {
  if (steppedUp !== true && !(namedScopes ?? []).includes(permission)) throw stepUpNeeded(namedScopes);
}

function changesState(method: string): boolean {
  return !["GET", "HEAD", "OPTIONS"].includes(method);
}

/** Where a browser says that the request began. Only browsers say so, and pages cannot lie: both headers are theirs alone to set. */
function originOf({ headers, host }: Call): "same" | "other" | "unsaid" {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return "same";
  // Node's fetch sends sec-fetch-mode but no site; a browser that names another site is not ours whatever Origin says.
  if (site !== undefined) return "other";
  const { origin } = headers;
  if (origin === undefined) return "unsaid";
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase() ? "same" : "other";
}

function forgery(): Problem {
  return new Problem("cross_site_request", {
    kind: "forbidden",
    say: "A signed-in browser may change things only from Holdfast's own pages; programs use an API key.",
  });
}

function forbiddenEverywhere(permission: string): Problem {
  return new Problem("forbidden", {
    kind: "forbidden",
    say: `This needs the permission ${permission} everywhere; yours counts for some labels only.`,
  });
}

function forbidden(permission: string): Problem {
  return new Problem("forbidden", { kind: "forbidden", say: `This needs the permission ${permission}, which you do not have.` });
}

function enrolFirst(): Problem {
  return new Problem("second_factor_needed", {
    kind: "forbidden",
    say: "Your role needs a second factor: enrol one under your profile; until then nothing else is open to you.",
  });
}

function stepUpNeeded(namedScopes: Principal["namedScopes"]): Problem {
  const say = namedScopes
    ? "An API key may do this only when the permission is named among its scopes; make a key that names it."
    : "Prove again that it is you, by POST /auth/step-up, and repeat this; the proof counts for ten minutes.";
  return new Problem("step_up_needed", { kind: "forbidden", say });
}
