/** OWASP API Security Top 10 (2023), API1: reaching what is somebody else's, by guessing, by listing, by pointing at it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
let lyon: Person;
let bob: Person;
const at = "/api/v1";

beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
  bob = await fortress.person("bob", "operator");
  lyon = await fortress.person("lea", { role: "operator", selector: "site=lyon" });
  for (const site of ["lyon", "paris"]) {
    const body = { name: `${site}-1`, platform: "frr", address: "192.0.2.1", site, labels: { site } };
    expect((await fortress.call("POST", `${at}/devices`, { key: admin.key, body })).status).toBe(201);
  }
});
afterAll(() => fortress.drop());

const asLyon = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  fortress.call(method, `${at}${path}`, { key: lyon.key, body, headers });
const paris = async () => (await fortress.call("GET", `${at}/devices/paris-1`, { key: admin.key })).body as { id: string; etag: string };

describe("what belongs to a person", () => {
  test("a key, a session and a factor of somebody else cannot be ended by their ids, and are as if they were not there", async () => {
    const keys = await fortress.call("GET", `${at}/api-keys`, { key: bob.key });
    const sessions = await fortress.call("GET", `${at}/sessions`, { cookie: bob.cookie });
    const [key, session] = [keys.body.items?.[0]?.id, sessions.body.items?.[0]?.id];
    for (const path of [`/api-keys/${key}`, `/sessions/${session}`, `/auth/factors/${bob.id}`]) {
      const stolen = await fortress.call("DELETE", `${at}${path}`, { cookie: lyon.cookie });
      const guessed = await fortress.call("DELETE", `${at}${path.replace(/[^/]+$/, "nothing")}`, { cookie: lyon.cookie });
      expect([path, stolen.status, stolen.body.code]).toEqual([path, guessed.status, guessed.body.code]);
      expect(stolen.status).toBe(404);
    }
    expect((await fortress.call("GET", `${at}/auth/me`, { key: bob.key })).status).toBe(200);
    expect((await fortress.call("GET", `${at}/auth/me`, { cookie: bob.cookie })).status).toBe(200);
  });

  test("an Idempotency-Key of somebody else gives back none of their answers", async () => {
    const body = { name: "lyon-2", platform: "frr", address: "192.0.2.2", site: "lyon", labels: { site: "lyon" } };
    const headers = { "idempotency-key": "the-same-key-of-two" };
    expect((await fortress.call("POST", `${at}/devices`, { key: admin.key, body, headers })).status).toBe(201);
    const other = await asLyon("POST", "/devices", body, headers);
    expect([other.status, other.headers.get("idempotency-replayed")]).toEqual([409, null]);
  });
});

describe("a device of another site", () => {
  test("is not shown by its id, its name, or any list, filter, search or export", async () => {
    const { id } = await paris();
    const missing = await asLyon("GET", "/devices/nothing");
    for (const path of [`/devices/${id}`, "/devices/paris-1", `/devices/${id}/versions`, `/devices/${id}/running`]) {
      const { status, body } = await asLyon("GET", path);
      expect([path, status, body.code]).toEqual([path, 404, missing.body.code]);
    }
    const wide =
      "/devices /devices?q=paris /devices?site=paris /devices?selector=site%3Dparis /devices?selector=site%21%3Dlyon /devices/export /devices/export?format=csv /drift";
    for (const path of wide.split(" ")) {
      const { text } = await asLyon("GET", path);
      expect([path, text.includes("paris")]).toEqual([path, false]);
    }
    expect((await asLyon("GET", "/devices")).body.items?.length).toBe(2);
  });

  test("is not reached by a place in the list that somebody else was given", async () => {
    const { body } = await fortress.call("GET", `${at}/devices?limit=1`, { key: admin.key });
    const { text, status } = await asLyon("GET", `/devices?limit=500&cursor=${encodeURIComponent(String(body["next"]))}`);
    expect([status, text.includes("paris")]).toEqual([200, false]);
  });

  test("is not changed or removed, with its true ETag or without", async () => {
    const { id, etag } = await paris();
    for (const [method, path, body] of [
      ["PATCH", `/devices/${id}`, { labels: { site: "lyon" } }],
      ["PATCH", "/devices/paris-1", { site: "lyon" }],
      ["DELETE", `/devices/${id}`, undefined],
      ["POST", `/devices/${id}/host-key/trust`, { fingerprint: `SHA256:${"A".repeat(43)}`, reason: "mine now" }],
      ["POST", `/devices/${id}/drift/revert`, {}],
    ] as const) {
      const { status } = await asLyon(method, path, body, method === "POST" ? {} : { "if-match": `"${etag}"` });
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    expect((await paris()).etag).toBe(etag);
  });

  test("is not taken over by making one of its name, by an import, or by giving one's own away", async () => {
    const mine = { platform: "frr", address: "192.0.2.66", site: "paris", labels: { site: "paris" } };
    const made = await asLyon("POST", "/devices", { ...mine, name: "paris-9" });
    expect(made.status).toBe(403);
    const imported = await asLyon("POST", "/devices/import", {
      format: "csv",
      content: "name,platform,address,site\nparis-1,frr,192.0.2.66,lyon\n",
    });
    expect(imported.text).not.toMatch(/"updated":\["paris-1"\]/);
    expect(((await paris()) as unknown as { address: string }).address).toBe("192.0.2.1");
    const { etag } = (await asLyon("GET", "/devices/lyon-1")).body as { etag?: string };
    const moved = await asLyon("PATCH", "/devices/lyon-1", { site: "paris" }, { "if-match": `"${etag}"` });
    expect([moved.status, (await asLyon("GET", "/devices/lyon-1")).body["site"]]).toEqual([403, "lyon"]);
  });
});
