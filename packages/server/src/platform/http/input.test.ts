import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf, startThings, type ThingsApi } from "#test/things-api";

let api: ThingsApi;
beforeAll(async () => {
  api = await startThings();
});
afterAll(() => api.drop());

describe("bad input", () => {
  test.each([
    ["a wrong type", { name: 5 }, "name"],
    ["an unknown key", { name: "ok", surplus: 1 }, "surplus"],
    ["an unknown key deep inside", { name: "ok", parts: [{ size: 1, colour: "red" }] }, "parts.0.colour"],
    ["a body that is a list", [], "body"],
    ["a body that is null", null, "body"],
    ["a text with a NUL character", { name: "o\0k" }, "name"],
    ["a NUL character deep inside", { name: "ok", parts: [{ size: 1, "co\0lour": 1 }] }, "parts.0"],
  ])("%s is refused and its place named", async (_what, body, at) => {
    const refused = await problemOf(await api.call("POST", "/api/v1/things", { body }));
    expect(refused).toMatchObject({ status: 400, code: "input_invalid" });
    expect(refused.errors?.map((place) => place.at)).toEqual([at]);
    expect(refused.detail).toContain(at);
  });

  test("every fault is told at once", async () => {
    const refused = await problemOf(await api.call("POST", "/api/v1/things", { body: { name: "x", parts: [{}], more: 1 } }));
    expect(refused.errors?.map((place) => place.at).sort()).toEqual(["more", "name", "parts.0.size"]);
  });

  test.each([
    ["an unknown query parameter", "GET", "/api/v1/things?colour=red", 400, "input_invalid"],
    ["a query on a route that reads none", "POST", "/api/v1/keys?x=1", 400, "input_invalid"],
    ["a limit out of range", "GET", "/api/v1/things?limit=501", 400, "input_invalid"],
    ["an address that nothing answers", "GET", "/api/v1/nowhere", 404, "route_missing"],
    ["a method that the address does not have", "PUT", "/api/v1/things", 405, "method_not_allowed"],
    ["a method that few know", "QUERY", "/api/v1/things", 405, "method_not_allowed"],
    ["a broken escape", "GET", "/api/v1/things/%zz", 400, "url_malformed"],
    ["a part that is much too long", "GET", `/api/v1/things/${"x".repeat(400)}`, 414, "url_too_long"],
    ["an id with a NUL character", "GET", "/api/v1/things/%00", 400, "input_invalid"],
    ["a query with a NUL character", "GET", "/api/v1/things?cursor=%00", 400, "input_invalid"],
    ["an id that is too long", "GET", `/api/v1/things/${"x".repeat(65)}`, 400, "input_invalid"],
  ])("%s is refused", async (_what, method, path, ...[status, code]) => {
    expect(await problemOf(await api.call(method, path))).toMatchObject({ status, code });
  });

  test("a wrong method is told the right ones", async () => {
    expect((await api.call("PUT", "/api/v1/things")).headers.get("allow")).toBe("GET, POST");
  });

  test.each([
    ["that is no JSON", "{ broken", "application/json", 400, "body_malformed"],
    ["that is empty", "", "application/json", 400, "body_malformed"],
    ["that reaches for prototypes", '{"name":"ok","__proto__":{"x":1}}', "application/json", 400, "body_malformed"],
    ["of another type", "name=ok", "application/x-www-form-urlencoded", 415, "media_type_unsupported"],
    ["nested without end", `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "application/json", 400, "input_invalid"],
    ["of plain text", "name", "text/plain", 415, "media_type_unsupported"],
    ["of more than 6 MB", `"${"x".repeat(6 * 1024 * 1024)}"`, "application/json", 413, "body_too_large"],
  ])("a body %s is refused", async (_what, body, type, ...[status, code]) => {
    expect(await problemOf(await api.call("POST", "/api/v1/things", { body, headers: { "content-type": type } }))).toMatchObject({
      status,
      code,
    });
  });

  test("a body that says another id than the address is refused", async () => {
    const refused = await problemOf(
      await api.call("PATCH", "/api/v1/things/one", { body: { id: "two", name: "x" }, headers: { "if-match": '"v1"' } }),
    );
    expect(refused.errors).toEqual([{ at: "id", say: "differs from the same part of the address" }]);
  });

  test.each([
    ["an HTTP that is none", "NONSENSE\r\n\r\n", "HTTP/1.1 400"],
    [
      "both lengths at once",
      "POST /api/v1/things HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 400",
    ],
    ["headers of 20 kB", `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`, "HTTP/1.1 431"],
  ])("%s is refused with a problem", async (_what, bytes, status) => {
    const text = await raw(bytes);
    expect(text.startsWith(status)).toBe(true);
    expect(text).toContain("application/problem+json");
    expect(text).toMatch(/x-request-id: req_/);
  });
});

/** What the server answers to bytes. */
function raw(bytes: string): Promise<string> {
  const { port, hostname } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
