/** The OpenAPI 3.1 document of a contract: what oRPC knows of shapes, and what we add: permissions, preconditions, problems. */
import * as wire from "@holdfast/contract";
import { routesOf, type ContractRoute } from "@holdfast/contract";
import { getEventIteratorSchemaDetails, type AnyContractRouter } from "@orpc/contract";
import { OpenAPIGenerator } from "@orpc/openapi";
import { z } from "zod";
import { linksOf, type Shown } from "./openapi-links.ts";
import { createSchemaConverter } from "./openapi-schemas.ts";

type Schema = Record<string, unknown>;

interface Answer {
  $ref?: string;
  description?: string;
  headers?: Schema;
  content?: Record<string, { schema: Schema }>;
  links?: Schema;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Schema[];
  responses?: Record<string, Answer>;
  security?: Record<string, string[]>[];
  "x-permission"?: string;
}

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Answer>; securitySchemes: Record<string, Schema> };
}

const problem: Schema = {
  type: "object",
  description: "RFC 9457 problem details",
  properties: {
    type: { type: "string", description: "`urn:holdfast:problem:<code>`" },
    title: { type: "string", description: "The kind of problem" },
    status: { type: "integer" },
    code: { type: "string", description: "What to search for" },
    detail: { type: "string", description: "What is wrong, where, and how to mend it" },
    errors: {
      type: "array",
      description: "The places, where there are several",
      items: { type: "object", properties: { at: { type: "string" }, say: { type: "string" } }, required: ["at", "say"] },
    },
    request_id: { type: "string", description: "Finds the log lines" },
  },
  required: ["type", "title", "status", "code", "detail"],
};

/** An entity tag as we take it: with or without its quotes, and never `*`. */
const etag = String.raw`^(?:W/)?(?:"(?!\*")[!#-~]+"|(?!\*$)[!#-~]+)$`;

const meanings: Record<number, string> = {
  400: "The input is not what the route asks for; `errors` names the places",
  401: "No caller, or credentials, a proof or a link that do not count (any more)",
  403: "The caller lacks the permission, or has to prove first who they are",
  404: "There is no such thing, or something that the input names is not there",
  409: "It conflicts with how things are",
  412: "Somebody else changed it since it was read",
  413: "The body is too large",
  414: "A part of the address is too long",
  415: "The body is not of the type application/json",
  422: "The Idempotency-Key came with another request before",
  428: "If-Match is missing",
  431: "The address and the headers together are larger than 16 KB",
  429: "Too many requests; `Retry-After` says when",
  503: "Something that the server needs does not answer; try again",
};

/** Generates the document. `version` is the product's. */
export async function openApiOf(contract: AnyContractRouter, version: string): Promise<OpenApiDocument> {
  const routes = routesOf(contract);
  const generator = new OpenAPIGenerator({ schemaConverters: [createSchemaConverter()] });
  const document = (await generator.generate(contract, {
    info: {
      title: "Holdfast",
      version,
      description:
        "Every route names the permission it needs (`x-permission`). Failures are problem+json (RFC 9457). No text may hold a NUL character (U+0000).",
    },
    servers: [{ url: "/api/v1" }],
    tags: [...new Set(routes.flatMap((route) => route.tags))].sort().map((name) => ({ name })),
    commonSchemas: sharedSchemas(),
  })) as unknown as OpenApiDocument;
  for (const route of routes) describeOperation(document, route);
  for (const route of routes) describeSuccess(document, route, routes);
  document.components.schemas = referredTo(document, { ...document.components.schemas, Problem: problem });
  document.components.responses = Object.fromEntries(
    Object.entries(meanings).map(([status, description]) => [`Problem${status}`, failure(description)]),
  );
  document.components.securitySchemes = {
    apiKey: { type: "http", scheme: "bearer", description: "An API key, `Authorization: Bearer …`" },
    session: { type: "apiKey", in: "cookie", name: "holdfast_session", description: "The console's session" },
  };
  return document;
}

/** The shapes that the contract exports, under their names, so that the document says `Device` where it would repeat twenty fields. */
function sharedSchemas(): Record<string, { schema: z.ZodType; strategy: "output" }> {
  const shapes = Object.entries<unknown>(wire).filter((entry): entry is [string, z.ZodObject] => entry[1] instanceof z.ZodObject);
  return Object.fromEntries(shapes.map(([name, schema]) => [name[0]?.toUpperCase() + name.slice(1), { schema, strategy: "output" }]));
}

