/** A small API of its own, served on a real port, for the tests of `platform/http`. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { idParam, pageOf, pageQuery, route, type Permission } from "@holdfast/contract";
import { parseSelector, Problem, type ProblemDocument } from "@holdfast/kit";
import { implement } from "@orpc/server";
import { expect } from "vitest";
import { z } from "zod";
import { createHttp, ifMatchOf, preconditionFailed, type Authenticate, type HttpParts, type RequestContext } from "#platform/http";
import { everywhere } from "#platform/http/request";
import { createLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { testDatabase, type TestDatabase } from "#test/database";

const thing = z.object({ id: z.string(), name: z.string(), etag: z.string() });
const newThing = z.object({ name: z.string().min(2), parts: z.array(z.object({ size: z.number() })).default([]) });
const tags = ["things"];

export const thingsContract = {
  things: {
    list: route("GET", "/things", { permission: "devices:read", scoped: true, summary: "List", tags })
      .input(pageQuery)
      .output(pageOf(thing)),
    get: route("GET", "/things/{id}", { permission: "devices:read", summary: "One", tags }).input(idParam).output(thing),
    create: route("POST", "/things", { permission: "devices:write", summary: "Create", tags, status: 201, idempotency: "accepted" })
      .input(newThing)
      .output(thing),
    update: route("PATCH", "/things/{id}", { permission: "devices:write", summary: "Change", tags, precondition: "if-match" })
      .input(idParam.extend({ name: z.string() }))
      .output(thing),
    remove: route("DELETE", "/things/{id}", { permission: "devices:write", summary: "Remove", tags, status: 204 })
      .input(idParam)
      .output(z.void()),
    press: route("POST", "/things/{id}/press", {
      permission: "devices:write",
      summary: "Act",
      tags,
      idempotency: "accepted",
      precondition: "optional",
    })
      .input(idParam)
      .output(z.object({ heldTo: z.string() })),
    key: route("POST", "/keys", { permission: "self", summary: "A secret", tags, status: 201, idempotency: "once" }).output(
      z.object({ key: z.string() }),
    ),
    fail: route("POST", "/failures/{id}", { permission: "self", summary: "Fail", tags, idempotency: "accepted" })
      .input(idParam)
      .output(z.void()),
    signIn: route("POST", "/sign-in", { permission: "public", summary: "Sign in", tags }).output(z.object({ ok: z.boolean() })),
    wait: route("GET", "/wait", { permission: "self", summary: "Wait", tags }).output(z.object({ waited: z.boolean() })),
  },
};

export interface ThingsApi {
  url: string;
  database: TestDatabase;
  logLines: string[];
  /** Callers and what they may do; their API key is their name, and so is their session. What `lyon` may do counts for `site=lyon` only. */
  people: Record<string, Permission[]>;
  /** How often a handler that changes something ran. */
  changes(): number;
  /** GET /wait: resolves when it has begun; `letGo` ends it. */
  waiting: Promise<void>;
  letGo(): void;
  call(method: string, path: string, call?: ThingsCall): Promise<Response>;
  /** A file as the console's build would leave it. */
  writeConsole(name: string, content: string): Promise<void>;
  stop(): Promise<void>;
  drop(): Promise<void>;
}

