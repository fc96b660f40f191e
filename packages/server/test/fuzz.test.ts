/** Junk in every field of every route: some 900 calls, the same each time. The lab's schemathesis makes 20 000 of another sort. */
import { contract, routesOf, type ContractRoute } from "@holdfast/contract";
import { z } from "zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFortress, type Answer, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
beforeAll(async () => {
  fortress = await startFortress({ HOLDFAST_PUBLIC_URL: "http://holdfast.example", HOLDFAST_LOG_LEVEL: "info" });
  admin = await fortress.person("ada", "admin");
});
afterAll(() => fortress.drop());

interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** What ends the session of whoever calls, or everybody's. */
const ending = new Set(["identity.signOut", "tokens.revokeAll", "people.forceAllResets", "sessions.revokeOthers"]);
const routes = routesOf(contract).filter(({ name, streams }) => !streams && !ending.has(name));

const junk: unknown[] = [
  "",
  " ",
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53,
  0.1,
  [],
  {},
  [[[]]],
  { $gt: "" },
  { $where: "sleep(1)" },
  { toString: 1, length: -1 },
  "' or 1=1; drop table audit.entry; --",
  "{{ 7*7 }}${7*7}#{7*7}%{7*7}<%= 7*7 %>",
  "../../../../etc/passwd",
  "%s%n%x%00",
  "$(id)`id`|id;id",
  "\ud800",
  "\u202e\u2028\u0007\u001b[31m\r\nx: y",
  "x".repeat(20_000),
  "9".repeat(400),
  "2026-02-30T25:61:61Z",
  "0001-01-01T00:00:00Z",
  "=cmd|' /C calc'!A0",
  "*)(uid=*))(|(uid=*",
  "constructor",
  "__proto__",
];

/** Something that the schema might take. */
function sampleOf(schema: Schema): unknown {
  const { type, enum: choices, properties, items, anyOf, oneOf, format } = schema;
  if (schema.const !== undefined) return schema.const;
  if (choices) return choices[0];
  const [first] = [...(anyOf ?? []), ...(oneOf ?? [])];
  if (first) return sampleOf(first);
  if (type === "object" && properties)
    return Object.fromEntries((schema.required ?? []).map((name) => [name, sampleOf(properties[name] ?? {})]));
  if (type === "array") return items && (schema.minItems ?? 0) > 0 ? [sampleOf(items)] : [];
  if (type === "integer" || type === "number") return schema.minimum ?? 1;
  if (type === "boolean") return true;
  if (format === "date-time") return "2030-01-01T00:00:00Z";
  return type === "string" ? "sample".padEnd(schema.minLength ?? 0, "x").slice(0, schema.maxLength) : {};
}

/** Places in a schema that something can be put at, as paths of members. */
function placesOf(schema: Schema, path: string[] = []): string[][] {
  const [first] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (first) return placesOf(first, path);
  const below = Object.entries(schema.properties ?? {});
  if (path.length > 2 || below.length === 0) return path.length > 0 ? [path] : [];
  return [...(path.length > 0 ? [path] : []), ...below.flatMap(([name, one]) => placesOf(one, [...path, name]))];
}

function withAt(whole: unknown, [name = "", ...rest]: string[], value: unknown): unknown {
  const own = typeof whole === "object" && whole !== null ? (whole as Record<string, unknown>) : {};
  return { ...own, [name]: rest.length === 0 ? value : withAt(own[name], rest, value) };
}

/** Whatever of a request may end up in a log. */
const strangers = { "user-agent": "x\u0085\u009b2Jy", "x-request-id": "a\u0085b" };

interface Shot {
  route: ContractRoute;
  path: string;
  body?: unknown;
}

/** Each place of a route gets a few of the junk, in turn, so that all of it comes up everywhere. */
function shotsAt(route: ContractRoute, turn: () => unknown): Shot[] {
  const schema: Schema =
    route.input instanceof z.ZodType ? (z.toJSONSchema(route.input, { io: "input", unrepresentable: "any" }) as Schema) : {};
  const sample = sampleOf(schema);
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const addressOf = (values: Record<string, unknown>, query: unknown) => {
    const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
    const path = route.path.replaceAll(
      /\{(\w+)\}/g,
      (_, name: string) => encodeURIComponent(text(values[name] ?? "sample")).slice(0, 600) || "%20",
    );
    const asked = Object.entries((query ?? {}) as object).filter(([name]) => !inPath.includes(name));
    const written = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, text(value).slice(0, 2000)])).toString();
    return `/api/v1${path}${written === "" ? "" : `?${written}`}`;
  };
  const places = placesOf(schema);
  return [...(places.length === 0 ? [["nothing"]] : places)].flatMap((place) =>
    Array.from({ length: 2 }, () => {
      const value = turn();
      const whole = withAt(sample, place, value);
      const values = inPath.includes(place[0] ?? "") ? { [place[0] ?? ""]: value } : {};
      if (route.method === "GET") return { route, path: addressOf(values, whole) };
      const body = Object.fromEntries(Object.entries(whole as object).filter(([name]) => !inPath.includes(name)));
      return { route, path: addressOf(values, {}), body: schema.properties === undefined ? undefined : body };
    }),
  );
}

/** One line of JSON, without what would end it, drive a terminal or turn the order of letters. */
function isOneLine(line: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  return typeof JSON.parse(line) === "object" && !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\n./.test(line);
}

const insides =
  /node_modules|\.ts:\d|\bat .*:\d+:\d+|FST_|ORPC|ZodError|\bselect .* from\b|insert into|violates|relation "|ECONN|ENOENT|\/root\/|SQLSTATE/i;

test("junk in every field of every route is never an error of ours, and no answer tells of our insides", async () => {
  let at = 0;
  const shots = routes.flatMap((route) => shotsAt(route, () => junk[at++ % junk.length]));
  expect(shots.length).toBeGreaterThan(800);

  const bad: unknown[] = [];
  const statuses: Record<number, number> = {};
  const look = (shot: Shot, { status, text, headers }: Answer): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    const refused = status >= 400;
    const proper = !refused || (headers.get("content-type") === "application/problem+json" && text.includes('"request_id":"'));
    if (status >= 500 ? status === 503 && proper : proper && !(refused && insides.test(text))) return;
    bad.push([shot.route.name, status, shot.path, JSON.stringify(shot.body)?.slice(0, 200), text.slice(0, 300)]);
  };
  const shoot = async (): Promise<void> => {
    for (let shot = shots.pop(); shot; shot = shots.pop()) {
      const { route, path, body } = shot;
      const headers: Record<string, string> = route.meta.precondition === "if-match" ? { "if-match": '"1"' } : {};
      const who =
        route.meta.permission === "public" ? {} : route.meta.permission === "self" ? { cookie: admin.cookie } : { key: admin.key };
      look(shot, await fortress.call(route.method, path, { ...who, headers: { ...headers, ...strangers }, body }));
    }
  };
  await Promise.all(Array.from({ length: 6 }, shoot));
  expect(bad).toEqual([]);
  expect(fortress.logLines.filter((line) => !isOneLine(line))).toEqual([]);
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["200", "400", "404"]));
});
