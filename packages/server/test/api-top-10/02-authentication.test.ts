/** OWASP API Security Top 10 (2023), API2: passing for somebody. */
import { generateSync } from "otplib";
import { sessionCookie } from "#core/identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let ada: Person;
const me = "/api/v1/auth/me";
beforeAll(async () => {
  fortress = await startFortress();
  ada = await fortress.person("ada", "admin");
});
afterAll(() => fortress.drop());

const signIn = (name: string, password: string, headers?: Record<string, string>) =>
  fortress.call("POST", "/api/v1/auth/sign-in", { body: { name, password }, headers });

describe("a credential", () => {
  test("counts in its own place only: not in an address, not as another kind", async () => {
    const tricks: [string, string, Record<string, string>][] = [
      ["a key as a query", `${me}?api_key=${ada.key}`, {}],
      ["a key as the query of RFC 6750", `${me}?access_token=${ada.key}`, {}],
      ["a key as a password", me, { authorization: `Basic ${Buffer.from(`ada:${ada.key}`).toString("base64")}` }],
      ["a key as a session", me, { cookie: `${sessionCookie}=${ada.key}` }],
      ["a key in a header of its own", me, { "x-api-key": ada.key }],
      ["a session as a token", me, { authorization: `Bearer ${ada.cookie}` }],
      ["a session of another cookie's name", me, { cookie: `session=${ada.cookie}` }],
      ["a key with something behind it", me, { authorization: `Bearer ${ada.key}x` }],
      ["two keys", me, { authorization: `Bearer ${ada.key}, Bearer ${ada.key}` }],
      ["a name alone", me, { authorization: "Bearer ada", "x-user-id": ada.id, "x-forwarded-user": "ada" }],
      ["an empty one", me, { authorization: "Bearer " }],
    ];
    for (const [what, path, headers] of tricks) {
      const { status, text } = await fortress.call("GET", path, { headers });
      expect([what, status, text.includes(ada.id)]).toEqual([what, 401, false]);
    }
  });

  test("that is changed by a letter is none", async () => {
    for (const at of [3, 12, 20, ada.key.length - 1]) {
      const key = ada.key.slice(0, at) + (ada.key[at] === "A" ? "B" : "A") + ada.key.slice(at + 1);
      expect([at, (await fortress.call("GET", me, { key })).status]).toEqual([at, 401]);
    }
  });

  test("of an access token is its signature: none, another's, or another's claims do not count", async () => {
    const traded = await fortress.call("POST", "/api/v1/auth/token", { cookie: ada.cookie });
    const token = String(traded.body["accessToken"]);
    expect((await fortress.call("GET", me, { key: token })).status).toBe(200);
    const [head = "", claims = "", signature = ""] = token.split(".");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const said = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as Record<string, unknown>;
    const forged = [
      `${encode({ alg: "none", typ: "at+jwt" })}.${claims}.`,
      `${head}.${claims}.`,
      `${head}.${encode({ ...said, exp: 4_000_000_000 })}.${signature}`,
      `${encode({ alg: "HS256", typ: "at+jwt" })}.${claims}.${signature}`,
    ];
    for (const key of forged) expect((await fortress.call("GET", me, { key })).status).toBe(401);
  });
});

describe("a second factor", () => {
  test("is asked for after a forgotten password was set anew, and its backup codes are kept stretched and salted", async () => {
    const fay = await fortress.person("fay", "viewer");
    const { secret } = (await fortress.call("POST", "/api/v1/auth/factors/totp", { cookie: fay.cookie })).body as { secret: string };
    const code = generateSync({ secret, epoch: Math.floor(Date.now() / 1000) });
    const confirmed = await fortress.call("POST", "/api/v1/auth/factors/totp/confirm", { cookie: fay.cookie, body: { code } });
    expect(confirmed.status).toBe(200);
    const { rows } = await fortress.database.owner.query<{ hash: Buffer; salt: Buffer }>("select hash, salt from identity.backup_code");
    expect([rows.length, rows[0]?.hash.length, rows[0]?.salt.length]).toEqual([10, 32, 16]);
    const forced = await fortress.call("POST", `/api/v1/users/${fay.id}/reset`, { key: ada.key });
    const token = /token=([\w-]+)/.exec(String(forced.body["link"]))?.[1];
    const password = "a barn full of hay";
    const reset = await fortress.call("POST", "/api/v1/auth/reset", { body: { token, password } });
    expect([reset.status, reset.headers.get("set-cookie")]).toEqual([reset.status, null]);
    const again = await signIn("fay", password);
    expect([again.status, again.headers.get("set-cookie"), Object.keys(again.body)]).toEqual([200, null, ["challenge"]]);
  });
});

describe("guessing", () => {
  test("of a name says nothing: one that is there, one that is not, and one of a system are told the same", async () => {
    await fortress.person("bob", "viewer");
    const told = await Promise.all(
      ["bob", "nobody", "admin", "root"].map(async (name) => {
        const { status, body } = await signIn(name, name);
        return { status, code: body.code, detail: body["detail"] };
      }),
    );
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(told[0]?.status).toBe(401);
  });

  test("of a password, from many addresses at one time: five are looked at, and all are answered alike", async () => {
    const tries = Array.from({ length: 30 }, (_, guess) => signIn("ada", `guess ${guess}`, { "x-forwarded-for": `192.0.2.${guess}` }));
    const answers = await Promise.all(tries);
    expect(answers.filter(({ status }) => status === 401).length).toBe(5);
    expect(answers.filter(({ status }) => status === 429).length).toBe(25);
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`)).size).toBe(2);
  });
});

describe("a session", () => {
  test("is never one that the caller brought along", async () => {
    const { identity } = fortress.holdfast;
    const { token } = await identity.createSignInLink("ada", { actor: "system:test" });
    const planted = "planted-by-the-attacker-0123456789-0123456789a";
    const headers = { cookie: `${sessionCookie}=${planted}` };
    const answer = await fortress.call("POST", "/api/v1/auth/link", { body: { token }, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).not.toContain(planted);
    expect((await fortress.call("GET", me, { headers })).status).toBe(401);
  });

  test("does nothing for a page elsewhere", async () => {
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none", origin: "https://evil.example" },
    ]) {
      const { status } = await fortress.call("POST", "/api/v1/sessions/revoke-others", { cookie: ada.cookie, headers });
      expect([headers, status]).toEqual([headers, 403]);
    }
    const plain = { "content-type": "text/plain", "sec-fetch-site": "cross-site" };
    const formed = await fortress.call("POST", "/api/v1/users", { cookie: ada.cookie, body: '{"name":"eve"}', headers: plain });
    expect(formed.status).toBeGreaterThanOrEqual(403);
  });

  test("is over when it is signed out, wherever its cookie went", async () => {
    const eve = await fortress.person("eve", "viewer");
    const left = await fortress.call("POST", "/api/v1/auth/sign-out", { cookie: eve.cookie });
    expect([left.status, left.headers.get("clear-site-data"), left.headers.get("set-cookie")]).toEqual([
      204,
      '"cache"',
      expect.stringContaining("Max-Age=0"),
    ]);
    expect((await fortress.call("GET", me, { cookie: eve.cookie })).status).toBe(401);
    expect((await fortress.call("GET", "/api/v1/events", { cookie: eve.cookie })).status).toBe(401);
  });
});
