/** OWASP API Security Top 10 (2023), API4: asking for more than one's share. */
import { gzipSync } from "node:zlib";
import { contract, routesOf } from "@holdfast/contract";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Answer, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let ada: Person;
let bob: Person;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress({ HOLDFAST_RATE_LIMIT_USER: "60", HOLDFAST_RATE_LIMIT_ADDRESS: "20" });
  ada = await fortress.person("ada", "admin");
  bob = await fortress.person("bob", "admin");
});
afterAll(() => fortress.drop());

interface Schema {
  type?: string;
  maxLength?: number;
  maxItems?: number;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** Where a schema sets no end to a text or a list. */
function endless(schema: Schema, at = ""): string[] {
  const { type, enum: choices, pattern, format, properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = schema;
  const open =
    (type === "string" && schema.maxLength === undefined && !choices && schema.const === undefined && !pattern && !format) ||
    (type === "array" && schema.maxItems === undefined);
  return [
    ...(open ? [at] : []),
    ...[...anyOf, ...oneOf].flatMap((one) => endless(one, at)),
    ...(items ? endless(items, `${at}[]`) : []),
    ...Object.entries(properties).flatMap(([name, one]) => endless(one, at === "" ? name : `${at}.${name}`)),
    ...(typeof additionalProperties === "object" ? endless(additionalProperties, `${at}{}`) : []),
  ];
}

test("every text and every list that the API takes has an end", () => {
  const found = routesOf(contract).flatMap(({ name, input }) => {
    if (!(input instanceof z.ZodType)) return [];
    return endless(z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Schema).map((place) => `${name} ${place}`);
  });
  expect(found).toEqual(["devices.version reveal"]); // `true` or `false`, in an address
});

describe("one request", () => {
  test("of too much is refused before it is understood: in bytes, in levels, in items", async () => {
    const bodies: [string, string, number][] = [
      ["7 MB", JSON.stringify({ name: "x".repeat(7_000_000) }), 413],
      ["100 000 levels", `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 400],
      ["60 000 members", JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`m${n}`, 1]))), 400],
      ["1 000 members that nobody knows", JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`m${n}`, 1]))), 400],
      ["60 grants", JSON.stringify({ name: "x", grants: Array.from({ length: 60 }, () => ({ role: "viewer" })) }), 400],
    ];
    for (const [what, body, wanted] of bodies) {
      const { status, text } = await fortress.call("POST", `${at}/users`, { key: ada.key, body });
      expect([what, status, text.length < 20_000]).toEqual([what, wanted, true]);
    }
    for (const limit of ["501", "1000000000", "-1", "0", "1e3", "NaN", ""])
      expect([limit, (await fortress.call("GET", `${at}/users?limit=${limit}`, { key: ada.key })).status]).toEqual([limit, 400]);
  });

  test("that is compressed is not unpacked", async () => {
    const body = gzipSync(JSON.stringify({ name: "x".repeat(5_000_000) }));
    const response = await fetch(`${fortress.url}${at}/users`, {
      method: "POST",
      headers: { authorization: `Bearer ${ada.key}`, "content-type": "application/json", "content-encoding": "gzip" },
      body,
    });
    expect(response.status).toBe(415);
  });

  test("with a password of a megabyte costs no hashing", async () => {
    const answer = await fortress.call("POST", `${at}/auth/sign-in`, { body: { name: "ada", password: "x".repeat(1_000_000) } });
    expect(answer.status).toBe(400);
    const more = await fortress.call("POST", `${at}/auth/sign-in`, { body: { name: "ada", password: "x".repeat(2_000_000) } });
    expect(more.status).toBe(413); // who is nobody yet sends a megabyte at the most
  });
});

/** Answers to many calls at one time: how many were let through, which were too many, and how many seconds it took (a quota fills meanwhile). */
async function flood(count: number, call: (n: number) => Promise<Answer>) {
  const startedMs = performance.now();
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => call(n)));
  const refused = answers.filter(({ status }) => status === 429);
  return { allowed: count - refused.length, refused, seconds: Math.ceil((performance.now() - startedMs) / 1000) };
}

describe("many requests", () => {
  test("of one user are too many for that user alone, however they are spelt, and are told when to come again", async () => {
    const ways = [{ key: ada.key }, { cookie: ada.cookie }, { key: ada.key, headers: { "x-forwarded-for": "192.0.2.9" } }];
    const { allowed, refused, seconds } = await flood(120, (n) =>
      fortress.call("GET", n % 4 === 3 ? "/api/v1/auth/%6de" : `${at}/auth/me`, ways[n % 4] ?? { key: ada.key }),
    );
    expect(allowed).toBeLessThanOrEqual(60 + seconds);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fortress.call("GET", `${at}/auth/me`, { key: bob.key })).status).toBe(200);
  });

  test("of nobody are counted by address, whatever they guess", async () => {
    const { allowed, seconds } = await flood(60, (guess) => fortress.call("GET", `${at}/auth/me`, { key: `hf_${guess}` }));
    expect(allowed).toBeLessThanOrEqual(20 + Math.ceil(seconds / 3));
    expect((await fortress.call("GET", "/health/live")).status).toBe(200);
  });
});
