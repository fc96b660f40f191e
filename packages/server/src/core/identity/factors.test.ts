import { generateSync } from "otplib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAuthenticator } from "#world/authenticator";
import { from, identityWorld, opened, password, root, won, type IdentityWorld } from "#test/identity";
import type { Caller, Identity } from "./index.ts";
import { createIdentity } from "./index.ts";
import { createPasswords } from "./passwords.ts";

let world: IdentityWorld;
let identity: Identity;
const origin = "https://holdfast.example.net";
beforeAll(async () => {
  world = await identityWorld();
  const { db, audit, secrets, clock } = world;
  identity = createIdentity({ db, audit, secrets, clock, publicUrl: origin });
});
afterAll(() => world.database.drop());
beforeEach(async () => {
  await world.empty();
  await world.database.pool.query("update identity.role set second_factor = false");
  await world.make("ada");
});

const minute = 60_000;
const signIn = () => identity.signIn({ name: "ada", password }, from);
const codeOf = (secret: string, shiftS = 0) => generateSync({ secret, epoch: Math.floor(world.clock.now() / 1000) + shiftS });
const callerWith = async (token: string): Promise<Caller> => {
  const caller = await world.withCookie(token);
  if (!caller) throw new Error("the session is over");
  return caller;
};

/** Ada with an authenticator app. */
async function withApp() {
  const { token } = opened(await signIn());
  const caller = await callerWith(token);
  const { secret, uri } = await identity.beginOwnTotp(caller);
  const { backupCodes } = await identity.confirmOwnTotp(caller, codeOf(secret));
  world.later(30_000);
  return { caller, token, secret, uri, backupCodes: backupCodes ?? [] };
}

async function challenge() {
  const answer = await signIn();
  if (!("challenge" in answer)) throw new Error("no second factor was asked for");
  return answer.challenge;
}

describe("an authenticator app", () => {
  test("is enrolled with a code of it, gives ten backup codes, and is asked for at the next sign-in", async () => {
    const { caller, uri, backupCodes, secret } = await withApp();
    expect(uri).toMatch(/^otpauth:\/\/totp\/Holdfast:ada\?secret=[A-Z2-7]{32}&issuer=Holdfast/);
    expect(backupCodes).toHaveLength(10);
    expect(await identity.ownFactors(caller)).toMatchObject({ totp: {}, passkeys: [], backupCodes: { left: 10, of: 10, low: false } });
    const asked = await challenge();
    expect(asked.methods).toEqual(["totp", "backup-code"]);
    const { token } = await identity.secondFactor({ token: asked.token, code: codeOf(secret) }, from);
    expect(await callerWith(token)).toMatchObject({ actor: "user:ada", steppedUp: true });
    expect((await world.lastEntries(1))[0]).toMatchObject({ action: "identity.session.open", after: { methods: ["password", "totp"] } });
  });

  test("does not count before a code of it was shown, and the wrong code does not enrol it", async () => {
    const caller = await callerWith(opened(await signIn()).token);
    const { secret } = await identity.beginOwnTotp(caller);
    expect("challenge" in (await signIn())).toBe(false);
    await expect(identity.confirmOwnTotp(caller, codeOf(secret, 3600))).rejects.toMatchObject({ code: "identity_code_wrong" });
    expect((await identity.ownFactors(caller)).totp).toBeUndefined();
  });

  test("keeps its seed sealed", async () => {
    const { secret } = await withApp();
    const { rows } = await world.database.pool.query("select sealed from identity.totp");
    expect(rows).toHaveLength(1);
    expect(rows[0].sealed.includes(Buffer.from(secret))).toBe(false);
  });

  test("gives a code that counts once, by whatever sign-in", async () => {
    const { secret } = await withApp();
    const [one, two] = [await challenge(), await challenge()];
    const code = codeOf(secret);
    await identity.secondFactor({ token: one.token, code }, from);
    await expect(identity.secondFactor({ token: two.token, code }, from)).rejects.toMatchObject({ code: "identity_factor_refused" });
  });

  test("lets one of ten in who show the same code at once", async () => {
    const { secret } = await withApp();
    const tokens = [];
    for (let i = 0; i < 10; i++) tokens.push((await challenge()).token);
    const code = codeOf(secret);
    // Five a minute are looked at, so the limit is taken out of the way: it is the code that must hold.
    await world.database.pool.query(
      "insert into identity.attempt select 'proof:' || k || ':' || id, -100, $1 from identity.user, (values ('minute'), ('hour')) as v (k)",
      [new Date(world.clock.now())],
    );
    const results = await Promise.allSettled(tokens.map((token) => identity.secondFactor({ token, code }, from)));
    expect(won(results)).toBe(1);
  });

  test.each([
    [-30, true],
    [30, true],
    [-90, false],
    [90, false],
  ])("a code of %i s counts: %s", async (shiftS, counts) => {
    const { secret } = await withApp();
    world.later(5 * minute);
    const { token } = await challenge();
    const shown = identity.secondFactor({ token, code: codeOf(secret, shiftS) }, from);
    if (counts) await shown;
    else await expect(shown).rejects.toMatchObject({ code: "identity_factor_refused" });
  });

  test("can be taken away, but not by whoever needs it", async () => {
    const { caller } = await withApp();
    await world.database.pool.query("update identity.role set second_factor = true where name = 'admin'");
    await expect(identity.removeFactor(caller, "totp")).rejects.toMatchObject({ code: "identity_factor_needed" });
    await world.database.pool.query("update identity.role set second_factor = false");
    await identity.removeFactor(caller, "totp");
    expect("challenge" in (await signIn())).toBe(false);
  });
});

