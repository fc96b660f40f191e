import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, routesOf, type BuiltInRole } from "@holdfast/contract";
import { createAuditKeeping, createAuditRoutes } from "#core/audit";
import { createFindings, createFindingsRoutes, type Findings } from "#core/findings";
import {
  createFactorRoutes,
  createIdentityRoutes,
  createPeopleRoutes,
  createRoleRoutes,
  createServiceAccountRoutes,
  createSessionRoutes,
  createTokenRoutes,
  sessionCookie,
} from "#core/identity";
import { createSecretsRoutes } from "#core/secrets";
import { inTransaction } from "#platform/db";
import { createHttp, type Http } from "#platform/http";
import { silentLog } from "#platform/log";
import { identityWorld, password, type IdentityWorld } from "#test/identity";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const served = {
  identity: contract.identity,
  factors: contract.factors,
  people: contract.people,
  roles: contract.roles,
  sessions: contract.sessions,
  serviceAccounts: contract.serviceAccounts,
  tokens: contract.tokens,
  audit: contract.audit,
  secrets: contract.secrets,
  findings: contract.findings,
};
let world: IdentityWorld;
let findings: Findings;
let http: Http;
let url: string;
let home: string;

beforeAll(async () => {
  world = await identityWorld();
  home = mkdtempSync(join(tmpdir(), "holdfast-core-"));
  const { db, audit, identity, metrics, clock, secrets } = world;
  findings = createFindings({ db, audit, clock });
  const keeping = createAuditKeeping({ db, audit, secrets, metrics, clock, log: silentLog, directory: join(home, "audit") });
  http = await createHttp({
    contract: served,
    router: {
      identity: createIdentityRoutes(identity),
      factors: createFactorRoutes(identity),
      people: createPeopleRoutes(identity),
      roles: createRoleRoutes(identity),
      sessions: createSessionRoutes(identity),
      serviceAccounts: createServiceAccountRoutes(identity),
      tokens: createTokenRoutes(identity),
      audit: createAuditRoutes({ db, audit, ...keeping }),
      secrets: createSecretsRoutes(secrets),
      findings: createFindingsRoutes(findings),
    },
    authenticate: identity.authenticate,
    settings: { port: 0, rateLimits: { user: 0, address: 0 }, consoleDirectory: join(home, "none"), version: "0.0.0" },
    db,
    log: silentLog,
    metrics,
    checks: {},
  });
  url = await http.listen();
});
afterAll(async () => {
  await http.close();
  await world.database.drop();
  rmSync(home, { recursive: true });
});
beforeEach(() => world.empty());

interface Call {
  body?: unknown;
  cookie?: string | undefined;
  key?: string;
  headers?: Record<string, string>;
}

/** As the console calls when there is a cookie, as a program calls when there is none. */
async function call(method: string, path: string, { body, cookie, key, headers = {} }: Call = {}) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === undefined ? {} : { cookie: `${sessionCookie}=${cookie}`, "sec-fetch-site": "same-origin" }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: response.headers.get("content-type")?.includes("json") === true && text !== "" ? JSON.parse(text) : undefined,
  };
}

const cookieOf = (answer: { headers: Headers }) => /holdfast_session=([^;]*)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
const signedIn = async (role: BuiltInRole = "admin") => {
  await world.make(role, role);
  return cookieOf(await call("POST", "/auth/sign-in", { body: { name: role, password } }));
};

