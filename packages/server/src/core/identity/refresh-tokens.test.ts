import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, identityWorld, won, type IdentityWorld } from "#test/identity";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

const day = 86_400_000;
const withToken = (token: string) => world.identity.authenticate({ headers: { authorization: `Bearer ${token}` }, cookies: {} });

async function tokensOf(name = "ada") {
  const { token } = await world.signIn(name);
  return world.identity.tradeSession(await world.callerWith(token), from);
}

describe("a refresh token", () => {
  beforeEach(() => world.make("ada"));

  test("gives the next pair, once", async () => {
    const first = await tokensOf();
    const second = await world.identity.refreshTokens(first.refreshToken, from);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    await withToken(second.accessToken);
    expect((await world.lastEntries(1))[0]).toMatchObject({ actor: "user:ada", action: "identity.token.refresh" });
  });

  test("that comes a second time ends the session, with every token of it, at once", async () => {
    const first = await tokensOf();
    const second = await world.identity.refreshTokens(first.refreshToken, from);
    const third = await world.identity.refreshTokens(second.refreshToken, from);
    await expect(world.identity.refreshTokens(first.refreshToken, from)).rejects.toMatchObject({ code: "identity_refresh_refused" });
    for (const { accessToken } of [first, second, third]) await expect(withToken(accessToken)).rejects.toMatchObject({ status: 401 });
    await expect(world.identity.refreshTokens(third.refreshToken, from)).rejects.toMatchObject({ status: 401 });
    expect((await world.lastEntries(1))[0]).toMatchObject({
      actor: "anonymous",
      action: "identity.token.reuse",
      after: { address: from.address },
    });
  });

  test("used by twenty at one moment has one winner, whose session is ended as well", async () => {
    for (let round = 0; round < 10; round++) {
      const { refreshToken } = await tokensOf();
      const startedMs = performance.now();
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => world.identity.refreshTokens(refreshToken, from)));
      expect(won(results)).toBe(1);
      const winner = results.find((result) => result.status === "fulfilled")?.value;
      await expect(withToken(winner?.accessToken ?? "")).rejects.toMatchObject({ status: 401 });
      await expect(world.identity.refreshTokens(winner?.refreshToken ?? "", from)).rejects.toMatchObject({ status: 401 });
      expect(performance.now() - startedMs).toBeLessThan(1_000);
      world.later(61_000); // not too many sign-ins a minute
    }
  });

  test("while its successor is used at the same moment ends the session too, and nobody waits for ever", async () => {
    const first = await tokensOf();
    const second = await world.identity.refreshTokens(first.refreshToken, from);
    await Promise.allSettled([first, second, first, second].map(({ refreshToken }) => world.identity.refreshTokens(refreshToken, from)));
    expect((await world.database.pool.query("select from identity.session")).rowCount).toBe(0);
  });

  test("ends after seven days without use, and after thirty however much it is used", async () => {
    const unused = await tokensOf();
    world.later(7 * day);
    await expect(world.identity.refreshTokens(unused.refreshToken, from)).rejects.toMatchObject({ status: 401 });
    let pair = await tokensOf();
    for (let days = 0; days < 24; days += 6) {
      world.later(6 * day);
      pair = await world.identity.refreshTokens(pair.refreshToken, from);
    }
    world.later(6 * day);
    await expect(world.identity.refreshTokens(pair.refreshToken, from)).rejects.toMatchObject({ status: 401 });
  });

  test("is kept as a hash, and swept with its session", async () => {
    const { refreshToken } = await tokensOf();
    const { rows } = await world.database.pool.query<{ text: string }>("select t::text as text from identity.refresh_token t");
    expect(JSON.stringify([rows, await world.lastEntries(10)])).not.toContain(refreshToken);
    world.later(31 * day);
    await world.identity.sweep();
    expect((await world.database.pool.query("select from identity.refresh_token")).rowCount).toBe(0);
  });

  test("of a disabled user is refused", async () => {
    const { refreshToken } = await tokensOf();
    await world.database.pool.query("update identity.user set disabled = true");
    await expect(world.identity.refreshTokens(refreshToken, from)).rejects.toMatchObject({ status: 401 });
  });

  test("given back ends the session, and one that is none ends nothing", async () => {
    const { refreshToken, accessToken } = await tokensOf();
    await world.identity.revokeTokens("nothing", from);
    await withToken(accessToken);
    await world.identity.revokeTokens(refreshToken, from);
    await expect(withToken(accessToken)).rejects.toMatchObject({ status: 401 });
  });

  test.each(["", "x", "../../etc", "a".repeat(43), "a".repeat(10_000)])("is not %j", async (token) => {
    await expect(world.identity.refreshTokens(token, from)).rejects.toMatchObject({ code: "identity_refresh_refused" });
  });
});

describe("tokens are given", () => {
  test("for a cookie only, once, and only shortly after signing in", async () => {
    await world.make("ada");
    const { token } = await world.signIn();
    const caller = await world.callerWith(token);
    const pair = await world.identity.tradeSession(caller, from);
    await expect(world.identity.tradeSession(caller, from)).rejects.toMatchObject({ code: "identity_no_cookie" });
    const byToken = await withToken(pair.accessToken);
    if (!byToken) throw new Error("no caller");
    await expect(world.identity.tradeSession(byToken, from)).rejects.toMatchObject({ code: "identity_no_cookie" });
    const { token: old } = await world.signIn();
    world.later(6 * 60_000);
    await expect(world.identity.tradeSession(await world.callerWith(old), from)).rejects.toMatchObject({ code: "identity_sign_in_again" });
  });
});
