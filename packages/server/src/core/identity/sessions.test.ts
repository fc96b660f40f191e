import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "#platform/db";
import { untilSomebodyWaits } from "#test/locks";
import { identityWorld, root, won, type IdentityWorld } from "#test/identity";
import { sql } from "kysely";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

const minute = 60_000;
const hour = 60 * minute;

describe("a session", () => {
  beforeEach(() => world.make("ada"));

  test("ends with sign-out, and its token is of no more use", async () => {
    const { token } = await world.signIn();
    await world.identity.signOut(await world.callerWith(token), "req_2");
    expect(await world.withCookie(token)).toBeUndefined();
    expect((await world.lastEntries(1))[0]).toMatchObject({ action: "identity.session.end", requestId: "req_2" });
  });

  test("ends after an hour without a request", async () => {
    const { token } = await world.signIn();
    for (let i = 0; i < 5; i++) {
      world.later(59 * minute);
      await world.callerWith(token);
    }
    world.later(61 * minute);
    expect(await world.withCookie(token)).toBeUndefined();
  });

  test("ends after twelve hours however busy it is", async () => {
    const { token } = await world.signIn();
    for (let i = 0; i < 23; i++) {
      world.later(30 * minute);
      await world.callerWith(token);
    }
    world.later(30 * minute);
    expect(await world.withCookie(token)).toBeUndefined();
  });

  test.each(["", "x", "../../etc", "a".repeat(43), "a".repeat(10_000)])("is not found by %j", async (token) => {
    expect(await world.withCookie(token)).toBeUndefined();
  });

  test("is kept as a hash that does not open it", async () => {
    const { token } = await world.signIn();
    const { rows } = await sql<{ text: string; hash: Buffer }>`select s::text as text, s.hash from identity.session s`.execute(world.db);
    expect(rows[0]?.text).not.toContain(token);
    expect(await world.withCookie(rows[0]?.hash.toString("base64url") ?? "")).toBeUndefined();
  });

  test("shows a changed role with the next request", async () => {
    const bob = await world.make("bob", "viewer");
    const { token } = await world.signIn("bob");
    expect([...(await world.callerWith(token)).access.keys()]).not.toContain("devices:write");
    await world.identity.updateUser({ id: bob.id, etag: bob.etag, grants: [{ role: "operator" }] }, root);
    expect([...(await world.callerWith(token)).access.keys()]).toContain("devices:write");
  });
});

describe("a user", () => {
  test("has a name that no other spelling of it can take", async () => {
    await world.make("Ada");
    for (const same of ["ada", "ADA ", "\uFF21da"]) await expect(world.make(same)).rejects.toMatchObject({ code: "identity_name_taken" });
  });

  test("who is disabled loses sessions and keys at once", async () => {
    await world.make("ada");
    const bob = await world.make("bob", "operator");
    const { token } = await world.signIn("bob");
    const { key } = await world.identity.createKey({ name: "ci", scopes: [], expiresInDays: 1 }, await world.callerWith(token));
    await world.identity.updateUser({ id: bob.id, etag: bob.etag, disabled: true }, { ...root, actor: "user:ada", requestId: "req_3" });
    expect(await world.withCookie(token)).toBeUndefined();
    await expect(world.withKey(key)).rejects.toMatchObject({ status: 401 });
    expect((await world.lastEntries(1))[0]).toMatchObject({
      actor: "user:ada",
      action: "identity.user.disable",
      subject: "user:bob",
      before: { grants: [{ role: "operator" }], disabled: false },
      after: { grants: [{ role: "operator" }], disabled: true, endedSessions: 1 },
    });
  });

  test("who is disabled while signing in has no session afterwards", async () => {
    await world.make("ada");
    const [tried] = await inTransaction(world.db, async (tx) => {
      await sql`update identity.user set disabled = true where name = 'ada'`.execute(tx);
      const signingIn = Promise.allSettled([world.signIn()]);
      await untilSomebodyWaits(world.database.owner);
      return () => signingIn;
    }).then((ended) => ended());
    expect(tried).toMatchObject({ status: "rejected", reason: { code: "identity_sign_in_refused" } });
    expect((await world.database.pool.query("select from identity.session")).rowCount).toBe(0);
  });

  test("who was disabled by hand, in the database, is out as well", async () => {
    await world.make("ada");
    const { token } = await world.signIn();
    await world.database.pool.query("update identity.user set disabled = true");
    expect(await world.withCookie(token)).toBeUndefined();
  });

  test("who is the last administrator stays one", async () => {
    const ada = await world.make("ada");
    for (const change of [{ grants: [{ role: "viewer" }] }, { disabled: true }] as const)
      await expect(world.identity.updateUser({ id: ada.id, etag: ada.etag, ...change }, root)).rejects.toMatchObject({
        code: "identity_last_admin",
      });
    const bob = await world.make("bob");
    const results = await Promise.allSettled(
      [ada, bob].map(({ id, etag }) => world.identity.updateUser({ id, etag, grants: [{ role: "viewer" }] }, root)),
    );
    expect(won(results)).toBe(1);
  });

  test("is not changed by somebody who saw an older version", async () => {
    await world.make("ada");
    const bob = await world.make("bob", "viewer");
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => world.identity.updateUser({ id: bob.id, etag: bob.etag, grants: [{ role: "operator" }] }, root)),
    );
    expect(won(results)).toBe(1);
    await expect(world.identity.updateUser({ id: bob.id, etag: bob.etag, grants: [{ role: "admin" }] }, root)).rejects.toMatchObject({
      status: 412,
    });
    await expect(world.identity.updateUser({ id: "usr_none", etag: "v1" }, root)).rejects.toMatchObject({ status: 404 });
  });

  test("is listed with the others, by name, page by page", async () => {
    for (const name of ["Carol", "ada", "Bob"]) await world.make(name, "viewer");
    const first = await world.identity.listUsers({ limit: 2 });
    const second = await world.identity.listUsers({ limit: 2, cursor: first.next });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["ada", "Bob", "Carol"]);
    expect(second.next).toBeUndefined();
    expect(JSON.stringify(first)).not.toContain("argon2");
  });
});

test("what has ended is swept away, and what goes on is not", async () => {
  await world.make("ada");
  const { token } = await world.signIn();
  await world.signIn();
  await world.identity.createSignInLink("ada", root);
  await world.signIn("ada", "wrong").catch(() => undefined);
  expect(await world.identity.sweep()).toBe(0);
  world.later(50 * minute);
  await world.callerWith(token);
  world.later(50 * minute);
  expect(await world.identity.sweep()).toBe(2); // the idle session and the link
  await world.callerWith(token);
  world.later(25 * hour);
  expect(await world.identity.sweep()).toBe(3); // the other session, and the counts of the account and the address
  expect((await world.audit.verify()).ok).toBe(true);
});
