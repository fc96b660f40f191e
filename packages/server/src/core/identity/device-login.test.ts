import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, identityWorld, won, type IdentityWorld } from "#test/identity";
import type { Caller } from "./index.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());

const program = { address: "198.51.100.9", userAgent: "holdfast-cli/1.0 (laptop; linux)", requestId: "req_7" };
const withToken = (token: string) => world.identity.authenticate({ headers: { authorization: `Bearer ${token}` }, cookies: {} });

describe("a program that asks with a device code", () => {
  let ada: Caller;
  beforeEach(async () => {
    await world.empty();
    await world.make("ada");
    ada = await world.callerWith((await world.signIn()).token);
  });
  const start = (scopes: ("devices:read" | "plans:write")[] = []) =>
    world.identity.startDeviceLogin({ clientName: "holdfast on laptop", scopes }, program);
  const poll = (deviceCode: string) => world.identity.pollDeviceLogin(deviceCode, program);

  test("is shown with its name and address, let in, and then is who let it in", async () => {
    const { deviceCode, userCode, intervalS } = await start();
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(await poll(deviceCode)).toEqual({ error: "authorization_pending" });
    expect(await world.identity.showDeviceLogin(userCode.toLowerCase().replace("-", " "), ada)).toMatchObject({
      program: "holdfast on laptop",
      device: "holdfast on Linux",
      address: program.address,
      scopes: [],
    });
    await world.identity.answerDeviceLogin({ userCode, approve: true }, ada, from);
    world.later(intervalS * 1000);
    const polled = await poll(deviceCode);
    if ("error" in polled) throw new Error(polled.error);
    const caller = await withToken(polled.pair.accessToken);
    expect(caller).toMatchObject({ actor: "user:ada", via: "token", client: "cli" });
    const [session] = (await world.identity.listSessions(caller as Caller)).items;
    expect(session).toMatchObject({ client: "cli", current: true, address: program.address, methods: ["password", "device code"] });
    const actions = (await world.audit.list({})).items.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["identity.session.open", "identity.device_login.approve"]));
    await world.identity.refreshTokens(polled.pair.refreshToken, program);
    world.later(intervalS * 1000);
    expect(await poll(deviceCode)).toEqual({ error: "invalid_grant" }); // good once
  });

  test("may do no more than it asked for", async () => {
    const { deviceCode, userCode } = await start(["devices:read"]);
    await world.identity.answerDeviceLogin({ userCode, approve: true }, ada, from);
    const polled = await poll(deviceCode);
    if ("error" in polled) throw new Error(polled.error);
    expect([...((await withToken(polled.pair.accessToken))?.access.keys() ?? [])]).toEqual(["devices:read"]);
  });

  test("is told no", async () => {
    const { deviceCode, userCode } = await start();
    await world.identity.answerDeviceLogin({ userCode, approve: false }, ada, from);
    expect(await poll(deviceCode)).toEqual({ error: "access_denied" });
    expect((await world.lastEntries(1))[0]).toMatchObject({ actor: "user:ada", action: "identity.device_login.deny" });
  });

  test("that polls too often waits longer each time", async () => {
    const { deviceCode } = await start();
    await poll(deviceCode);
    world.later(4_000);
    expect(await poll(deviceCode)).toEqual({ error: "slow_down" });
    world.later(6_000); // ten are needed now
    expect(await poll(deviceCode)).toEqual({ error: "slow_down" });
    world.later(15_000);
    expect(await poll(deviceCode)).toEqual({ error: "authorization_pending" });
  });

  test("is too late after ten minutes, and so is the answer", async () => {
    const { deviceCode, userCode } = await start();
    world.later(10 * 60_000);
    expect(await poll(deviceCode)).toEqual({ error: "expired_token" });
    await expect(world.identity.answerDeviceLogin({ userCode, approve: true }, ada, from)).rejects.toMatchObject({
      code: "identity_code_missing",
    });
    await world.identity.sweep();
    expect((await world.database.pool.query("select from identity.device_code")).rowCount).toBe(0);
  });

  test("gets one session, however many poll at one moment", async () => {
    const { deviceCode, userCode } = await start();
    await world.identity.answerDeviceLogin({ userCode, approve: true }, ada, from);
    const results = await Promise.all(Array.from({ length: 10 }, () => poll(deviceCode)));
    expect(results.filter((result) => "pair" in result)).toHaveLength(1);
  });

  test("is answered once", async () => {
    const { userCode } = await start();
    const answers = [true, false, true].map((approve) => world.identity.answerDeviceLogin({ userCode, approve }, ada, from));
    expect(won(await Promise.allSettled(answers))).toBe(1);
  });

  test("is let in at the console only: neither a key nor a token lets another program in", async () => {
    const { deviceCode, userCode } = await start();
    const { key } = await world.identity.createKey({ name: "k", scopes: [], expiresInDays: 1 }, ada);
    for (const caller of [await world.withKey(key)])
      await expect(world.identity.answerDeviceLogin({ userCode, approve: true }, caller as Caller, from)).rejects.toMatchObject({
        code: "identity_session_needed",
      });
    expect(await poll(deviceCode)).toEqual({ error: "authorization_pending" });
  });

  test("is nobody's when who let it in was disabled meanwhile", async () => {
    const { deviceCode, userCode } = await start();
    await world.identity.answerDeviceLogin({ userCode, approve: true }, ada, from);
    await world.database.pool.query("update identity.user set disabled = true");
    expect(await poll(deviceCode)).toEqual({ error: "access_denied" });
  });

  test("cannot be guessed at: ten wrong codes a minute, and ten programs a minute from an address", async () => {
    const { userCode } = await start();
    const guesses = Array.from({ length: 12 }, () =>
      world.identity.showDeviceLogin("BBBB-BBBB", ada).catch((thrown: { code: string }) => thrown.code),
    );
    const codes = await Promise.all(guesses);
    expect(codes.filter((code) => code === "identity_code_missing")).toHaveLength(10);
    await expect(world.identity.showDeviceLogin(userCode, ada)).rejects.toMatchObject({ status: 429 });
    const starts = await Promise.allSettled(Array.from({ length: 15 }, () => start()));
    expect(won(starts)).toBe(9);
  });

  test("leaves neither code in the database", async () => {
    const { deviceCode, userCode } = await start();
    const { rows } = await world.database.pool.query<{ text: string }>("select c::text as text from identity.device_code c");
    for (const text of [deviceCode, userCode, userCode.replace("-", "")]) expect(JSON.stringify(rows)).not.toContain(text);
  });
});
