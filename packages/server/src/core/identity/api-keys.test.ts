import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identityWorld, root, won, type IdentityWorld } from "#test/identity";
import { sql } from "kysely";
import { createIdentity, sessionCookie, type Caller, type Identity } from "./index.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

const minute = 60_000;
const hour = 60 * minute;

describe("an API key", () => {
  let ada: Caller;
  let made: Awaited<ReturnType<Identity["createKey"]>>;
  beforeEach(async () => {
    await world.make("ada");
    ada = await world.callerWith((await world.signIn()).token);
    made = await world.identity.createKey({ name: "ci", scopes: ["devices:read", "plans:write"], expiresInDays: 30 }, ada, "req_4");
  });

  test("does what its scopes say and nothing more", async () => {
    expect(made.key).toMatch(/^hf_[0-9a-z]{8}_[A-Za-z0-9_-]{43}_[0-9a-z]{7}$/);
    const caller = await world.withKey(made.key);
    expect(caller).toMatchObject({ actor: "user:ada", via: "api_key", credentialId: made.id });
    expect([...(caller?.access.keys() ?? [])]).toEqual(["devices:read", "plans:write"]);
    expect((await world.identity.me(caller as Caller)).permissions).toEqual(["devices:read", "plans:write"]);
  });

  test("never does more than its owner may now", async () => {
    const bob = await world.make("bob", "operator");
    const operator = await world.callerWith((await world.signIn("bob")).token);
    const { key } = await world.identity.createKey({ name: "all", scopes: [], expiresInDays: 1 }, operator);
    const narrowed = await world.identity.createKey({ name: "some", scopes: ["plans:write"], expiresInDays: 1 }, operator);
    await world.identity.updateUser({ id: bob.id, etag: bob.etag, grants: [{ role: "viewer" }] }, root);
    expect([...((await world.withKey(key))?.access.keys() ?? [])]).not.toContain("plans:write");
    expect([...((await world.withKey(narrowed.key))?.access.keys() ?? [])]).toEqual([]);
    await expect(world.identity.createKey({ name: "more", scopes: ["users:write"], expiresInDays: 1 }, operator)).rejects.toMatchObject({
      code: "identity_scopes_beyond",
    });
  });

  test("makes no other keys, and ends none but itself", async () => {
    const key = (await world.withKey(made.key)) as Caller;
    const other = await world.identity.createKey({ name: "other", scopes: [], expiresInDays: 1 }, ada);
    await expect(world.identity.createKey({ name: "x", scopes: [], expiresInDays: 1 }, key)).rejects.toMatchObject({
      code: "identity_session_needed",
    });
    await expect(world.identity.revokeKey(other.id, key)).rejects.toMatchObject({ code: "identity_session_needed" });
    await expect(world.identity.signOut(key)).rejects.toMatchObject({ code: "identity_no_session" });
    await world.identity.revokeKey(made.id, key);
    await expect(world.withKey(made.key)).rejects.toMatchObject({ status: 401 });
  });

  test("ends when it is revoked, by its owner only, and when its time is over", async () => {
    await world.make("bob", "admin");
    const bob = await world.callerWith((await world.signIn("bob")).token);
    await expect(world.identity.revokeKey(made.id, bob)).rejects.toMatchObject({ code: "identity_key_missing" });
    const brief = await world.identity.createKey({ name: "brief", scopes: [], expiresInDays: 1 }, ada);
    world.later(24 * hour);
    await expect(world.withKey(brief.key)).rejects.toMatchObject({ status: 401 });
    await world.withKey(made.key);
    expect((await world.identity.listKeys(ada)).items.map(({ name }) => name)).toEqual(["ci"]);
    await world.identity.revokeKey(made.id, ada, "req_5");
    await expect(world.withKey(made.key)).rejects.toMatchObject({ status: 401 });
    expect((await world.identity.listKeys(ada)).items).toEqual([]);
    expect((await world.lastEntries(1))[0]).toMatchObject({
      action: "identity.api_key.revoke",
      subject: `api_key:${made.id}`,
      requestId: "req_5",
    });
  });

  test("is shown once: neither lists, nor the database, nor the audit trail hold it", async () => {
    const secret = made.key.slice(12, 55);
    const { rows } = await sql<{ text: string }>`select k::text as text from identity.api_key k`.execute(world.db);
    expect(JSON.stringify([rows, await world.identity.listKeys(ada), await world.lastEntries(10)])).not.toContain(secret);
  });

  test("remembers its last use to the minute, not with each request", async () => {
    const lastUse = async () => (await world.identity.listKeys(ada)).items[0]?.lastUsedAt;
    expect(await lastUse()).toBeUndefined();
    await world.withKey(made.key);
    const first = await lastUse();
    world.later(59_000);
    await world.withKey(made.key);
    expect(await lastUse()).toBe(first);
    world.later(1_000);
    await world.withKey(made.key);
    expect(Date.parse((await lastUse()) ?? "") - Date.parse(first ?? "")).toBe(60_000);
  });

  test.each([
    ["nothing", ""],
    ["another scheme", "Basic YWRhOmFkYQ=="],
    ["no scheme", "KEY"],
    ["a key cut short", "Bearer hf_abcdefgh_short"],
    ["an unknown key", `Bearer hf_00000000_${"a".repeat(43)}`],
    ["a key with a letter changed", "Bearer MISTYPED"],
    ["a client secret", `Bearer hfs_00000000_${"a".repeat(43)}_0000000`],
    ["two keys", "Bearer KEY, Bearer KEY"],
    ["a session's token", "Bearer TOKEN"],
  ])("that is %s in the header is refused, whatever the cookie holds", async (_what, header) => {
    const { token } = await world.signIn();
    const authorization = header
      .replace(/^KEY$/, made.key)
      .replaceAll("KEY", made.key)
      .replace("TOKEN", token)
      .replace("MISTYPED", `${made.key.slice(0, 20)}${made.key[20] === "a" ? "b" : "a"}${made.key.slice(21)}`);
    await expect(world.identity.authenticate({ headers: { authorization }, cookies: { [sessionCookie]: token } })).rejects.toMatchObject({
      status: 401,
    });
  });

  test("with the secret of another key is refused", async () => {
    const other = await world.identity.createKey({ name: "other", scopes: [], expiresInDays: 1 }, ada);
    await expect(world.withKey(`hf_${made.id}_${other.key.slice(12)}`)).rejects.toMatchObject({ status: 401 });
  });

  test("made before keys had a checksum still works", async () => {
    expect(await world.withKey(made.key.slice(0, 55))).toMatchObject({ credentialId: made.id });
  });

  test("is written down as used once a day, however much and by however many at once", async () => {
    const uses = async () =>
      (await world.audit.list({ action: "identity.api_key.use" })).items.filter(({ subject }) => subject === `api_key:${made.id}`);
    await Promise.all(Array.from({ length: 5 }, () => world.withKey(made.key)));
    world.later(2 * hour);
    await world.withKey(made.key);
    expect(await uses()).toHaveLength(1);
    world.later(24 * hour);
    await world.withKey(made.key);
    expect(await uses()).toHaveLength(2);
  });

  test("is made three times an hour and no more, unless a setting says otherwise", async () => {
    const { db, audit, secrets, clock } = world;
    const usual = createIdentity({ db, audit, secrets: { ...secrets, addResealer: () => undefined }, clock });
    const wanted = { name: "k", scopes: [], expiresInDays: 1 };
    world.later(hour); // the one made with another identity is of an hour ago
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => usual.createKey(wanted, ada)));
    expect(won(results)).toBe(3);
    await expect(usual.createKey(wanted, ada)).rejects.toMatchObject({ code: "identity_keys_too_often", status: 429 });
    world.later(hour);
    await usual.createKey(wanted, ada);
  });

  test("is one of fifty at most", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => world.identity.createKey({ name: `k${i}`, scopes: [], expiresInDays: 1 }, ada)),
    );
    expect(won(results)).toBe(49);
  });
});
