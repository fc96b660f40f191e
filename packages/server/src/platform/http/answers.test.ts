import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf, startThings, type ThingsApi } from "#test/things-api";

let api: ThingsApi;
beforeAll(async () => {
  api = await startThings();
});
afterAll(() => api.drop());

describe("failures", () => {
  test("a Problem of a module is told as it is", async () => {
    expect(await problemOf(await api.call("GET", "/api/v1/things/two"))).toMatchObject({
      status: 404,
      code: "thing_missing",
      detail: 'There is no thing "two".',
      title: "missing",
    });
  });

  test("a defect says nothing of itself to the caller and everything to the log, under one request id", async () => {
    const refused = await problemOf(await api.call("POST", "/api/v1/failures/defect", { headers: { "x-request-id": "trace-12345" } }));
    expect(refused).toMatchObject({ status: 500, code: "internal", request_id: "trace-12345" });
    const line = api.logLines.find((text) => text.includes("trace-12345") && text.includes("secret_table"));
    expect(line).toContain('"stack"');
  });

  test("a lost database is 503 with Retry-After", async () => {
    const answer = await api.call("POST", "/api/v1/failures/database");
    expect(answer.headers.get("retry-after")).toBe("5");
    expect((await problemOf(answer)).status).toBe(503);
  });

  test("a request id that is not a sane one is replaced", async () => {
    const answer = await api.call("GET", "/api/v1/things", { headers: { "x-request-id": "a b" } });
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });
});

describe("answers", () => {
  test("carry only what the contract names", async () => {
    expect(await (await api.call("GET", "/api/v1/things/one")).json()).toEqual({ id: "one", name: "first", etag: "v1" });
  });

  test("of a HEAD are those of a GET without the body", async () => {
    const answer = await api.call("HEAD", "/api/v1/things/one");
    expect([answer.status, answer.headers.get("etag"), await answer.text()]).toEqual([200, '"v1"', ""]);
  });

  test("default values of the contract reach the handler", async () => {
    expect(await (await api.call("GET", "/api/v1/things")).json()).toEqual({ items: [], next: "limit-50" });
  });

  test("cannot be framed, sniffed, cached or made to load anything", async () => {
    const { headers } = await api.call("GET", "/api/v1/things/one");
    expect(
      Object.fromEntries(
        ["x-content-type-options", "x-frame-options", "referrer-policy", "cache-control", "content-security-policy"].map((name) => [
          name,
          headers.get(name),
        ]),
      ),
    ).toEqual({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    });
  });
});

describe("preconditions", () => {
  test("an answer with an etag has it as a header, and 304 follows for who has it already", async () => {
    const answer = await api.call("GET", "/api/v1/things/one");
    expect(answer.headers.get("etag")).toBe('"v1"');
    for (const known of ['"v1"', 'W/"v1"', '"v0", "v1"', "*"]) {
      const again = await api.call("GET", "/api/v1/things/one", { headers: { "if-none-match": known } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    expect((await api.call("GET", "/api/v1/things/one", { headers: { "if-none-match": '"v0"' } })).status).toBe(200);
  });

  test.each([
    ["without If-Match", undefined, 428, "precondition_required"],
    ["with an empty one", "", 400, "if_match_invalid"],
    ["with one that is too long", `"${"v".repeat(300)}"`, 400, "if_match_invalid"],
    ["with the ETag of an older version", '"v0"', 412, "precondition_failed"],
    ["with * as its ETag", "*", 400, "if_match_invalid"],
    ["with several ETags", '"v1", "v2"', 400, "if_match_invalid"],
  ])("an edit %s is refused", async (_how, ifMatch, status, code) => {
    const headers = ifMatch === undefined ? {} : { "if-match": ifMatch };
    expect(await problemOf(await api.call("PATCH", "/api/v1/things/one", { body: { name: "new" }, headers }))).toMatchObject({
      status,
      code,
    });
  });

  test("an act is held to the ETag that comes with it, and goes without one", async () => {
    const press = async (headers: Record<string, string>): Promise<unknown> =>
      (await api.call("POST", "/api/v1/things/one/press", { headers })).json();
    expect(await press({ "if-match": '"v1"' })).toEqual({ heldTo: "v1" });
    expect(await press({})).toEqual({ heldTo: "nothing" });
    expect(await press({ "if-match": "*" })).toMatchObject({ status: 400, code: "if_match_invalid" });
  });

  test("If-Match is refused where it would protect nothing, but for reading", async () => {
    const headers = { "if-match": '"v1"' };
    const before = api.changes();
    const refused = await problemOf(await api.call("POST", "/api/v1/things", { body: { name: "new" }, headers }));
    expect(refused).toMatchObject({ status: 400, code: "header_useless", errors: [{ at: "If-Match" }] });
    expect(api.changes()).toBe(before);
    expect((await api.call("GET", "/api/v1/things/one", { headers })).status).toBe(200);
  });

  test.each(['"v1"', "v1", 'W/"v1"'])("an edit with the newest ETag written as %s is made", async (ifMatch) => {
    const answer = await api.call("PATCH", "/api/v1/things/one", { body: { name: "new" }, headers: { "if-match": ifMatch } });
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"v2"']);
  });
});
