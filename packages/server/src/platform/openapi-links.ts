/**
 * Links of the OpenAPI document: what an answer shows leads on to the operations that take it, so that a client that knows only the
 * document can read, edit and delete what it made, and turn a list's pages.
 */
import type { ContractRoute } from "@holdfast/contract";

export interface Link {
  operationId: string;
  /** Names of parameters, `header.` before those of headers; values are runtime expressions. */
  parameters: Record<string, string>;
  description?: string;
}

/** What a route's answer of success has at its top, e.g. `id`, `items`, `next`. */
export type Shown = ReadonlySet<string>;

/** The links of `route`, by name, among `routes`. `shown` tells what is in its answer. */
export function linksOf(route: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): Record<string, Link> {
  return { ...nextPage(route, shown), ...things(route, shown, routes) };
}

function nextPage({ name, method, path }: ContractRoute, shown: Shown): Record<string, Link> {
  if (method !== "GET" || !shown.has("items") || !shown.has("next")) return {};
  const parameters = { ...kept(path), cursor: "$response.body#/next" };
  return { next: { operationId: name, parameters, description: "The next page" } };
}

/** From what was made, or heads a list, at `/things` to everything below `/things/{…}`; from one thing to what can be done with it. */
function things(route: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): Record<string, Link> {
  const id = idOf(route, shown);
  if (id === undefined) return {};
  const below = new RegExp(`^${escaped(route.path)}/\\{(\\w+)\\}(?=/|$)`);
  const led = routes.flatMap((target) => {
    const [, parameter] = below.exec(target.path) ?? [];
    if (parameter === undefined || placesOf(target.path).length > placesOf(route.path).length + 1) return [];
    const parameters = { ...kept(route.path), [parameter]: id, ...precondition(target, shown) };
    return [[target.name, { operationId: target.name, parameters }] as const];
  });
  return Object.fromEntries([...led, ...edits(route, shown, routes)]);
}

/** From one thing that was read to its edits, which are held to the ETag that the answer has. */
function edits(route: ContractRoute, shown: Shown, routes: readonly ContractRoute[]): [string, Link][] {
  if (route.method !== "GET" || !shown.has("etag") || placesOf(route.path).length === 0) return [];
  return routes
    .filter((target) => target.path === route.path && target.meta.precondition === "if-match")
    .map((target) => [target.name, { operationId: target.name, parameters: { ...kept(route.path), ...precondition(target, shown) } }]);
}

function idOf({ method }: ContractRoute, shown: Shown): string | undefined {
  if (method === "POST" && shown.has("id")) return "$response.body#/id";
  return method === "GET" && shown.has("items.id") ? "$response.body#/items/0/id" : undefined;
}

function precondition({ meta }: ContractRoute, shown: Shown): Record<string, string> {
  if (meta.precondition === undefined) return {};
  if (shown.has("etag")) return { "header.If-Match": "$response.header.ETag" };
  return shown.has("items.etag") ? { "header.If-Match": "$response.body#/items/0/etag" } : {};
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