describe("guessing", () => {
  const instant = {
    hash: () => Promise.resolve("x"),
    verify: () => Promise.resolve(true),
    derive: () => Promise.resolve(Buffer.alloc(32)),
  };

  test("ten thousand guesses at once: five are looked at, and they hold over replicas", async () => {
    await withApp();
    const { db, audit, secrets, clock } = world;
    const replicas = [1, 2].map(() => createIdentity({ db, audit, secrets, clock, passwords: instant, publicUrl: origin }));
    const tokens: string[] = [];
    for (let i = 0; i < 4; i++) tokens.push((await challenge()).token);
    let looked = 0;
    for (let guess = 0; guess < 10_000; guess += 100) {
      const tries = Array.from({ length: 100 }, (_, at) => {
        const replica = replicas[at % 2] as Identity;
        return replica.secondFactor({ token: tokens[at % 4] ?? "", code: String(guess + at).padStart(6, "0") }, from);
      });
      const results = await Promise.allSettled(tries);
      expect(won(results)).toBe(0);
      looked += results.filter(
        (one) => one.status === "rejected" && (one.reason as { code: string }).code === "identity_factor_refused",
      ).length;
    }
    expect(looked).toBe(5);
  }, 60_000);

  test("a day of guessing has 480 tries of a million", async () => {
    await withApp();
    const { db, audit, secrets, clock } = world;
    const patient = createIdentity({ db, audit, secrets, clock, passwords: instant, publicUrl: origin });
    let looked = 0;
    for (let at = 0; at < 24 * 60; at += 10) {
      const answer = await patient.signIn({ name: "ada", password }, {});
      if (!("challenge" in answer)) throw new Error("no challenge");
      for (let i = 0; i < 6; i++) {
        const code = String(100_000 + at * 10 + i);
        const thrown = await patient.secondFactor({ token: answer.challenge.token, code }, {}).catch((one: { code: string }) => one);
        if ("code" in thrown && thrown.code === "identity_factor_refused") looked++;
      }
      world.later(10 * minute);
    }
    expect(looked).toBeLessThanOrEqual(480);
    expect(looked).toBeGreaterThan(400);
  }, 60_000);

  test("a challenge is over after five tries, after five minutes, and once it was used", async () => {
    const { secret } = await withApp();
    const { token } = await challenge();
    for (let i = 0; i < 5; i++) await expect(identity.secondFactor({ token, code: "000000" }, from)).rejects.toMatchObject({ status: 401 });
    world.later(2 * minute);
    await expect(identity.secondFactor({ token, code: codeOf(secret) }, from)).rejects.toMatchObject({ code: "identity_challenge_over" });
    const late = await challenge();
    world.later(5 * minute);
    await expect(identity.secondFactor({ token: late.token, code: codeOf(secret) }, from)).rejects.toMatchObject({
      code: "identity_challenge_over",
    });
    const once = await challenge();
    await identity.secondFactor({ token: once.token, code: codeOf(secret) }, from);
    await expect(identity.secondFactor({ token: once.token, code: codeOf(secret) }, from)).rejects.toMatchObject({
      code: "identity_challenge_over",
    });
  });
});

