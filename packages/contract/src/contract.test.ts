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

  test("asks for the caller's ETag on every change and removal of something with an etag", () => {
    const edits = routes.filter(
      ({ method, meta, output }) =>
        ["PUT", "PATCH"].includes(method) && fieldsOf(output).includes("etag") && meta.precondition !== "if-match",
    );
    expect(edits.map((route) => route.name)).toEqual([]);
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
