import { gunzipSync } from "node:zlib";
import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf, startThings, type ThingsApi } from "#test/things-api";

const tools = "https://tools.example.net";
let api: ThingsApi;
beforeAll(async () => {
  api = await startThings({ corsOrigins: [tools], rateLimits: { user: 40, address: 20 } });
});
afterAll(() => api.drop());

describe("how often somebody may call", () => {
  test("is told with every answer, and beyond it is 429 with when to come again, for that user alone", async () => {
    const first = await api.call("GET", "/api/v1/things", { as: "reader" });
    expect(first.headers.get("ratelimit-policy")).toBe('"user";q=40;w=60');
    expect(first.headers.get("ratelimit")).toBe('"user";r=39;t=2');
    const answers = await Promise.all(Array.from({ length: 45 }, () => api.call("GET", "/api/v1/things", { as: "reader" })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(39);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await problemOf(refused[0] as Response)).toMatchObject({ status: 429, code: "rate_limited" });
    expect((await api.call("GET", "/api/v1/things")).status).toBe(200);
  });

  test("counts guesses of credentials by address, and health is never refused", async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, guess) => api.call("GET", "/api/v1/things", { as: `guess-${guess}` })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toContain(429);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
    expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
    expect((await api.call("GET", "/api/v1/things")).status).toBe(200);
  });
});

describe("pages of other sites", () => {
  const ask = (origin: string, method = "OPTIONS") =>
    api.call(method, "/api/v1/things", { headers: { origin, "access-control-request-method": "PATCH" } });

  test("of the list may call with a token, and are told what they may", async () => {
    const preflight = await ask(tools);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(tools);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    const answer = await ask(tools, "GET");
    expect(answer.headers.get("access-control-allow-origin")).toBe(tools);
    expect(answer.headers.get("vary")).toContain("Origin");
  });

  test.each(["https://evil.example", "https://tools.example.net.evil.example", "http://tools.example.net", "null", "*"])(
    "such as %s are told nothing",
    async (origin) => {
      for (const method of ["OPTIONS", "GET"])
        expect([...(await ask(origin, method)).headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    },
  );

  test("never come with cookies", async () => {
    expect((await ask(tools)).headers.has("access-control-allow-credentials")).toBe(false);
    const answer = await api.call("POST", "/api/v1/things", {
      as: "",
      headers: { origin: tools, cookie: "session=writer" },
      body: { name: "x" },
    });
    expect(answer.status).toBe(403);
  });
});

test("long answers are compressed for those who ask, and live and short ones go as they are", async () => {
  await api.writeConsole("assets/long.js", `// ${"holdfast ".repeat(1000)}`);
  const bytes = await new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
    get(`${api.url}/assets/long.js`, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve({ encoding: answer.headers["content-encoding"], body: Buffer.concat(parts) }));
    }).on("error", reject);
  });
  expect(bytes.encoding).toBe("gzip");
  expect(bytes.body.length).toBeLessThan(1000);
  expect(gunzipSync(bytes.body).length).toBe(9003);
  expect((await fetch(`${api.url}/health/live`)).headers.get("content-encoding")).toBeNull();
});
