/** The OpenAPI 3.1 document of a contract: what oRPC knows of shapes, and what we add: permissions, preconditions, problems. */
import * as wire from "@holdfast/contract";
import { routesOf, type ContractRoute } from "@holdfast/contract";
import type { AnyContractRouter } from "@orpc/contract";
import { OpenAPIGenerator } from "@orpc/openapi";
import { ZodToJsonSchemaConverter } from "@orpc/zod/zod4";
import { z } from "zod";

type Schema = Record<string, unknown>;

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Schema[];
  responses?: Record<string, Schema>;
  security?: Record<string, string[]>[];
  "x-permission"?: string;
}

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Schema>; securitySchemes: Record<string, Schema> };
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

const meanings: Record<number, string> = {
  400: "The input is not what the route asks for; `errors` names the places",
  401: "No caller, or credentials that do not count any more",
  403: "The caller lacks the permission",
  404: "There is no such thing",
  409: "It conflicts with how things are",
  412: "Somebody else changed it since it was read",
  422: "The Idempotency-Key came with another request before",
  428: "If-Match is missing",
  429: "Too many requests; `Retry-After` says when",
  503: "Something that the server needs does not answer; try again",
};

/** Generates the document. `version` is the product's. */
export async function openApiOf(contract: AnyContractRouter, version: string): Promise<OpenApiDocument> {
  const routes = routesOf(contract);
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = (await generator.generate(contract, {
    info: {
      title: "Holdfast",
      version,
      description: "Every route names the permission it needs (`x-permission`). Failures are problem+json (RFC 9457).",
    },
    servers: [{ url: "/api/v1" }],
    tags: [...new Set(routes.flatMap((route) => route.tags))].sort().map((name) => ({ name })),
    commonSchemas: sharedSchemas(),
  })) as unknown as OpenApiDocument;
  for (const route of routes) describeOperation(document, route);
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
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  if (operation === undefined) return;
  const { permission, precondition, idempotency } = route.meta;
  operation["x-permission"] = permission ?? "";
  operation.description = whoMay(permission);
  operation.security = permission === "public" ? [] : [{ apiKey: [] }, { session: [] }];
  const parameters = [
    ...(precondition === undefined
      ? []
      : [header("If-Match", "The `etag` that you have read, in double quotes", precondition === "if-match")]),
    ...(idempotency === undefined
      ? []
      : [header("Idempotency-Key", "At most 255 characters; a repetition with the same key is not carried out twice", false)]),
    ...(route.streams ? [header("Last-Event-ID", "Go on after this event", false)] : []),
  ];
  if (parameters.length > 0) operation.parameters = [...(operation.parameters ?? []), ...parameters];
  operation.responses = {
    ...operation.responses,
    ...Object.fromEntries(failuresOf(route).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])),
  };
}

function whoMay(permission: string | undefined): string {
  if (permission === "public") return "Anyone may call this.";
  return permission === "self" ? "Anyone who is signed in may call this." : `Needs the permission \`${permission}\`.`;
}

function header(name: string, description: string, required: boolean): Schema {
  return { name, in: "header", description, required, schema: { type: "string", maxLength: 255 } };
}

function failuresOf(route: ContractRoute): number[] {
  const { permission, precondition, idempotency } = route.meta;
  const changes = route.method !== "GET";
  return [
    400,
    ...(permission === "public" ? [] : [401]),
    ...(changes || (permission !== "public" && permission !== "self") ? [403] : []),
    ...(route.path.includes("{") ? [404] : []),
    ...(changes ? [409] : []),
    ...(precondition === undefined ? [] : precondition === "optional" ? [412] : [412, 428]),
    ...(idempotency === undefined ? [] : [422]),
    429,
    503,
  ];
}

function failure(description: string): Schema {
  return { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
}
