import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identityWorld, root, type IdentityWorld } from "#test/identity";
import type { Caller } from "./index.ts";
import { accessOf } from "./permissions.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());

const minute = 60_000;

describe("sessions", () => {
  let ada: Caller;
  let bob: Caller;
  let bobId: string;
  beforeEach(async () => {
    await world.empty();
    await world.make("ada");
    ({ id: bobId } = await world.make("bob", "operator"));
    ada = await world.callerWith((await world.signIn("ada")).token);
    bob = await world.callerWith((await world.signIn("bob")).token);
  });

  test("of somebody else are as if they were not there", async () => {
    expect((await world.identity.listSessions(bob)).items.map(({ id }) => id)).toEqual([bob.credentialId]);
    await expect(world.identity.revokeSession(ada.credentialId, bob)).rejects.toMatchObject({ code: "identity_session_missing" });
    await expect(world.identity.revokeSessionsOf({ userId: bobId, session: ada.credentialId }, root)).rejects.toMatchObject({
      code: "identity_session_missing",
    });
    expect((await world.identity.listSessions(ada)).items).toHaveLength(1);
  });

  test("that have ended by themselves are not shown", async () => {
    world.later(61 * minute);
    expect((await world.identity.listSessions(ada)).items).toEqual([]);
  });

  test("are ended by administrators, not by who may do less than their user", async () => {
    const operator = {
      actor: "user:x",
      access: new Map([
        ...accessOf([{ role: "viewer", selector: "", permissions: null }]),
        ["users:write" as const, "everywhere" as const],
      ]),
    };
    const beyond = { code: "identity_grant_beyond" };
    await expect(world.identity.revokeSessionsOf({ userId: ada.userId }, operator)).rejects.toMatchObject(beyond);
    for (const dryRun of [true, false])
      await expect(world.identity.revokeAllTokens({ apiKeys: false, dryRun }, operator)).rejects.toMatchObject(beyond);
    expect((await world.identity.listSessionsOf(ada.userId)).items).toHaveLength(1);
    expect(await world.identity.revokeSessionsOf({ userId: bobId }, { ...ada, requestId: "req_8" })).toBe(1);
    expect((await world.lastEntries(1))[0]).toMatchObject({
      actor: "user:ada",
      action: "identity.session.end_all",
      subject: "user:bob",
      requestId: "req_8",
    });
  });

  test("of nobody are missing", async () => {
    const missing = { code: "identity_user_missing" };
    await expect(world.identity.listSessionsOf("usr_none")).rejects.toMatchObject(missing);
    await expect(world.identity.revokeSessionsOf({ userId: "usr_none" }, root)).rejects.toMatchObject(missing);
  });

  test("all end at once with everything that could begin one", async () => {
    await world.identity.createSignInLink("bob", root);
    await world.identity.startDeviceLogin({ clientName: "x", scopes: [] }, {});
    const { key } = await world.identity.createKey({ name: "k", scopes: [], expiresInDays: 1 }, bob);
    expect(await world.identity.revokeAllTokens({ apiKeys: false, dryRun: false }, root)).toEqual({ sessions: 2, apiKeys: 0, links: 1 });
    await world.withKey(key);
    expect(await world.identity.revokeAllTokens({ apiKeys: true, dryRun: true }, root)).toEqual({ sessions: 0, apiKeys: 1, links: 0 });
    expect(await world.identity.revokeAllTokens({ apiKeys: true, dryRun: false }, root)).toMatchObject({ apiKeys: 1 });
    await expect(world.withKey(key)).rejects.toMatchObject({ status: 401 });
    expect((await world.database.pool.query("select from identity.device_code")).rowCount).toBe(0);
  });
});
