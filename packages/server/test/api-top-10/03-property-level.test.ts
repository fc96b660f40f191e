/** OWASP API Security Top 10 (2023), API3: members that one may not write, and members that nobody should read. */
import { contract, routesOf, type ContractRoute } from "@holdfast/contract";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
});
afterAll(() => fortress.drop());

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

const schemaOf = (part: ContractRoute["input"], io: "input" | "output"): Schema =>
  part instanceof z.ZodType ? (z.toJSONSchema(part, { io, unrepresentable: "any" }) as Schema) : {};

function namesIn(schema: Schema): string[] {
  const below = [schema.items ?? {}, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  const own = Object.entries(schema.properties ?? {});
  return [...own.map(([name]) => name), ...[...own.map(([, value]) => value), ...(schema.items ? below : below.slice(1))].flatMap(namesIn)];
}

const routes = routesOf(contract);
/** What an attacker would add to any body. */
const wishes = [
  "admin",
  "isAdmin",
  "role",
  "grants",
  "permissions",
  "id",
  "userId",
  "actor",
  "passwordHash",
  "approvedBy",
  "createdAt",
  "state",
];

describe("what a body may not say", () => {
  test("is refused by every route, member by member, and nothing is made of the rest", async () => {
    const writing = routes.filter(({ method, input }) => method !== "GET" && input !== undefined);
    expect(writing.length).toBeGreaterThan(70);
    for (const route of writing) {
      const known = new Set(namesIn(schemaOf(route.input, "input")));
      const planted = wishes.filter((wish) => !known.has(wish));
      const headers: Record<string, string> = route.meta.precondition === "if-match" ? { "if-match": '"1"' } : {};
      const path = at + route.path.replaceAll(/\{\w+\}/g, "nothing");
      const body = Object.fromEntries(planted.map((wish) => [wish, true]));
      const answer = await fortress.call(route.method, path, { cookie: admin.cookie, headers, body });
      const places = (answer.body["errors"] as { at: string }[] | undefined)?.map((place) => place.at) ?? [];
      expect([route.name, answer.status, planted.filter((wish) => !places.includes(wish))]).toEqual([route.name, 400, []]);
    }
  });

  test("is not smuggled in by a prototype", async () => {
    for (const body of [
      '{"name":"x","__proto__":{"isAdmin":true}}',
      '{"name":"x","constructor":{"prototype":{"isAdmin":true}}}',
      '{"name":"x","grants":[{"role":"viewer","__proto__":{"role":"admin"}}]}',
    ]) {
      const { status } = await fortress.call("POST", `${at}/roles`, { key: admin.key, body });
      expect([body, status]).toEqual([body, 400]);
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  test("of a device is what the server found out itself: its id, its key, its state", async () => {
    const spec = { name: "r1", platform: "frr", address: "192.0.2.1" };
    for (const wish of [
      { id: "dev_1" },
      { hostKey: `SHA256:${"A".repeat(43)}` },
      { drift: "as_intended" },
      { etag: "1" },
      { reachable: true },
    ])
      expect((await fortress.call("POST", `${at}/devices`, { key: admin.key, body: { ...spec, ...wish } })).status).toBe(400);
    expect((await fortress.call("POST", `${at}/devices`, { key: admin.key, body: spec })).status).toBe(201);
    const { etag } = (await fortress.call("GET", `${at}/devices/r1`, { key: admin.key })).body;
    const headers = { "if-match": `"${String(etag)}"` };
    for (const wish of [{ id: "dev_1" }, { hostKey: null }, { lastSeenAt: null }, { createdAt: "2026-01-01T00:00:00Z" }])
      expect((await fortress.call("PATCH", `${at}/devices/r1`, { key: admin.key, body: wish, headers })).status).toBe(400);
  });
});

describe("nobody raises themselves", () => {
  test("by their own grants, a role of theirs, a key of theirs or an invitation", async () => {
    const eve = await fortress.person("eve", "operator");
    const own = await fortress.call("GET", `${at}/users/${eve.id}`, { key: admin.key });
    const headers = { "if-match": `"${String(own.body["etag"])}"` };
    const tries: [string, string, unknown, Record<string, string>?][] = [
      ["PATCH", `/users/${eve.id}`, { grants: [{ role: "admin" }] }, headers],
      ["POST", "/users/invite", { name: "eve2", grants: [{ role: "admin" }] }],
      ["POST", "/roles", { name: "all", permissions: ["users:write"] }],
      ["POST", "/service-accounts", { name: "bot", grants: [{ role: "admin" }] }],
      ["POST", "/identity-providers", { name: "mine" }],
    ];
    for (const [method, path, body, more = {}] of tries) {
      const { status } = await fortress.call(method, `${at}${path}`, { cookie: eve.cookie, body, headers: more });
      expect([path, status]).toEqual([path, 403]);
    }
    const body = { name: "more", scopes: ["users:write"], expiresInDays: 1 };
    const key = await fortress.call("POST", `${at}/api-keys`, { cookie: eve.cookie, body });
    expect([key.status, key.body["key"]]).toEqual([403, undefined]);
  });
});

describe("what an answer may not say", () => {
  /** Given once, to whom they are for; each is the point of its route. */
  const meant = new Set([
    "identity.createKey key",
    "serviceAccounts.createKey key",
    "serviceAccounts.createSecret clientSecret",
    "factors.beginTotp secret",
    "factors.confirmTotp backupCodes",
    "factors.addPasskey backupCodes",
    "factors.makeBackupCodes backupCodes",
    "tokens.trade accessToken",
    "tokens.trade refreshToken",
    "tokens.refresh accessToken",
    "tokens.refresh refreshToken",
    "pki.issue privateKey",
    "serviceAccounts.createEnrolment token",
  ]);
  /** Says that there is one, how many there are, or which: a name, a time, a hash of what is no secret. */
  const harmless =
    /^(has[A-Z]\w*|tokenType|tokenExpiresAt|publicKey|hostKey|activeKey|hash|\w+Hash|code|backupCodes|secret|key|token|secretVersion|missingSecret)$/;
  /** A member called `secret` or `missingSecret` is a secret's name, one called `key` the name of a key, one called `token` marks a step under way. */
  const byName: Record<string, RegExp> = {
    secret: /^(secrets|repositories|credentials)\./,
    missingSecret: /^repositories\./,
    key: /^secrets\./,
    token: /^(identity|factors|federation|people)\./,
    backupCodes: /^factors\.own$/,
  };

  test("are members that hold secrets, but where they are given once", () => {
    const found = routes.flatMap(({ name, output }) =>
      namesIn(schemaOf(output, "output"))
        .filter((member) => /pass(word|phrase)|secret|token|seed|private|key$|hash|code|cookie|salt/i.test(member))
        .filter((member) => !meant.has(`${name} ${member}`))
        .filter((member) => !harmless.test(member) || (byName[member] !== undefined && !byName[member].test(name)))
        .map((member) => `${name} ${member}`),
    );
    expect(found).toEqual([]);
  });
});
