import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { problemOf, startThings, type ThingsApi } from "#test/things-api";

let api: ThingsApi;
let databaseUp = true;
beforeAll(async () => {
  api = await startThings({
    checks: { database: async () => (databaseUp ? undefined : Promise.reject(new Error("down"))) },
    publicUrl: "https://holdfast.example",
  });
});
afterAll(() => api.drop());

test("the process lives, and is ready while what it needs answers", async () => {
  expect(await (await api.call("GET", "/health/live", { as: "" })).json()).toEqual({ status: "live" });
  const up = await api.call("GET", "/health/ready", { as: "" });
  expect(await up.json()).toMatchObject({ status: "ready", components: { database: { ok: true } } });
  databaseUp = false;
  const down = await api.call("GET", "/health/ready", { as: "" });
  databaseUp = true;
  expect(down.status).toBe(503);
  expect(await down.json()).toMatchObject({ status: "not_ready", components: { database: { ok: false } } });
});

test("metrics count by route pattern, for a scraper on this machine or a caller with a key", async () => {
  await api.call("GET", "/api/v1/things/one");
  await api.call("POST", "/api/v1/failures/defect");
  const text = await (await api.call("GET", "/metrics", { as: "" })).text();
  expect(text).toMatch(/http_requests_total\{method="GET",route="\/api\/v1\/things\/:id",status="200"\} \d+/);
  expect(text).toMatch(/http_requests_errors_total\{method="POST",route="\/api\/v1\/failures\/:id",status="500"\} \d+/);
  expect(text).toContain('http_request_duration_seconds_bucket{le="0.1",method="GET",route="/api/v1/things/:id"}');
  const forwarded = { "x-forwarded-for": "192.0.2.1" };
  expect((await api.call("GET", "/metrics", { as: "", headers: forwarded })).status).toBe(401);
  expect((await api.call("GET", "/metrics", { as: "reader", headers: forwarded })).status).toBe(200);
});

describe("behind proxies", () => {
  /** From whom a request with these forwarded addresses comes, by the log. */
  const callerOf = async (trustedProxies: string[] | undefined, forwarded: string): Promise<unknown> => {
    const proxied = await startThings(trustedProxies ? { trustedProxies } : {});
    try {
      await proxied.call("GET", "/api/v1/things/one", { headers: { "x-forwarded-for": forwarded } });
      const line = await vi.waitUntil(() => proxied.logLines.find((one) => one.includes("/things/:id")));
      return (JSON.parse(line) as { from?: unknown }).from;
    } finally {
      await proxied.drop();
    }
  };

  test.each([
    ["nobody is believed unless told", undefined, "192.0.2.1", "127.0.0.1"],
    ["another address than theirs is not believed", ["10.0.0.0/8"], "192.0.2.1", "127.0.0.1"],
    ["theirs are", ["127.0.0.0/8"], "192.0.2.1", "192.0.2.1"],
    ["what a caller says of itself before them is not", ["127.0.0.1"], "198.51.100.7, 192.0.2.1", "192.0.2.1"],
    ["a chain of them is followed to the end", ["127.0.0.1", "10.0.0.0/8"], "192.0.2.1, 10.1.2.3", "192.0.2.1"],
  ])("of their word on where a caller is, %s", async (_, trusted, forwarded, from) =>
    expect(await callerOf(trusted, forwarded)).toBe(from),
  );
});

describe("where people reach us by https", () => {
  test("cookies and browsers keep to it", async () => {
    const { headers } = await api.call("POST", "/api/v1/sign-in", { as: "" });
    expect(headers.get("set-cookie")).toContain("; Secure");
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
  });
});

describe("the console", () => {
  const page = (path: string) => api.call("GET", path, { as: "", headers: { accept: "text/html" } });

  test("that is not built says how to build it, at every address a browser may ask for", async () => {
    for (const path of ["/", "/rollouts/rol_1"]) {
      const answer = await page(path);
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("npm run build:web")]);
    }
  });

  test("does not hide what is missing below the API and among its files", async () => {
    expect(await problemOf(await page("/api/v1/nothing"))).toMatchObject({ status: 404 });
    expect(await problemOf(await page("/assets/none.js"))).toMatchObject({ status: 404 });
  });

  test("gets a nonce of its own with every answer, and no inline code without it", async () => {
    await api.writeConsole("index.html", '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__">1</script>');
    const [first, second] = [await page("/"), await page("/devices")];
    const text = await first.text();
    const nonce = /nonce="([^"]{20,})"/.exec(text)?.[1];
    const policy = first.headers.get("content-security-policy");
    expect(text).not.toContain("__CSP_NONCE__");
    expect(policy).toContain(`'nonce-${nonce}'`);
    expect(policy).not.toMatch(/unsafe-(inline|eval)/);
    expect(await second.text()).not.toContain(nonce);
  });

  test("has files that browsers keep for a year", async () => {
    await api.writeConsole("assets/app-1a2b3c.js", "1");
    const answer = await api.call("GET", "/assets/app-1a2b3c.js", { as: "" });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  });
});

test("a page's raw file and files beside the build are not served", async () => {
  await api.writeConsole("index.html", "raw");
  await api.writeConsole(".env", "SECRET=1");
  for (const path of ["/index.html", "/.env", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f.env"]) {
    const answer = await api.call("GET", path, { as: "" });
    expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
  }
});

test("a stopping server finishes what runs, refuses what comes, and then is gone", async () => {
  const running = api.call("GET", "/api/v1/wait", { as: "reader" });
  await api.waiting;
  const stopped = api.stop();
  api.letGo();
  expect(await (await running).json()).toEqual({ waited: true });
  await stopped;
  await expect(api.call("GET", "/health/live")).rejects.toThrow("fetch failed");
});
