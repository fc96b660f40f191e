/** How a route is written here: method, path, permission, shapes. The permission is part of the contract, so nobody can forget it. */
import { oc } from "@orpc/contract";
import { z } from "zod";
import { strict } from "./strict.ts";

// Under our policy a browser makes no code from text, and zod's trying it would be reported as a violation.
if ("document" in globalThis) z.config({ jitless: true });

/** What a caller may be allowed to do. `public` needs no caller; `self` needs any signed-in caller. */
export const permissions = [
  "public",
  "self",
  "devices:read",
  "devices:write",
  "devices:reveal",
  "repositories:read",
  "repositories:write",
  "plans:read",
  "plans:write",
  "rollouts:read",
  "rollouts:operate",
  "rollouts:approve",
  "findings:read",
  "findings:write",
  "audit:read",
  "audit:write",
  "secrets:read",
  "secrets:write",
  "pki:read",
  "pki:write",
  "users:read",
  "users:write",
] as const;
export type Permission = (typeof permissions)[number];

export interface RouteMeta {
  permission: Permission;
  /**
   * The act would do harm in the wrong hands: a person must have proved within ten minutes who they are (403 `step_up_needed`), an API key or
   * program must name the permission among its scopes.
   */
  stepUp?: boolean;
  /** Open also to a person who must do something before anything else, e.g. enrol a second factor. */
  meanwhile?: boolean;
  /**
   * The route itself asks, of each thing it shows or touches, whether the caller's permission counts for the thing's labels; what it does not
   * count for is not there. Every other route is closed to callers whose permission counts for some labels only.
   */
  scoped?: true;
  /**
   * `if-match`: the route edits something with a version; the caller sends its ETag (428 without, 412 when it moved).
   * `optional`: the route acts on such a thing, and makes sense whatever its version; a caller who sends an ETag is held to it (412).
   * Without either, If-Match is refused, for it would protect nothing.
   */
  precondition?: "if-match" | "optional";
  /**
   * The route creates or acts; the caller may send an Idempotency-Key, and a retry with it does nothing twice.
   * `accepted`: the retry gets the first answer again. `once`: the answer holds a secret and is not kept; the retry gets 409.
   * Where neither is said, a key is refused, for it would protect nothing: an edit or removal has If-Match, and reading does nothing.
   */
  idempotency?: "accepted" | "once";
}

interface RouteParts extends RouteMeta {
  summary: string;
  tags: string[];
  /** Status of success; 200 unless told. */
  status?: 200 | 201 | 202 | 204;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Starts a contract route: `route("GET", "/devices", { permission: "devices:read", summary: …, tags: ["devices"] }).input(…).output(…)`.
 * Inputs become strict: a key that the route does not know is refused and named, not dropped.
 */
export function route(method: Method, path: `/${string}`, parts: RouteParts) {
  const { summary, tags, status, ...meta } = parts;
  const started = oc.$meta<RouteMeta>(meta).route({ method, path, summary, tags, successStatus: status ?? 200, inputStructure: "compact" });
  const loose = started.input.bind(started);
  started.input = (schema) => loose(schema instanceof z.ZodType ? strict(schema) : schema);
  return started;
}

type Patched<S extends z.ZodRawShape> = {
  [K in keyof S]: S[K] extends z.ZodOptional<infer Inner extends z.ZodType> ? z.ZodOptional<z.ZodNullable<Inner>> : z.ZodOptional<S[K]>;
};

/**
 * What a PATCH may hold of a document (RFC 7396, JSON Merge Patch): what is left out stays, and null clears a member that the document
 * may go without.
 */
export function mergePatchOf<S extends z.ZodRawShape>(document: z.ZodObject<S>): z.ZodObject<Patched<S>> {
  const patched = Object.entries(document.shape).map(([name, member]) => {
    const clearable =
      member instanceof z.ZodOptional ? (member.unwrap() as z.ZodType).nullable().optional() : (member as z.ZodType).optional();
    const told = (member as z.ZodType).description;
    if (!(member instanceof z.ZodOptional)) return [name, clearable];
    return [name, clearable.describe(told === undefined ? "null clears it" : `${told}; null clears it`)];
  });
  return z.object(Object.fromEntries(patched)) as unknown as z.ZodObject<Patched<S>>;
}

/** A query of a paged list. `cursor` is what the page before gave as `next`. */
export const pageQuery = z.object({
  cursor: z.string().max(500).optional().describe("Where to go on: `next` of the page before"),
  limit: z.coerce.number().int().min(1).max(500).default(50).describe("Most items of this page"),
});

/** One page of a list; `next` is absent on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

export const idParam = z.object({ id: z.string().max(64) });
/** Instants on the wire: ISO 8601 in UTC. */
export const instant = z.iso.datetime().describe("ISO 8601, UTC");
export const labels = z.record(z.string().max(63), z.string().max(255)).describe("key=value labels");
export const labelsPatch = z
  .record(z.string().max(63), z.string().max(255).nullable())
  .optional()
  .describe("Labels to set; null takes one away, the others stay");
export const selector = z.string().max(1000).describe("Label selector, e.g. `site=lyon,role in (edge,core)`");
