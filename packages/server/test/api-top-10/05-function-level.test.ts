/** OWASP API Security Top 10 (2023), API5: calling what one may not call. */
import { contract, routesOf, type ContractRoute } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let viewer: Person;
let admin: Person;
let people: Person;
/** Id of the secret that is worth taking. */
let prize: string;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
  viewer = await fortress.person("vic", "viewer");
  await fortress.holdfast.identity.createRole(
    { name: "people", permissions: ["users:read", "users:write"] },
    { actor: "system:test", access: "unlimited" },
  );
  people = await fortress.person("pia", { role: "people" });
  const value = { kind: "password", username: "holdfast", password: "hunter2" };
  const made = await fortress.call("POST", `${at}/secrets`, { key: admin.key, body: { name: "prize", value } });
  expect(made.status).toBe(201);
  prize = String(made.body["id"]);
});
afterAll(() => fortress.drop());

const routes = routesOf(contract);
const addressOf = ({ path }: ContractRoute) => at + path.replaceAll(/\{\w+\}/g, "x");
const prizeIsThere = async () => (await fortress.call("GET", `${at}/secrets`, { key: admin.key })).text.includes("prize");

test("whoever may only look gets nowhere with any route that the role names no permission for", async () => {
  const { body } = await fortress.call("GET", `${at}/auth/me`, { key: viewer.key });
  const has = new Set(["public", "self", ...(body["permissions"] as string[])]);
  const closed = routes.filter(({ meta }) => !has.has(meta.permission ?? ""));
  expect(closed.length).toBeGreaterThan(80);
  for (const route of closed) {
    const call = { key: viewer.key, body: route.method === "GET" ? undefined : {} };
    expect([route.name, (await fortress.call(route.method, addressOf(route), call)).status]).toEqual([route.name, 403]);
  }
});

test("what was refused is on record: who, what, and from where", async () => {
  const recorded = async () =>
    (await fortress.call("GET", `${at}/audit?action=identity.access.refuse&limit=500`, { key: admin.key })).body.items ?? [];
  await vi.waitUntil(async () => (await recorded()).length > 80);
  expect((await recorded())[0]).toMatchObject({ actor: "user:vic", subject: expect.stringContaining("route:"), address: "127.0.0.1" });
});

describe("a route is not reached under another's permission:", () => {
  const dots = ["%2e%2e", "%2E%2E", ".%2e", "..", "%2e%2e%2f", "x%2f..", "..;", "%252e%252e", "%c0%ae%c0%ae", "."];

  test("by a part of the address that takes another away", async () => {
    for (const dot of dots) {
      for (const path of [
        `/service-accounts/${dot}/secrets`,
        `/users/${dot}/secrets`,
        `/users/x/${dot}/${dot}/secrets`,
        `/users/../secrets`,
      ]) {
        const { status, text } = await fortress.call("GET", at + path, { key: people.key });
        expect([path, Math.floor(status / 100), text.includes("prize")]).toEqual([path, 4, false]);
      }
      const stolen = await fortress.call("DELETE", `${at}/service-accounts/${dot}/secrets/${prize}`, {
        key: people.key,
        headers: { "if-match": '"1"' },
      });
      expect([dot, Math.floor(stolen.status / 100)]).toEqual([dot, 4]);
    }
    expect(await prizeIsThere()).toBe(true);
  });

  test("by any pair of routes of the contract where the one lies behind the dots of the other", async () => {
    let pairs = 0;
    for (const front of routes)
      for (const [index, part] of front.path.split("/").entries()) {
        if (!part.startsWith("{")) continue;
        const parts = front.path.replaceAll(/\{\w+\}/g, "x").split("/");
        const behind = [...parts.slice(0, Math.max(1, index - 1)), ...parts.slice(index + 1)].join("/");
        if (!routes.some((one) => one.method === front.method && one.path.split("/").length === behind.split("/").length)) continue;
        pairs++;
        parts[index] = "%2e%2e";
        const { status } = await fortress.call(front.method, at + parts.join("/"), { key: people.key });
        expect([front.name, Math.floor(status / 100)]).toEqual([front.name, 4]);
      }
    expect(pairs).toBeGreaterThan(60);
  });

  test("by another spelling: letters, slashes, encodings", async () => {
    for (const path of [
      "/SECRETS",
      "/secrets/",
      "//secrets",
      "/./secrets",
      "/secrets%20",
      "/secrets%00",
      "/secrets;x",
      "/secrets.json",
      "/secrets?x",
      "/%73ecrets",
      "/secrets#x",
    ]) {
      const { status, text } = await fortress.call("GET", at + path, { key: viewer.key });
      expect([path, Math.floor(status / 100), text.includes("prize")]).toEqual([path, 4, false]);
    }
  });

  test("by a header or a member that names another method or address", async () => {
    const tricks: Record<string, string>[] = [
      { "x-http-method-override": "DELETE" },
      { "x-http-method": "DELETE" },
      { "x-method-override": "DELETE" },
      { "x-original-url": `${at}/secrets/${prize}` },
      { "x-rewrite-url": `${at}/secrets/${prize}` },
      { "x-forwarded-prefix": "/api/v1/secrets" },
    ];
    for (const headers of tricks) {
      for (const person of [admin, viewer]) await fortress.call("POST", `${at}/secrets/${prize}`, { key: person.key, headers, body: {} });
      await fortress.call("GET", `${at}/secrets/${prize}?_method=DELETE`, { key: admin.key, headers });
    }
    for (const body of [{ _method: "DELETE" }, "_method=DELETE"])
      await fortress.call("POST", `${at}/secrets/${prize}`, { key: admin.key, body });
    expect(await prizeIsThere()).toBe(true);
  });

  test("by a method that only looks: nothing that changes answers to GET or HEAD", async () => {
    const looking = new Set(routes.filter(({ method }) => method === "GET").map(({ path }) => path.replaceAll(/\{\w+\}/g, "x")));
    const acting = routes.map(({ path }) => path.replaceAll(/\{\w+\}/g, "x")).filter((path) => !looking.has(path));
    expect(acting.length).toBeGreaterThan(60);
    for (const path of new Set(acting))
      for (const method of path.length % 4 === 0 ? ["GET", "HEAD"] : ["GET"]) {
        const { status } = await fortress.call(method, at + path, { key: admin.key });
        expect([method, path, [404, 405].includes(status)]).toEqual([method, path, true]);
      }
  });
});