describe("a person", () => {
  test("makes the first administrator, looks, signs out, and signs in again", async () => {
    expect((await call("GET", "/setup")).body).toEqual({ needed: true });
    const token = await world.identity.setupToken();
    const made = await call("POST", "/setup", { body: { token, name: "ada", password } });
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ via: "session" })]);
    expect(made.headers.get("set-cookie")).toMatch(/^holdfast_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const cookie = cookieOf(made);
    expect((await call("GET", "/auth/me", { cookie })).body).toMatchObject({ user: { name: "ada", grants: [{ role: "admin" }] } });
    const out = await call("POST", "/auth/sign-out", { cookie });
    expect([out.status, cookieOf(out)]).toEqual([204, ""]);
    expect((await call("GET", "/auth/me", { cookie })).status).toBe(401);
    const again = await call("POST", "/auth/sign-in", { cookie, body: { name: "ada", password } }); // with the old cookie still there
    expect(again.status).toBe(200);
    expect((await call("GET", "/auth/me", { cookie: cookieOf(again) })).status).toBe(200);
  });

  test("signs in with a link", async () => {
    await world.make("ada");
    const { token } = await world.identity.createSignInLink("ada", { actor: "system:test" });
    const answer = await call("POST", "/auth/link", { body: { token } });
    expect((await call("GET", "/auth/me", { cookie: cookieOf(answer) })).body.user.name).toBe("ada");
    expect((await call("POST", "/auth/link", { body: { token } })).status).toBe(401);
  });

  test("begins to sign in with a passkey", async () => {
    const answer = await call("POST", "/auth/passkey/options");
    expect([answer.status, answer.body]).toMatchObject([200, { options: { rpId: "localhost", userVerification: "required" } }]);
  });

  test("who tries too often is told when to come again", async () => {
    await world.make("ada");
    const wrong = { body: { name: "ada", password: "wrong" } };
    for (let i = 0; i < 5; i++)
      expect((await call("POST", "/auth/sign-in", wrong)).body).toMatchObject({ status: 401, code: "identity_sign_in_refused" });
    world.later(20_000);
    const refused = await call("POST", "/auth/sign-in", wrong);
    expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("set-cookie")]).toEqual([429, "40", null]);
    expect((await world.lastEntries(1))[0]).toMatchObject({ after: { address: "127.0.0.1" } });
  });
});

test("a program works with a key, which is answered once and never again", async () => {
  const cookie = await signedIn();
  const wanted = { body: { name: "ci", scopes: ["secrets:read"] }, cookie, headers: { "idempotency-key": "k1" } };
  const made = await call("POST", "/api-keys", wanted);
  expect(made.status).toBe(201);
  const { key } = made.body;
  expect((await call("GET", "/secrets", { key })).status).toBe(200);
  expect((await call("GET", "/audit", { key })).status).toBe(403);
  expect((await call("GET", "/api-keys", { key })).text).not.toContain(key);
  expect((await call("POST", "/api-keys", wanted)).status).toBe(409);
  expect((await call("DELETE", `/api-keys/${made.body.id}`, { cookie })).status).toBe(204);
  expect((await call("GET", "/secrets", { key })).status).toBe(401);
});

test("a secret goes in, is changed with its ETag, and its value comes out nowhere", async () => {
  const cookie = await signedIn();
  const value = { kind: "password", username: "admin", password: "hunter2" };
  const made = await call("POST", "/secrets", { cookie, body: { name: "lyon/admin", value } });
  const path = `/secrets/${made.body.id}`;
  expect([made.status, made.headers.get("etag")]).toEqual([201, '"v1"']);
  expect((await call("PUT", path, { cookie, body: { value } })).status).toBe(428);
  expect((await call("PUT", path, { cookie, body: { value }, headers: { "if-match": '"v9"' } })).status).toBe(412);
  const replaced = await call("PUT", path, { cookie, body: { value }, headers: { "if-match": '"v1"' } });
  expect(replaced.body).toMatchObject({ version: 2, etag: "v2" });
  const listed = await call("GET", "/secrets", { cookie });
  const trail = await call("GET", "/audit?action=secrets.", { cookie });
  expect(trail.body.items.map((entry: { actor: string }) => entry.actor)).toEqual(["user:admin", "user:admin", "system:secrets"]);
  expect([made.text, replaced.text, listed.text, trail.text].join("")).not.toContain("hunter2");
  expect((await call("DELETE", path, { cookie, headers: { "if-match": '"v2"' } })).status).toBe(204);
});

