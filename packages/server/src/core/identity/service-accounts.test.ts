import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, identityWorld, root, won, type IdentityWorld } from "#test/identity";
import type { Caller } from "./index.ts";
import { accessOf } from "./permissions.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());

const hour = 3_600_000;
const withToken = (token: string) => world.identity.authenticate({ headers: { authorization: `Bearer ${token}` }, cookies: {} });

describe("a service account", () => {
  let id: string;
  let secret: string;
  beforeEach(async () => {
    await world.empty();
    ({ id } = await world.identity.createServiceAccount({ name: "ci", grants: [{ role: "operator" }] }, root));
    secret = (await world.identity.createClientSecret({ accountId: id, overlapHours: 24 }, root)).clientSecret;
  });
  const tokenFor = (shown = secret, scopes: "devices:read"[] = []) =>
    world.identity.clientToken({ clientId: id, secret: shown, scopes }, from);

  test("gets a token of fifteen minutes for its secret, and does what it was granted", async () => {
    expect(secret).toMatch(/^hfs_[0-9a-z]{8}_[A-Za-z0-9_-]{43}_[0-9a-z]{7}$/);
    const { accessToken, expiresIn } = await tokenFor();
    const caller = await withToken(accessToken);
    expect(expiresIn).toBe(900);
    expect(caller).toMatchObject({ actor: "user:ci", via: "token", client: "program" });
    expect(caller?.access.has("devices:write")).toBe(true);
    expect([...((await withToken((await tokenFor(secret, ["devices:read"])).accessToken))?.access.keys() ?? [])]).toEqual(["devices:read"]);
    world.later(hour / 4);
    await expect(withToken(accessToken)).rejects.toMatchObject({ status: 401 });
  });

  test("never signs in: there is no password and no link, and its token makes no keys", async () => {
    await expect(world.signIn("ci", "")).rejects.toMatchObject({ code: "identity_sign_in_refused" });
    await expect(world.identity.createSignInLink("ci", root)).rejects.toMatchObject({ code: "identity_user_missing" });
    const caller = (await withToken((await tokenFor()).accessToken)) as Caller;
    await expect(world.identity.createKey({ name: "k", scopes: [], expiresInDays: 1 }, caller)).rejects.toMatchObject({
      code: "identity_session_needed",
    });
    await expect(world.identity.tradeSession(caller, from)).rejects.toMatchObject({ code: "identity_no_cookie" });
  });

  test("changes its secret without a gap: the old one works for the overlap", async () => {
    const next = await world.identity.createClientSecret({ accountId: id, overlapHours: 1 }, root);
    expect((await world.identity.listClientSecrets(id)).items).toHaveLength(2);
    await tokenFor(secret);
    await tokenFor(next.clientSecret);
    world.later(hour);
    await expect(tokenFor(secret)).rejects.toMatchObject({ code: "identity_client_refused" });
    await tokenFor(next.clientSecret);
    expect((await world.identity.listClientSecrets(id)).items).toMatchObject([{ id: next.id, lastUsedAt: expect.any(String) }]);
  });

  test("loses its tokens with the secret that opened them", async () => {
    const next = await world.identity.createClientSecret({ accountId: id, overlapHours: 1 }, root);
    const [byOld, byNew] = [await tokenFor(secret), await tokenFor(next.clientSecret)];
    const old = (await world.identity.listClientSecrets(id)).items.find((one) => one.id !== next.id);
    await world.identity.revokeClientSecret({ accountId: id, id: old?.id ?? "" }, root);
    await expect(withToken(byOld.accessToken)).rejects.toMatchObject({ status: 401 });
    await withToken(byNew.accessToken);
    await expect(tokenFor(secret)).rejects.toMatchObject({ status: 401 });
  });

  test("works with an API key of its own, which administrators make and end", async () => {
    const made = await world.identity.createServiceKey({ accountId: id, name: "robot", scopes: ["devices:read"], expiresInDays: 1 }, root);
    expect(await world.withKey(made.key)).toMatchObject({ actor: "user:ci", via: "api_key" });
    expect((await world.identity.listKeysOf(id)).items).toMatchObject([{ name: "robot" }]);
    await world.identity.revokeKeyOf({ userId: id, id: made.id }, root);
    await expect(world.withKey(made.key)).rejects.toMatchObject({ status: 401 });
  });

  test("is managed by nobody who may do less than it", async () => {
    const viewer = {
      actor: "user:x",
      access: new Map([
        ...accessOf([{ role: "viewer", selector: "", permissions: null }]),
        ["users:write" as const, "everywhere" as const],
      ]),
    };
    const refused = { code: "identity_grant_beyond" };
    await expect(world.identity.createServiceAccount({ name: "x", grants: [{ role: "admin" }] }, viewer)).rejects.toMatchObject(refused);
    await expect(world.identity.createClientSecret({ accountId: id, overlapHours: 0 }, viewer)).rejects.toMatchObject(refused);
    await expect(world.identity.createServiceKey({ accountId: id, name: "x", scopes: [], expiresInDays: 1 }, viewer)).rejects.toMatchObject(
      refused,
    );
    const ada = await world.make("ada");
    await expect(world.identity.createClientSecret({ accountId: ada.id, overlapHours: 0 }, root)).rejects.toMatchObject({
      code: "identity_service_account_missing",
    });
  });

  test("is refused alike whatever is wrong, and an address that guesses is stopped", async () => {
    const other = await world.identity.createServiceAccount({ name: "other", grants: [] }, root);
    const wrong = [
      () => world.identity.clientToken({ clientId: other.id, secret, scopes: [] }, from),
      () => tokenFor("nonsense"),
      () => tokenFor(`${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`),
      () => world.identity.clientToken({ clientId: "usr_none", secret, scopes: [] }, from),
    ];
    for (const tried of wrong) await expect(tried()).rejects.toMatchObject({ code: "identity_client_refused", status: 401 });
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => tokenFor("nonsense")));
    expect(won(results)).toBe(0);
    await expect(tokenFor()).rejects.toMatchObject({ code: "identity_too_many_tries" });
    world.later(60_000);
    await tokenFor();
  });

  test("that is disabled gets nothing, and what it has ends", async () => {
    const { accessToken } = await tokenFor();
    await world.database.pool.query("update identity.user set disabled = true where id = $1", [id]);
    await expect(withToken(accessToken)).rejects.toMatchObject({ status: 401 });
    await expect(tokenFor()).rejects.toMatchObject({ status: 401 });
  });

  test("has its secret nowhere but in the one answer", async () => {
    const { rows } = await world.database.pool.query<{ text: string }>("select c::text as text from identity.client_secret c");
    expect(JSON.stringify([rows, await world.lastEntries(10), await world.identity.listClientSecrets(id)])).not.toContain(
      secret.slice(13, 56),
    );
  });
});