describe("backup codes", () => {
  test("each lets in once, however it is typed, and one of ten at once", async () => {
    const { backupCodes } = await withApp();
    const [first = "", second = ""] = backupCodes;
    expect(first).toMatch(/^[0-9a-z]{5}-[0-9a-z]{5}$/);
    const typed = first.toUpperCase().replace("-", " ");
    await identity.secondFactor({ token: (await challenge()).token, backupCode: typed }, from);
    await expect(identity.secondFactor({ token: (await challenge()).token, backupCode: first }, from)).rejects.toMatchObject({
      status: 401,
    });
    world.later(2 * minute);
    const tokens = [];
    for (let i = 0; i < 5; i++) tokens.push((await challenge()).token);
    const results = await Promise.allSettled(tokens.map((token) => identity.secondFactor({ token, backupCode: second }, from)));
    expect(won(results)).toBe(1);
  });

  test("three left are few, and a new set ends the old one", async () => {
    const { caller, backupCodes } = await withApp();
    await world.database.pool.query(
      "update identity.backup_code set used_at = now() where hash in (select hash from identity.backup_code limit 7)",
    );
    expect((await identity.ownFactors(caller)).backupCodes).toEqual({ left: 3, of: 10, low: true });
    const { backupCodes: fresh } = await identity.makeOwnBackupCodes(caller);
    await expect(identity.secondFactor({ token: (await challenge()).token, backupCode: backupCodes[9] ?? "" }, from)).rejects.toMatchObject(
      { status: 401 },
    );
    await identity.secondFactor({ token: (await challenge()).token, backupCode: fresh[0] ?? "" }, from);
  });
});

describe("a passkey", () => {
  const key = (options = {}) => createAuthenticator({ origin, rpId: "holdfast.example.net", ...options });

  async function withPasskey(authenticator = key()) {
    const caller = await callerWith(opened(await signIn()).token);
    const { token, options } = await identity.beginPasskey(caller);
    const { backupCodes } = await identity.addPasskey(caller, { token, name: "blue key", passkey: authenticator.create(options) });
    expect(backupCodes).toHaveLength(10);
    return { caller, authenticator };
  }

  async function alone(authenticator: ReturnType<typeof key>, change = {}) {
    const { token, options } = await identity.passkeyOptions();
    return identity.signInByPasskey({ token, passkey: authenticator.get(options, change) }, from);
  }

  test("is a second factor", async () => {
    const { authenticator } = await withPasskey();
    const { token, methods } = await challenge();
    expect(methods).toEqual(["passkey", "backup-code"]);
    const { options } = await identity.secondFactorOptions(token);
    const session = await identity.secondFactor({ token, passkey: authenticator.get(options) }, from);
    expect(await callerWith(session.token)).toMatchObject({ actor: "user:ada" });
  });

  test("signs in alone when it asked for a finger or PIN, and not when it did not", async () => {
    const { authenticator } = await withPasskey();
    expect((await alone(authenticator)).me.user.name).toBe("ada");
    await world.empty();
    await world.make("ada");
    const { authenticator: simple } = await withPasskey(key({ verifiesUser: false }));
    await expect(alone(simple)).rejects.toMatchObject({ code: "identity_factor_refused" });
  });

  test("of a page elsewhere, with a counter that went back, or shown twice does not count", async () => {
    const { authenticator } = await withPasskey();
    await expect(alone(authenticator, { origin: "https://ho1dfast.example.net" })).rejects.toMatchObject({ status: 401 });
    await alone(authenticator, { counter: 10 });
    await expect(alone(authenticator, { counter: 10 })).rejects.toMatchObject({ status: 401 });
    const { token, options } = await identity.passkeyOptions();
    const passkey = authenticator.get(options, { counter: 11 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => identity.signInByPasskey({ token, passkey }, from)));
    expect(won(results)).toBe(1);
  });

  test("that never counts signs in again and again", async () => {
    const { authenticator } = await withPasskey(key({ counts: false }));
    await alone(authenticator);
    expect((await alone(authenticator)).me.user.name).toBe("ada");
  });

  test("of a disabled user does not count", async () => {
    const { authenticator } = await withPasskey();
    const eve = await world.make("eve");
    expect(eve.name).toBe("eve");
    const ada = (await identity.listUsers({})).items.find(({ name }) => name === "ada");
    await identity.updateUser({ id: ada?.id ?? "", etag: ada?.etag ?? "", disabled: true }, root);
    await expect(alone(authenticator)).rejects.toMatchObject({ code: "identity_factor_refused" });
  });

  test("is not possible where the server is reached by an address", async () => {
    const { db, audit, secrets, clock } = world;
    const bare = createIdentity({ db, audit, secrets, clock, publicUrl: "https://192.0.2.1" });
    await expect(bare.passkeyOptions()).rejects.toMatchObject({ code: "identity_passkeys_unavailable" });
  });
});

