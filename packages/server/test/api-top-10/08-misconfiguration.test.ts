/** OWASP API Security Top 10 (2023), API8: what an installation gives away, or leaves open, when nobody has set anything. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Answer, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
});
afterAll(() => fortress.drop());

const everySort = async (): Promise<[string, Answer][]> => {
  const asks: [string, string, string, object?][] = [
    ["an answer", "GET", `${at}/auth/me`, { key: admin.key }],
    ["no credentials", "GET", `${at}/users`],
    ["nothing there", "GET", `${at}/nowhere`],
    ["another method", "PUT", `${at}/users`],
    ["bad input", "POST", `${at}/users`, { key: admin.key, body: { x: 1 } }],
    ["no JSON", "POST", `${at}/users`, { key: admin.key, body: "{" }],
    ["a broken address", "GET", `${at}/users/%zz`],
    ["an ambiguous message", "GET", `${at}/users`, { headers: { "content-encoding": "br" } }],
    ["the console", "GET", "/", { headers: { accept: "text/html" } }],
    ["health", "GET", "/health/ready"],
    ["metrics", "GET", "/metrics"],
    ["the document", "GET", `${at}/openapi.json`],
    ["the explorer", "GET", `${at}/docs`],
    ["the keys", "GET", "/.well-known/jwks.json"],
    ["a list of revocations", "GET", "/pki/root.crl"],
    ["a token", "POST", "/oauth/token"],
  ];
  return Promise.all(
    asks.map(async ([what, method, path, call]): Promise<[string, Answer]> => [what, await fortress.call(method, path, call ?? {})]),
  );
};

test("every sort of answer carries the headers that keep a browser from misusing it, and none that tell of our insides", async () => {
  for (const [what, { headers }] of await everySort()) {
    expect([what, headers.get("x-content-type-options")]).toEqual([what, "nosniff"]);
    expect([what, headers.get("x-frame-options")]).toEqual([what, "DENY"]);
    expect([what, headers.get("referrer-policy")]).toEqual([what, "no-referrer"]);
    expect([what, headers.get("content-security-policy")]).toEqual([what, expect.stringContaining("frame-ancestors 'none'")]);
    expect([what, headers.get("content-security-policy")]).toEqual([what, expect.stringContaining("default-src 'none'")]);
    expect([what, headers.get("cache-control")]).toEqual([what, expect.stringMatching(/no-store|no-cache|max-age/)]);
    for (const name of ["server", "x-powered-by", "via", "x-runtime", "access-control-allow-origin"])
      expect([what, name, headers.get(name)]).toEqual([what, name, null]);
  }
});

test("every body says what it is, in which letters", async () => {
  for (const [what, { headers, text }] of await everySort()) {
    if (text === "") continue;
    const type = headers.get("content-type") ?? "";
    expect([what, type]).toEqual([
      what,
      expect.stringMatching(
        /^(application\/(problem\+)?json\b|text\/[\w.-]+; charset=utf-8|text\/plain; version=|application\/(pkix-crl|openapi|jwk))/,
      ),
    ]);
  }
});

test("no refusal tells of a stack, a statement, a library or a file", async () => {
  const ours = /node_modules|\.ts:|\bat .*\(|FST_|ORPC|select |ECONN|Error:|\/work\/|\/root\/|postgres/i;
  const told = (await everySort()).filter(([, { status }]) => status >= 400).map(([what, { text }]) => [what, ours.exec(text)?.[0]]);
  expect(told.length).toBeGreaterThan(6);
  expect(told.filter(([, word]) => word !== undefined)).toEqual([]);
});

test("nobody is there before somebody is made, and no name that everybody knows", async () => {
  const users = await fortress.call("GET", `${at}/users`, { key: admin.key });
  expect((users.body.items as unknown as { name: string }[]).map(({ name }) => name)).toEqual(["ada"]);
  for (const [name, password] of [
    ["admin", "admin"],
    ["holdfast", "holdfast"],
  ] as const)
    expect((await fortress.call("POST", `${at}/auth/sign-in`, { body: { name, password } })).status).toBe(401);
});

test("files beside the console, of version control, of editors and of the system are not served, nor is a listing", async () => {
  const paths = `/.git/config /.git/HEAD /.svn/entries /.env /.env.local /.npmrc /.DS_Store /package.json /package-lock.json /node_modules/ /assets/
    /assets /src/main.tsx /vite.config.ts /index.html~ /index.html.bak /backup.sql /keys.json /../keys.json /%2e%2e/keys.json /assets/..%2f..%2fkeys.json
    /assets/%2e%2e/%2e%2e/package.json /.well-known/ /.well-known/security.txt /.htaccess /web.config /server-status /etc/passwd //etc/passwd`;
  for (const path of paths.split(/\s+/)) {
    const { status, text } = await fortress.call("GET", path);
    expect([path, Math.floor(status / 100)]).toEqual([path, 4]);
    expect(text).not.toMatch(/Index of|root:x:|"dependencies"/);
  }
});

describe("methods and origins", () => {
  test("that nobody needs are refused", async () => {
    for (const method of ["TRACE", "PROPFIND", "MKCOL", "SEARCH", "PURGE", "LINK", "OPTIONS"])
      for (const path of ["/", `${at}/users`, "/metrics", "/health/live"]) {
        const { status } = await fortress.call(method, path, { key: admin.key });
        expect([method, path, [404, 405].includes(status)]).toEqual([method, path, true]);
      }
  });

  test("of other sites are told nothing unless the operator lists them", async () => {
    for (const origin of ["https://evil.example", "null", fortress.url.replace("127.0.0.1", "localhost")]) {
      const headers = { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" };
      for (const method of ["OPTIONS", "GET"]) {
        const answer = await fortress.call(method, `${at}/auth/me`, { key: admin.key, headers });
        expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    }
  });
});
