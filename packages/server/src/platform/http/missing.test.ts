import { contract, route, routesOf } from "@holdfast/contract";
import { expect, test } from "vitest";
import { createMissing, shadowsOf } from "./missing.ts";

const meta = { permission: "public" as const, summary: "x", tags: ["x"] };
const things = {
  get: route("GET", "/things/{id}", meta),
  remove: route("DELETE", "/things/{id}", meta),
  import: route("POST", "/things/import", meta),
  part: route("GET", "/things/{id}/parts/{part}", meta),
  newest: route("GET", "/things/{id}/parts/newest", meta),
  change: route("PATCH", "/things/{id}/parts/{part}", meta),
};

test("an address of its own is not the thing of that name", () => {
  expect(shadowsOf(routesOf(things))).toEqual([
    { method: "GET", path: "/things/import", methods: ["POST"] },
    { method: "DELETE", path: "/things/import", methods: ["POST"] },
    { method: "PATCH", path: "/things/{id}/parts/newest", methods: ["GET"] },
  ]);
  expect(shadowsOf(routesOf(contract)).map(({ method, path }) => `${method} ${path}`)).toContain("GET /devices/import");
});

test.each([
  ["OPTIONS", "/api/things/import?x=1", 405, "POST"],
  ["OPTIONS", "/api/things/one", 405, "GET, DELETE"],
  ["PUT", "/api/things/one/parts/newest", 405, "GET"],
  ["GET", `/api/things/${"x".repeat(301)}`, 414, undefined],
  ["GET", "/api/thing", 404, undefined],
])("%s %s is told what is wrong", (method, url, ...[status, allowed]) => {
  const headers = new Map<string, string>();
  const reply = { header: (name: string, value: string) => headers.set(name, value) };
  expect(createMissing(things, "/api")({ method, url } as never, reply as never).status).toBe(status);
  expect(headers.get("allow")).toBe(allowed);
});