/** Those of `schemas` that something in the document refers to, directly or through another one. */
function referredTo({ paths }: OpenApiDocument, schemas: Record<string, Schema>): Record<string, Schema> {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      look(JSON.stringify(schemas[name] ?? {}));
    }
  };
  look(JSON.stringify(paths));
  found.add("Problem"); // by way of the shared responses
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => found.has(name)));
}

function describeOperation(document: OpenApiDocument, route: ContractRoute): void {
  const operation = operationOf(document, route);
  if (operation === undefined) return;
  const { permission } = route.meta;
  operation["x-permission"] = permission ?? "";
  operation.description = whoMay(permission);
  operation.security = permission === "public" ? [] : [{ apiKey: [] }, { session: [] }];
  const parameters = [...(operation.parameters ?? []).map(asItIs), ...headersOf(route)];
  if (parameters.length > 0) operation.parameters = parameters;
  operation.responses = {
    ...operation.responses,
    ...Object.fromEntries(failuresOf(route).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])),
  };
}

function operationOf({ paths }: OpenApiDocument, { path, method }: ContractRoute): Operation | undefined {
  return paths[path]?.[method.toLowerCase()];
}

/** The generator lets every part of a query be empty and hold what separates it from the next; both would be refused or misread. */
function asItIs({ allowEmptyValue: _empty, allowReserved: _reserved, ...parameter }: Schema): Schema {
  return parameter;
}

function headersOf({ meta: { precondition, idempotency }, output }: ContractRoute): Schema[] {
  const header = (name: string, description: string, more: { required?: boolean; pattern: string }): Schema => {
    const { required = false, pattern } = more;
    return { name, in: "header", description, required, schema: { type: "string", maxLength: 255, pattern } };
  };
  return [
    ...(precondition === undefined
      ? []
      : [header("If-Match", "The `etag` that you have read, in double quotes", { required: precondition === "if-match", pattern: etag })]),
    ...(idempotency === undefined
      ? []
      : [header("Idempotency-Key", "A repetition with the same key is not carried out twice", { pattern: "^[!-~]+$" })]),
    ...(eventsHaveIds(output) ? [header("Last-Event-ID", "Go on after this event", { pattern: "^[0-9]+$" })] : []),
  ];
}

/** True of a stream that can be gone on with after an event. */
function eventsHaveIds(output: ContractRoute["output"]): boolean {
  const event = getEventIteratorSchemaDetails(output)?.yields;
  return event instanceof z.ZodObject && "id" in event.shape;
}

/** What the answer of success is: nothing at all where there is nothing to say, texts that hold JSON in a stream, an ETag, and links. */
function describeSuccess(document: OpenApiDocument, route: ContractRoute, routes: readonly ContractRoute[]): void {
  const responses = operationOf(document, route)?.responses ?? {};
  const [status = "", answer] = Object.entries(responses).find(([code]) => code.startsWith("2")) ?? [];
  if (answer === undefined) return;
  if (status === "204") delete answer.content;
  for (const { schema } of Object.values(answer.content ?? {})) if (route.streams) asTexts(schema);
  const shown = shownBy(route);
  if (shown.has("etag")) answer.headers = { ETag: { description: "The `etag` in double quotes", schema: { type: "string" } } };
  const links = linksOf(route, shown, routes);
  if (Object.keys(links).length > 0) answer.links = links;
}

/** Each event of a stream has its data as a text, which holds JSON of the shape. */
function asTexts(stream: Schema): void {
  for (const { properties } of (stream["oneOf"] ?? []) as { properties: { data: Schema } }[])
    properties.data = { type: "string", contentMediaType: "application/json", contentSchema: properties.data };
}

/** The names at the top of an answer. */
function shownBy({ output }: ContractRoute): Shown {
  return new Set(output instanceof z.ZodObject ? Object.keys(output.shape) : []);
}

function whoMay(permission: string | undefined): string {
  if (permission === "public") return "Anyone may call this.";
  return permission === "self" ? "Anyone who is signed in may call this." : `Needs the permission \`${permission}\`.`;
}

function failuresOf(route: ContractRoute): number[] {
  const { permission, precondition, idempotency } = route.meta;
  const [changes, known] = [route.method !== "GET", permission !== "public"];
  return [
    400,
    ...(changes || known ? [401, 403] : []),
    ...(route.path.includes("{") || changes ? [404] : []),
    ...(changes ? [409] : []),
    ...(precondition === undefined ? [] : precondition === "optional" ? [412] : [412, 428]),
    ...(changes ? [413] : []),
    ...(route.path.includes("{") ? [414] : []),
    ...(changes ? [415] : []),
    ...(idempotency === undefined ? [] : [422]),
    429,
    431,
    503,
  ];
}

function failure(description: string): Schema {
  return { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
}