export interface ThingsCall {
  /** Caller; "" for none. `writer` unless told. */
  as?: string;
  /** JSON, or text as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

type ThingsParts = Partial<Pick<HttpParts, "checks">> &
  Pick<HttpParts["settings"], "publicUrl" | "trustedProxies" | "corsOrigins" | "rateLimits" | "waits">;

export async function startThings({ checks = {}, ...settings }: ThingsParts = {}): Promise<ThingsApi> {
  const database = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), "holdfast-http-"));
  const logLines: string[] = [];
  const people: ThingsApi["people"] = {
    writer: ["devices:read", "devices:write"],
    reader: ["devices:read"],
    lyon: ["devices:read"],
    nobody: [],
  };
  const things = createThings();
  const http = await createHttp({
    contract: thingsContract,
    router: things.router,
    authenticate: authenticateBy(people),
    db: database.db,
    log: createLog({ level: "info", to: { write: (line: string) => void logLines.push(line) } }),
    metrics: createMetrics(),
    checks,
    settings: { port: 0, consoleDirectory: home, version: "1.2.3", ...settings },
  });
  const url = await http.listen();
  return {
    ...things,
    url,
    database,
    logLines,
    people,
    call: (method, path, call) => fetch(`${url}${path}`, requestOf(method, call ?? {})),
    async writeConsole(name, content) {
      await mkdir(dirname(join(home, name)), { recursive: true });
      await writeFile(join(home, name), content);
    },
    stop: () => http.close(),
    async drop() {
      await http.close();
      await database.drop();
      rmSync(home, { recursive: true });
    },
  };
}

function requestOf(method: string, { as = "writer", body, headers = {} }: ThingsCall): RequestInit {
  return {
    method,
    redirect: "manual",
    headers: {
      ...(as !== "" && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
}

/** `Authorization: Bearer <name>` or the cookie `session=<name>`. */
function authenticateBy(people: ThingsApi["people"]): Authenticate {
  return async ({ headers, cookies }) => {
    const name = headers.authorization?.replace("Bearer ", "") ?? cookies["session"];
    if (name === undefined) return undefined;
    const permissions = people[name];
    if (permissions === undefined) throw new Problem("key_unknown", { kind: "unauthenticated", say: "This API key does not count." });
    const lyon = [parseSelector("site=lyon")];
    const access = name === "lyon" ? new Map(permissions.map((one) => [one, lyon])) : everywhere(permissions);
    const via = headers.authorization ? "api_key" : "session";
    return { actor: `user:${name}`, userId: name, credentialId: name, access, via };
  };
}

function createThings() {
  let changes = 0;
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const os = implement(thingsContract.things).$context<RequestContext>();
  const things = os.router({
    list: os.list.handler(({ input }) => ({ items: [], next: `limit-${input.limit}` })),
    get: os.get.handler(({ input }) => {
      if (input.id !== "one") throw new Problem("thing_missing", { kind: "missing", say: `There is no thing "${input.id}".` });
      return { id: "one", name: "first", etag: "v1", surplus: "left out" };
    }),
    create: os.create.handler(({ input }) => ({ id: `thing-${++changes}`, name: input.name, etag: "v1" })),
    update: os.update.handler(({ input, context }) => {
      if (ifMatchOf(context) !== "v1") throw preconditionFailed("this thing");
      return { id: input.id, name: input.name, etag: "v2" };
    }),
    remove: os.remove.handler(() => undefined),
    press: os.press.handler(({ context }) => {
      changes++;
      return { heldTo: context.ifMatch ?? "nothing" };
    }),
    key: os.key.handler(() => ({ key: `secret-${++changes}` })),
    fail: os.fail.handler(({ input }) => {
      changes++;
      if (input.id === "database") throw new Problem("database_unavailable", { kind: "unavailable", say: "The database does not answer." });
      throw new Error('duplicate key in "select * from secret_table"');
    }),
    signIn: os.signIn.handler(({ context }) => {
      context.setCookie("session", "writer", { maxAgeS: 60 });
      context.resHeaders.set("x-extra", "yes");
      return { ok: true };
    }),
    wait: os.wait.handler(async () => {
      begun.resolve();
      await ended.promise;
      return { waited: true };
    }),
  });
  return { router: { things }, changes: () => changes, waiting: begun.promise, letGo: () => ended.resolve() };
}

/** The problem of a refused call; sees to it that it is a proper one and says nothing of our insides. */
export async function problemOf(response: Response): Promise<ProblemDocument> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const document = (await response.json()) as ProblemDocument;
  expect(document.request_id).toBe(response.headers.get("x-request-id"));
  expect(document.status).toBe(response.status);
  expect(JSON.stringify(document)).not.toMatch(/FST_|ORPC|node_modules|select |at .*\.ts/);
  return document;
}
