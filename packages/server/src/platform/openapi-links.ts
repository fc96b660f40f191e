/**
 * Links of the OpenAPI document: what was made, or read, leads on to the operations that take it, so that a client that knows only the
 * document can read, edit and delete it. A link holds for every answer of its kind: a list has none, for it may be empty, or end.
 */
import type { ContractRoute } from "@holdfast/contract";

export interface Link {
  operationId: string;
  /** Names of parameters, `header.` before those of headers; values are runtime expressions. */
  parameters: Record<string, string>;
}

/** What a route's answer of success has at its top, e.g. `id`, `etag`. */
export type Shown = ReadonlySet<string>;

/** The links of `route`, by name, among `routes`. `shown` tells what is in its answer. */
export function linksOf(route: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): Record<string, Link> {
  const links = route.method === "POST" && shown.has("id") ? belowMade(route, shown, routes) : edits(route, shown, routes);
  return Object.fromEntries(links.map((link) => [link.operationId, link]));
}

/** From what was made at `/things` to everything at and below `/things/{…}`. */
function belowMade({ path }: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): Link[] {
  const below = new RegExp(`^${escaped(path)}/\\{(\\w+)\\}(?=/|$)`);
  return routes.flatMap((target) => {
    const [, place] = below.exec(target.path) ?? [];
    if (place === undefined || placesOf(target.path).length > placesOf(path).length + 1) return [];
    const parameters = { ...kept(path), [place]: "$response.body#/id", ...precondition(target, shown) };
    return [{ operationId: target.name, parameters }];
  });
}

/** From one thing that was read to its edits, which are held to the ETag that the answer has. */
function edits({ method, path }: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): Link[] {
  if (method !== "GET" || !shown.has("etag") || placesOf(path).length === 0) return [];
  return routes
    .filter((target) => target.path === path && target.meta.precondition === "if-match")
    .map((target) => ({ operationId: target.name, parameters: { ...kept(path), ...precondition(target, shown) } }));
}

function precondition({ meta }: ContractRoute, shown: Shown): Record<string, string> {
  return meta.precondition !== undefined && shown.has("etag") ? { "header.If-Match": "$response.header.ETag" } : {};
}

/** The same parts of the address as in the call that was answered. */
function kept(path: string): Record<string, string> {
  return Object.fromEntries(placesOf(path).map((name) => [name, `$request.path.${name}`]));
}

function placesOf(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
}

function escaped(text: string): string {
  return text.replaceAll(/[{}]/g, String.raw`\$&`);
}
