/** OAuth as a library of somebody else's would speak it, over HTTP; and the session's cookie by https. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";

const root = { actor: "system:test", access: "unlimited" } as const;
const password = "correct horse battery";
const publicUrl = "https://holdfast.example";

let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let url: string;
let clientId: string;
let clientSecret: string;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-oauth-"));
  const own = { DATABASE_URL: database.url, HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_RATE_LIMIT_ADDRESS: "0" };
  holdfast = await compose({ settings: loadSettings({ ...own, HOLDFAST_PUBLIC_URL: publicUrl }), log: silentLog });
  url = (await holdfast.start()) ?? "";
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password }, root);
  const account = await holdfast.identity.createServiceAccount({ name: "ci", grants: [{ role: "viewer" }] }, root);
  ({ clientId, clientSecret } = await holdfast.identity.createClientSecret({ accountId: account.id, overlapHours: 0 }, root));
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

async function post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}) {
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, string> };
}
const me = async (token: string): Promise<number> =>
  (await fetch(`${url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status;
const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
});

/** Signs in as a browser would by https; the cookie that it keeps. */
async function browser(): Promise<{ cookie: string; call: (path: string, body: unknown) => Promise<Response> }> {
  const answer = await fetch(`${url}/api/v1/auth/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "ada", password }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const call = (path: string, body: unknown): Promise<Response> =>
    fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return { cookie, call };
}

describe("a client with a secret", () => {
  test("gets a token by Basic and by form, which nobody on the way keeps", async () => {
    for (const [form, headers] of [
      [{ grant_type: "client_credentials" }, basic(clientId, clientSecret)],
      [{ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret }, {}],
    ] as [Record<string, string>, Record<string, string>][]) {
      const { status, body, headers: answered } = await post("/oauth/token", form, headers);
      expect([status, body["token_type"], body["expires_in"], answered.get("cache-control")]).toEqual([200, "Bearer", 900, "no-store"]);
      expect(await me(body["access_token"] ?? "")).toBe(200);
    }
  });

  test("gets no more than the scope it asks for", async () => {
    const form = { grant_type: "client_credentials", scope: "devices:read plans:read" };
    const { body } = await post("/oauth/token", form, basic(clientId, clientSecret));
    expect(body["scope"]).toBe("devices:read plans:read");
    const answer = await fetch(`${url}/api/v1/findings`, { headers: { authorization: `Bearer ${body["access_token"]}` } });
    expect(answer.status).toBe(403);
  });

  test.each([
    ["a wrong secret", { grant_type: "client_credentials" }, () => basic(clientId, `${clientSecret}x`), 401, "invalid_client"],
    ["somebody else's id", { grant_type: "client_credentials" }, () => basic("usr_x", clientSecret), 401, "invalid_client"],
    ["Basic that is none", { grant_type: "client_credentials" }, () => ({ authorization: "Basic %%%" }), 401, "invalid_client"],
    [
      "a Bearer in its place",
      { grant_type: "client_credentials" },
      () => ({ authorization: `Bearer ${clientSecret}` }),
      401,
      "invalid_client",
    ],
    [
      "both ways at once",
      { grant_type: "client_credentials", client_secret: "x" },
      () => basic(clientId, clientSecret),
      401,
      "invalid_client",
    ],
    ["no grant type", {}, () => basic(clientId, clientSecret), 400, "invalid_request"],
    ["a password grant", { grant_type: "password", username: "ada", password }, () => ({}), 400, "unsupported_grant_type"],
    [
      "an unknown scope",
      { grant_type: "client_credentials", scope: "everything" },
      () => basic(clientId, clientSecret),
      400,
      "invalid_scope",
    ],
    ["a parameter twice", "grant_type=client_credentials&grant_type=refresh_token", () => ({}), 400, "invalid_request"],
    ["a refresh token that is none", { grant_type: "refresh_token", refresh_token: "x" }, () => ({}), 400, "invalid_grant"],
    [
      "a device code that is none",
      { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: "x" },
      () => ({}),
      400,
      "invalid_grant",
    ],
  ] as [string, Record<string, string> | string, () => Record<string, string>, number, string][])(
    "with %s is refused in the words of the standard",
    async (_what, ...[form, headers, status, error]) => {
      const answer = await post("/oauth/token", form, headers());
      expect([answer.status, answer.body["error"]]).toEqual([status, error]);
      expect(answer.headers.has("www-authenticate")).toBe(status === 401);
      expect(JSON.stringify(answer.body)).not.toContain(clientSecret);
    },
  );

  test("is understood here alone: forms go nowhere else, and JSON does not come here", async () => {
    expect((await post("/api/v1/auth/sign-in", { name: "ada", password })).status).toBe(415);
    expect((await post("/oauth/token", "{}", { "content-type": "application/json" })).status).toBe(415);
    expect((await post("/oauth/token", `grant_type=${"x".repeat(20_000)}`)).status).toBe(413);
  });
});

test("a program without a browser is let in at the console, and renews its tokens", async () => {
  const started = await post("/oauth/device_authorization", { client_id: "holdfast-cli", client_name: "holdfast on laptop" });
  expect(started).toMatchObject({ status: 200, body: { verification_uri: `${publicUrl}/device`, interval: 5, expires_in: 600 } });
  const userCode = started.body["user_code"] ?? "";
  expect(started.body["verification_uri_complete"]).toBe(`${publicUrl}/device#code=${userCode}`);
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: started.body["device_code"] ?? "",
    client_id: "holdfast-cli",
  };
  expect((await post("/oauth/token", form)).body["error"]).toBe("authorization_pending");
  expect((await post("/oauth/token", form)).body["error"]).toBe("slow_down");

  const { call } = await browser();
  expect(await (await call("/auth/device/show", { userCode })).json()).toMatchObject({
    program: "holdfast on laptop",
    address: "127.0.0.1",
  });
  expect((await call("/auth/device/approve", { userCode })).status).toBe(204);
  await database.pool.query("update identity.device_code set polled_at = polled_at - interval '1 minute'");
  const pair = (await post("/oauth/token", form)).body;
  expect(await me(pair["access_token"] ?? "")).toBe(200);
  const next = (await post("/oauth/token", { grant_type: "refresh_token", refresh_token: pair["refresh_token"] ?? "" })).body;
  expect(await me(next["access_token"] ?? "")).toBe(200);
  expect((await post("/oauth/revoke", { token: next["refresh_token"] ?? "" })).status).toBe(200);
  expect(await me(next["access_token"] ?? "")).toBe(401);
});