test("versions, destruction and the state of secrets are told, and no value with them", async () => {
  const cookie = await signedIn();
  const value = { kind: "password", username: "admin", password: "hunter2" };
  const expiresAt = "2031-01-01T00:00:00.000Z";
  const { body: made } = await call("POST", "/secrets", { cookie, body: { name: "lyon/versions", value, expiresAt } });
  const path = `/secrets/${made.id}`;
  await call("PUT", path, { cookie, body: { value }, headers: { "if-match": '"v1"' } });
  expect((await call("GET", path, { cookie })).body).toMatchObject({ engine: "builtin", version: 2, versions: 2 });
  const versions = await call("GET", `${path}/versions`, { cookie });
  expect(versions.body.items).toMatchObject([
    { version: 2, current: true, createdBy: "user:admin" },
    { version: 1, current: false },
  ]);
  const gone = (version: number, etag = '"v2"') => call("DELETE", `${path}/versions/${version}`, { cookie, headers: { "if-match": etag } });
  expect([(await gone(2)).status, (await gone(7)).status, (await gone(1, '"v1"')).status]).toEqual([409, 404, 412]);
  expect((await gone(1)).body.items).toMatchObject([{ version: 2 }, { version: 1, destroyedAt: expect.any(String) }]);
  const status = await call("GET", "/secrets/status", { cookie });
  expect(status.body).toMatchObject({ engine: "builtin", keyRing: { source: "settings", wrappedBy: "none" }, activeLeases: 0 });
  expect((await call("POST", "/secrets/rotate-key", { cookie, body: {} })).body).toMatchObject({ code: "secrets_key_ring_inline" });

  const by = { actor: "system:test", purpose: "look" };
  const { lease } = await world.secrets.lease({ secret: "lyon/versions", ttlMs: 60_000 }, by);
  expect((await call("GET", "/secrets/leases", { cookie })).body.items).toMatchObject([{ id: lease.id, state: "active" }]);
  expect((await call("POST", `/secrets/leases/${lease.id}/renew`, { cookie })).body).toMatchObject({ renewedAt: expect.any(String) });
  expect((await call("DELETE", `/secrets/leases/${lease.id}`, { cookie })).status).toBe(204);
  expect((await call("DELETE", `/secrets/leases/${lease.id}`, { cookie })).status).toBe(409);
  expect([versions.text, status.text].join("")).not.toContain("hunter2");
});

test("a finding is looked at, acknowledged and closed, and the trail says by whom", async () => {
  const cookie = await signedIn("operator");
  const about = { source: "test", kind: "drift", subject: "device:1", subjectName: "r1", severity: "high" as const };
  const { id } = await inTransaction(world.db, (tx) => findings.raise(tx, { ...about, title: "drift", detail: "x" }));
  expect((await call("GET", "/findings?state=open", { cookie })).body.items).toMatchObject([{ id }]);
  const { etag } = (await call("GET", `/findings/${id}`, { cookie })).body;
  const acknowledge = () =>
    call("POST", `/findings/${id}/acknowledge`, {
      cookie,
      body: { note: "on it" },
      headers: { "if-match": `"${etag}"`, "idempotency-key": "on-it" },
    });
  const acknowledged = await acknowledge();
  expect((await acknowledge()).body).toEqual(acknowledged.body);
  expect(acknowledged.body).toMatchObject({ state: "acknowledged", acknowledgedBy: "user:operator" });
  const until = new Date(world.clock.now() + 60_000).toISOString();
  expect((await call("POST", `/findings/${id}/suppress`, { cookie, body: { until, reason: "quiet" } })).body).toMatchObject({
    suppressedUntil: until,
  });
  const stale = { cookie, body: { reason: "mended" }, headers: { "if-match": `"${etag}"` } };
  expect(await call("POST", `/findings/${id}/resolve`, stale)).toMatchObject({ status: 412, body: { code: "precondition_failed" } });
  expect((await call("POST", `/findings/${id}/resolve`, { cookie, body: { reason: "mended" } })).body.state).toBe("resolved");
  expect((await world.audit.list({ subject: `finding:${id}` })).items).toHaveLength(3);
});

test("a disabled user is out with the next request", async () => {
  const admin = await signedIn();
  const viewer = await signedIn("viewer");
  const { items } = (await call("GET", "/users", { cookie: admin })).body;
  const user = items.find(({ name }: { name: string }) => name === "viewer");
  const change = { cookie: admin, body: { disabled: true }, headers: { "if-match": `"${user.etag}"` } };
  expect((await call("PATCH", `/users/${user.id}`, change)).body).toMatchObject({ disabled: true });
  expect((await call("GET", "/findings", { cookie: viewer })).status).toBe(401);
});

test("somebody on another site in a signed-in browser changes nothing", async () => {
  const made = { cookie: await signedIn(), body: {}, headers: { "sec-fetch-site": "cross-site", "if-match": '"none"' } };
  const changing = routesOf(served).filter(({ method, name }) => method !== "GET" && !/\.(signOut|revokeAll|trade)$/.test(name));
  for (const { name, method, path } of changing)
    expect([name, (await call(method, path.replaceAll(/\{\w+\}/g, "none"), made)).status]).toEqual([name, 403]);
});

test("after all of this the chain holds", async () => {
  expect(await world.audit.verify()).toMatchObject({ ok: true });
});
