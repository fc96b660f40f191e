import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdempotencyKeys } from "./idempotency.ts";
import { silentLog } from "./log.ts";
import { problemOf, startThings, type ThingsApi } from "#test/things-api";

let api: ThingsApi;
beforeAll(async () => {
  api = await startThings();
});
afterAll(() => api.drop());

describe("idempotency keys", () => {
  const create = (key: string, body: unknown = { name: "new" }, as = "writer") =>
    api.call("POST", "/api/v1/things", { as, body, headers: { "idempotency-key": key } });

  test("a repetition gets the first answer again and does nothing", async () => {
    const first = await create("key-1");
    const before = api.changes();
    const again = await create("key-1");
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.json()).toEqual(await first.json());
    expect([first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")]).toEqual([null, "true"]);
    expect(again.headers.get("etag")).toBe('"v1"');
    expect(api.changes()).toBe(before);
  });

  test("a key is refused where it would protect nothing, but for reading", async () => {
    const key = { "idempotency-key": "key-0" };
    const edit = api.call("PATCH", "/api/v1/things/one", { body: { name: "new" }, headers: { ...key, "if-match": '"v1"' } });
    const signIn = api.call("POST", "/api/v1/sign-in", { headers: key });
    for (const answer of [edit, signIn]) expect(await problemOf(await answer)).toMatchObject({ status: 400, code: "header_useless" });
    expect((await api.call("GET", "/api/v1/things/one", { headers: key })).status).toBe(200);
  });

  test("another request with the same key is refused", async () => {
    await create("key-2");
    expect(await problemOf(await create("key-2", { name: "other" }))).toMatchObject({ status: 422, code: "idempotency_key_reused" });
  });

  test("the keys of two callers do not meet", async () => {
    api.people["other"] = ["devices:write"];
    const [mine, theirs] = [await create("key-3"), await create("key-3", { name: "new" }, "other")];
    expect(await mine.json()).not.toEqual(await theirs.json());
  });

  test("of many at once exactly one is carried out", async () => {
    const before = api.changes();
    const answers = await Promise.all(Array.from({ length: 10 }, () => create("key-4")));
    expect(api.changes()).toBe(before + 1);
    expect(answers.map((answer) => answer.status).filter((status) => status !== 201 && status !== 409)).toEqual([]);
  });

  test("a failure is not kept: the repetition is carried out", async () => {
    const before = api.changes();
    for (const _ of [1, 2])
      expect((await api.call("POST", "/api/v1/failures/defect", { headers: { "idempotency-key": "key-5" } })).status).toBe(500);
    expect(api.changes()).toBe(before + 2);
  });

  test("an answer with a secret is not kept: the repetition is told that it is done", async () => {
    const attempt = () => api.call("POST", "/api/v1/keys", { headers: { "idempotency-key": "key-6" } });
    const first = (await (await attempt()).json()) as { key: string };
    expect(await problemOf(await attempt())).toMatchObject({ status: 409, code: "idempotency_done" });
    const { rows } = await api.database.pool.query("select * from platform.idempotency_key");
    expect(JSON.stringify(rows)).not.toContain(first.key);
    expect(JSON.stringify(rows)).not.toContain("key-6");
  });

  test.each(["x".repeat(256), "with space", "ümlaut"])("the key %s is refused", async (key) => {
    expect((await create(encodeURIComponent(key) === key ? key : Buffer.from(key).toString("latin1"))).status).toBe(400);
  });
});

describe("a claim", () => {
  const keys = () => createIdempotencyKeys({ db: api.database.db, log: silentLog });
  const request = (key: string) => ({ key, principal: "ada", route: "r", request: "POST /r", keepBody: true });

  test("lapses when its process dies, and who comes back from the dead cannot overwrite the second answer", async () => {
    const dead = await keys().claim(request("claim-1"));
    await expect(keys().claim(request("claim-1"))).rejects.toThrow("still being carried out");
    await api.database.pool.query("update platform.idempotency_key set held_until = now() - interval '1 second' where holder is not null");
    const second = await keys().claim(request("claim-1"));
    if (!("first" in dead) || !("first" in second)) throw new Error("both should have been claims");
    await second.first.keep({ status: 201, headers: {}, body: '"second"' });
    await dead.first.keep({ status: 201, headers: {}, body: '"first"' });
    await dead.first.release();
    expect(await keys().claim(request("claim-1"))).toEqual({ again: { status: 201, headers: {}, body: '"second"' } });
  });

  test("is free again a day after it was made, and swept away", async () => {
    const old = await keys().claim(request("claim-2"));
    if ("first" in old) await old.first.keep({ status: 201, headers: {}, body: undefined });
    await api.database.pool.query("update platform.idempotency_key set created_at = now() - interval '25 hours' where principal = 'ada'");
    expect(await keys().claim(request("claim-2"))).toHaveProperty("first");
    await api.database.pool.query("update platform.idempotency_key set created_at = now() - interval '25 hours' where principal = 'ada'");
    expect(await keys().sweep()).toBeGreaterThan(0);
  });
});