describe("who must have a second factor", () => {
  test("enrols before anything else: the session says so, and is free afterwards; others that were open end", async () => {
    const before = opened(await signIn());
    await world.database.pool.query("update identity.role set second_factor = true where name = 'admin'");
    const { token, me } = opened(await signIn());
    expect(me.must).toEqual(["second-factor"]);
    const caller = await callerWith(token);
    expect(caller.must).toEqual(["second-factor"]);
    const { secret } = await identity.beginOwnTotp(caller);
    await identity.confirmOwnTotp(caller, codeOf(secret));
    expect((await callerWith(token)).must).toEqual([]);
    expect(await world.withCookie(before.token)).toBeUndefined();
  });

  test("begins anew when an administrator says so: factors and sessions end", async () => {
    const { token, caller } = await withApp();
    await identity.resetFactors({ userId: caller.userId, reason: "phone lost" }, root);
    expect(await world.withCookie(token)).toBeUndefined();
    expect((await world.lastEntries(1))[0]).toMatchObject({ action: "identity.factors.reset", reason: "phone lost", subject: "user:ada" });
    const again = opened(await signIn());
    expect(again.me.must).toEqual(["second-factor"]);
  });
});

describe("stepping up", () => {
  test("by the password of whoever has no second factor, for ten minutes", async () => {
    const { token } = opened(await signIn());
    expect((await callerWith(token)).steppedUp).toBe(true);
    world.later(10 * minute + 1);
    const caller = await callerWith(token);
    expect(caller.steppedUp).toBe(false);
    await expect(identity.stepUp(caller, { password: "wrong" })).rejects.toMatchObject({ code: "identity_step_up_refused", status: 403 });
    await identity.stepUp(caller, { password });
    expect((await callerWith(token)).steppedUp).toBe(true);
  });

  test("by the factor of whoever has one; the password proves nothing then", async () => {
    const { caller, secret } = await withApp();
    world.later(11 * minute);
    expect(await identity.stepUpWays(caller)).toEqual({ ways: ["totp", "backup-code"] });
    await expect(identity.stepUp(caller, { password })).rejects.toMatchObject({ code: "identity_step_up_refused" });
    await identity.stepUp(caller, { code: codeOf(secret) });
  });

  test("is tried five times a minute", async () => {
    const caller = await callerWith(opened(await signIn()).token);
    for (let i = 0; i < 5; i++) await expect(identity.stepUp(caller, { password: "wrong" })).rejects.toMatchObject({ status: 403 });
    await expect(identity.stepUp(caller, { password })).rejects.toMatchObject({ code: "identity_too_many_tries", status: 429 });
  });
});

describe("one's own password", () => {
  const fresh = "seven grey herons stand";

  test("is changed with the current one, and ends the other sessions", async () => {
    const other = opened(await signIn());
    const { token } = opened(await signIn());
    const caller = await callerWith(token);
    await expect(identity.changeOwnPassword(caller, { current: "wrong", password: fresh })).rejects.toMatchObject({
      code: "identity_password_refused",
    });
    await expect(identity.changeOwnPassword(caller, { current: password, password: "Password1234!" })).rejects.toMatchObject({
      code: "identity_password_weak",
    });
    await identity.changeOwnPassword(caller, { current: password, password: fresh });
    expect(await world.withCookie(other.token)).toBeUndefined();
    expect(await world.withCookie(token)).toBeDefined();
    await expect(signIn()).rejects.toMatchObject({ code: "identity_sign_in_refused" });
    opened(await identity.signIn({ name: "ada", password: fresh }, from));
  });

  test("is kept with the parameters of today after the next sign-in", async () => {
    const { hash } = await import("@node-rs/argon2");
    const old = await hash(password, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await world.database.pool.query("update identity.user set password_hash = $1", [old]);
    opened(await signIn());
    const { rows } = await world.database.pool.query("select password_hash from identity.user");
    expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await createPasswords().verify(rows[0].password_hash, password)).toBe(true);
  });
});

test("after all of this the chain holds", async () => {
  expect(await world.audit.verify()).toMatchObject({ ok: true });
});
