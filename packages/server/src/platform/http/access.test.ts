import { routesOf } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf, startThings, thingsContract, type ThingsApi } from "#test/things-api";
import { closedRoutes } from "./access.ts";

let api: ThingsApi;
beforeAll(async () => {
  api = await startThings();
});
afterAll(() => api.drop());

describe("who may call", () => {
  test("a contract with routes that name no permission is not served, and each is named", () => {
    const open = { ...routesOf(thingsContract)[0]!, meta: {} };
    expect(() => closedRoutes([...routesOf(thingsContract), { ...open, name: "things.open" }, { ...open, name: "things.wide" }])).toThrow(
      /things\.open, things\.wide/,
    );
  });

  test("answers of unknown callers are never kept for repetition", () => {
    const loose = { ...routesOf(thingsContract)[0]!, meta: { permission: "public", idempotency: "accepted" } as const };
    expect(() => closedRoutes([loose])).toThrow(Problem);
  });

  test("without credentials nothing but public routes answers, and input is not looked at", async () => {
    const answer = await api.call("POST", "/api/v1/things", { as: "", body: "{ broken" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect((await problemOf(answer)).code).toBe("unauthenticated");
  });

  test("credentials that do not count are refused with their own reason", async () => {
    expect(await problemOf(await api.call("GET", "/api/v1/things", { as: "stranger" }))).toMatchObject({
      status: 401,
      code: "key_unknown",
    });
  });

  test("a permission that counts for some labels opens only routes that ask for the labels themselves", async () => {
    expect((await api.call("GET", "/api/v1/things", { as: "lyon" })).status).toBe(200);
    const refused = await problemOf(await api.call("GET", "/api/v1/things/one", { as: "lyon" }));
    expect(refused).toMatchObject({ status: 403, detail: expect.stringContaining("for some labels only") });
  });

  test("without the permission the route is refused before its input is looked at, and the permission is named", async () => {
    const refused = await problemOf(await api.call("POST", "/api/v1/things", { as: "reader", body: "{ broken" }));
    expect(refused).toMatchObject({ status: 403, code: "forbidden" });
    expect(refused.detail).toContain("devices:write");
  });

  describe("a session in a browser", () => {
    const attempt = (headers: Record<string, string>, method = "DELETE") =>
      api.call(method, "/api/v1/things/one", { as: "", headers: { cookie: "session=writer", ...headers } });

    test.each([
      ["from our own page", { "sec-fetch-site": "same-origin" }, 204],
      ["from our own page in an old browser", { origin: "OWN" }, 204],
      ["from another site", { "sec-fetch-site": "cross-site", origin: "OWN" }, 403],
      ["from a sibling domain", { "sec-fetch-site": "same-site" }, 403],
      ["with a foreign Origin", { origin: "https://evil.example" }, 403],
      ["with the Origin null", { origin: "null" }, 403],
      ["that does not say where from", {}, 403],
    ])("that changes something %s is answered as it should be", async (_where, headers, status) => {
      const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value === "OWN" ? api.url : value]));
      expect((await attempt(own)).status).toBe(status);
    });

    test("may read whatever the site", async () => expect((await attempt({ "sec-fetch-site": "cross-site" }, "GET")).status).toBe(200));
  });

  test("a page of another site cannot sign a browser in", async () => {
    const attempt = (headers: Record<string, string>) => api.call("POST", "/api/v1/sign-in", { as: "", headers });
    expect((await attempt({ origin: "https://evil.example" })).status).toBe(403);
    expect((await attempt({})).status).toBe(200);
  });

  test("cookies are out of reach of scripts and other sites", async () => {
    const answer = await api.call("POST", "/api/v1/sign-in", { as: "" });
    expect(answer.headers.get("set-cookie")).toBe("session=writer; Max-Age=60; Path=/; HttpOnly; SameSite=Strict");
    expect(answer.headers.get("x-extra")).toBe("yes");
  });
});