test("whoever wants to verify a token finds the keys, and where everything is", async () => {
  const metadata = (await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json()) as Record<string, string>;
  expect(metadata).toMatchObject({
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/oauth/token`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
  });
  const { body } = await post("/oauth/token", { grant_type: "client_credentials" }, basic(clientId, clientSecret));
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(body["access_token"] ?? "", keys, { issuer: publicUrl, audience: "holdfast-api", typ: "at+jwt" });
  expect(payload.sub).toBe(clientId);
});

describe("the session's cookie by https", () => {
  test("is one that no other host can set, and its plain name does not count", async () => {
    const { cookie } = await browser();
    expect(cookie).toMatch(/^__Host-holdfast_session=[\w-]{43}$/);
    const withCookie = async (text: string): Promise<number> =>
      (await fetch(`${url}/api/v1/auth/me`, { headers: { cookie: text } })).status;
    expect(await withCookie(cookie)).toBe(200);
    expect(await withCookie(cookie.replace("__Host-", ""))).toBe(401);
    expect(await withCookie(`${cookie.replace(/=.*/, "=planted")}; ${cookie.replace("__Host-", "")}`)).toBe(401);
  });

  test("is traded for tokens once, and then is none", async () => {
    const { cookie, call } = await browser();
    const answer = await call("/auth/token", {});
    const pair = (await answer.json()) as { accessToken: string; refreshToken: string };
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([201, "no-store"]);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-holdfast_session=; Max-Age=0/);
    expect(await me(pair.accessToken)).toBe(200);
    expect((await fetch(`${url}/api/v1/auth/me`, { headers: { cookie } })).status).toBe(401);
    const refreshed = await fetch(`${url}/api/v1/auth/token/refresh`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refreshToken: pair.refreshToken }),
    });
    expect(refreshed.status).toBe(200);
  });
});
