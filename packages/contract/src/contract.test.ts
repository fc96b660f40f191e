import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contract } from "./contract.ts";
import { mergePatchOf, permissions } from "./route.ts";
import { routesOf, type ContractRoute } from "./routes-of.ts";

const routes = routesOf(contract);
const breaking = (broken: (route: ContractRoute) => boolean) => routes.filter(broken).map((route) => route.name);

/** Names of all fields of a shape, at any depth. */
function fieldsOf(schema: unknown): string[] {
  const text = schema instanceof z.ZodType ? JSON.stringify(z.toJSONSchema(schema, { unrepresentable: "any", io: "output" })) : "{}";
  const names: string[] = [];
  JSON.parse(text, (key, value: unknown) => {
    if (key === "properties" && typeof value === "object" && value !== null) names.push(...Object.keys(value));
    return value;
  });
  return names;
}

/** Fields of a shape itself. */
function topFieldsOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What the routes show that lead to the thing which a route changes: its own answer, the one read at its path, the list above it. */
function shownBeside({ path, output }: ContractRoute): unknown[] {
  const above = path.replace(/\/\{\w+\}$/, "");
  return [output, ...routes.filter((one) => one.method === "GET" && [path, above].includes(one.path)).map((one) => one.output)];
}

describe("the contract", () => {
  test("has routes at all", () => expect(routes.length).toBeGreaterThan(50));

  test("gives every route a permission, a summary and a tag", () => {
    expect(breaking(({ meta, summary, tags }) => !permissions.includes(meta.permission as never) || !summary || tags.length === 0)).toEqual(
      [],
    );
  });

  test("has no two routes at one method and path", () => {
    const places = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
    expect(places.filter((place, at) => places.indexOf(place) !== at)).toEqual([]);
  });

  test("refuses keys it does not know on every route with an input", () => {
    const lax = routes.filter(
      ({ input }) => input instanceof z.ZodType && !JSON.stringify(input.safeParse({ surplus: 1 }).error?.issues ?? "").includes("surplus"),
    );
    expect(lax.map((route) => route.name)).toEqual([]);
  });

  test("shows an ETag of everything that can be changed, and asks for it on every change and removal of such a thing", () => {
    const edits = routes.filter(({ method }) => ["PUT", "PATCH", "DELETE"].includes(method));
    const versioned = edits.filter((route) => shownBeside(route).some((output) => fieldsOf(output).includes("etag")));
    expect(edits.filter((route) => !versioned.includes(route)).map((route) => route.name)).toEqual([
      // Ended, never edited: it holds nothing that somebody could have changed meanwhile.
      "identity.revokeKey",
      "factors.remove",
      "federation.leave",
      "federation.unlink",
      "people.revokeKey",
      "sessions.revoke",
      "sessions.revokeOf",
      "sessions.revokeAllOf",
      "serviceAccounts.revokeSecret",
      "secrets.revokeLease",
      // Held to the ETag of the secret, which no version shows.
      "secrets.destroyVersion",
    ]);
    expect(versioned.filter(({ meta }) => meta.precondition !== "if-match").map((route) => route.name)).toEqual([]);
    expect(versioned.length).toBeGreaterThan(6);
  });

  test("holds an act on something with an ETag to the one that the caller read, if it sends one", () => {
    const acts = routes.filter(
      ({ method, path, output }) => method === "POST" && path.includes("{") && topFieldsOf(output).includes("etag"),
    );
    // A rollout moves by itself, its version with it: an act on one is held to the state that it is in.
    const free = acts.filter(({ name, meta }) => meta.precondition === undefined && !name.startsWith("rollouts."));
    expect(free.map(({ name }) => name)).toEqual(["repositories.sync"]); // It fetches, and edits nothing.
    expect(acts.filter(({ meta }) => meta.precondition === "optional").length).toBeGreaterThan(3);
  });

  test("takes an Idempotency-Key on every act of a known caller", () => {
    expect(breaking(({ method, meta }) => method === "POST" && meta.permission !== "public" && meta.idempotency === undefined)).toEqual([]);
    expect(breaking(({ method, meta }) => method !== "POST" && meta.idempotency !== undefined)).toEqual([]);
  });

  test("never keeps an answer that holds a secret", () => {
    const telling = /^(key|token|password|privateKey|passphrase)$/;
    expect(
      breaking(({ meta, output }) => meta.idempotency === "accepted" && fieldsOf(output).some((field) => telling.test(field))),
    ).toEqual([]);
  });

  test("accepts idempotency keys only from callers it knows", () => {
    expect(breaking(({ meta }) => meta.idempotency !== undefined && meta.permission === "public")).toEqual([]);
  });
});

describe("a merge patch of a document", () => {
  const patch = mergePatchOf(z.object({ name: z.string(), site: z.string().optional().describe("Where it is") }));

  test("may leave out everything, and clear what the document may go without", () => {
    expect(patch.parse({})).toEqual({});
    expect(patch.parse({ name: "a", site: null })).toEqual({ name: "a", site: null });
    expect(patch.safeParse({ name: null }).success).toBe(false);
    expect(patch.shape.site.description).toBe("Where it is; null clears it");
  });
});
