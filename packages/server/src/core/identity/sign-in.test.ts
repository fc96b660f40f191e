import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { from, identityWorld, opened, password, root, won, type IdentityWorld } from "#test/identity";
import { createIdentity } from "./index.ts";
import { createPasswords } from "./passwords.ts";

let world: IdentityWorld;
beforeAll(async () => void (world = await identityWorld()));
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

const minute = 60_000;
const hour = 60 * minute;

describe("the first administrator", () => {
  const setup = (token: string, name = "ada") => world.identity.redeemSetup({ token, name, password }, from);

  test("is made with the setup token, is signed in, and then there is no setup any more", async () => {
    expect(await world.identity.setupNeeded()).toBe(true);
    const token = await world.identity.setupToken();
    const { me, token: session } = await setup(token ?? "");
    expect(me).toMatchObject({ user: { name: "ada", grants: [{ role: "admin" }] }, via: "session" });
    expect(await world.callerWith(session)).toMatchObject({ actor: "user:ada" });
    expect(await world.identity.setupNeeded()).toBe(false);
    expect(await world.identity.setupToken()).toBeUndefined();
    await expect(setup(token ?? "", "eve")).rejects.toMatchObject({ code: "identity_setup_done" });
    expect((await world.lastEntries(2)).map(({ actor, action }) => [actor, action])).toEqual([
      ["user:ada", "identity.session.open"],
      ["user:ada", "identity.user.create"],
    ]);
  });

  test("is made exactly once by twenty who redeem at the same moment, with two tokens", async () => {
    const instant = {
      hash: () => Promise.resolve("none"),
      verify: () => Promise.resolve(false),
      derive: () => Promise.resolve(Buffer.of()),
    };
    const quick = createIdentity({ db: world.db, audit: world.audit, secrets: world.secrets, clock: world.clock, passwords: instant });
    const tokens = [await world.identity.setupToken(), await world.identity.setupToken()];
    const redeem = (i: number) => quick.redeemSetup({ token: tokens[i % 2] ?? "", name: `user${i}`, password }, from);
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => redeem(i)));
    expect(won(results)).toBe(1);
    const lost = results.filter((result) => result.status === "rejected").map(({ reason }) => (reason as { code: string }).code);
    expect(new Set(lost)).toEqual(new Set(["identity_setup_done"]));
    expect((await world.identity.listUsers({})).items).toHaveLength(1);
  });

  test("is not made with a wrong token, an old one, or none of ours", async () => {
    const token = (await world.identity.setupToken()) ?? "";
    for (const wrong of ["", "x", `${token.slice(1)}x`])
      await expect(setup(wrong)).rejects.toMatchObject({ code: "identity_setup_refused", status: 401 });
    world.later(24 * hour);
    await expect(setup(token)).rejects.toMatchObject({ code: "identity_setup_refused" });
    expect(await world.identity.setupNeeded()).toBe(true);
  });

  test("may try again after a name that cannot be", async () => {
    const token = (await world.identity.setupToken()) ?? "";
    await expect(setup(token, "a/b")).rejects.toMatchObject({ code: "identity_name_invalid" });
    await setup(token);
  });
});

describe("signing in", () => {
  beforeEach(() => world.make("ada"));

  test("opens a session, whatever the case of the name", async () => {
    const { token, maxAgeS, me } = await world.signIn("ADA");
    expect(maxAgeS).toBe(12 * 3600);
    expect(await world.callerWith(token)).toMatchObject({ actor: "user:ada", via: "session" });
    expect(me).toMatchObject({ user: { name: "ada" }, permissions: expect.arrayContaining(["users:write"]) });
  });

  test("says the same of an unknown name, a wrong password and a disabled user, and writes no unknown name down", async () => {
    const bob = await world.make("bob", "viewer");
    await world.identity.updateUser({ id: bob.id, etag: bob.etag, disabled: true }, root);
    const said = await Promise.all(
      [world.signIn("ada", "wrong"), world.signIn("hunter2", password), world.signIn("bob")].map((one) =>
        one.catch((thrown: Error) => thrown),
      ),
    );
    expect(said.map((thrown) => (thrown as Error).message)).toEqual(Array(3).fill("The name or the password is wrong."));
    const entries = await world.lastEntries(3);
    expect(entries.map(({ subject }) => subject).sort()).toEqual(["user:(unknown)", "user:ada", "user:bob"]);
    expect(entries).toEqual(
      Array(3).fill(expect.objectContaining({ action: "identity.session.refuse", actor: "anonymous", after: { address: from.address } })),
    );
    expect(JSON.stringify(entries)).not.toContain("hunter2");
  });

  test("of any number of tries at one moment, five are looked at", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => world.signIn("ada", i < 19 ? `wrong ${i}` : password, `192.0.2.${i}`)),
    );
    const codes = results.map((result) => (result.status === "rejected" ? (result.reason as { code: string }).code : "in"));
    const looked = codes.filter((code) => code !== "identity_too_many_tries");
    expect(looked.length).toBeLessThanOrEqual(5);
    expect(codes.filter((code) => code === "identity_too_many_tries").length).toBeGreaterThanOrEqual(15);
  });

  test("the sixth wrong try in a minute is refused, and so is the right password until the minute is over", async () => {
    for (let i = 0; i < 5; i++) await expect(world.signIn("ada", "wrong")).rejects.toMatchObject({ status: 401 });
    world.later(10_000);
    await expect(world.signIn("ada", "wrong")).rejects.toMatchObject({
      code: "identity_too_many_tries",
      status: 429,
      facts: { retryAfterS: 50 },
    });
    const restarted = createIdentity({ db: world.db, audit: world.audit, secrets: world.secrets, clock: world.clock });
    await expect(restarted.signIn({ name: "Ada", password }, { address: "198.51.100.1" })).rejects.toMatchObject({ status: 429 });
    expect((await world.lastEntries(1))[0]).toMatchObject({ action: "identity.session.refuse", reason: "more than 5 tries in 60 s" });
    world.later(50_000);
    await world.signIn();
  });

  test("an unknown name is limited like a known one", async () => {
    for (let i = 0; i < 5; i++) await expect(world.signIn("nobody")).rejects.toMatchObject({ status: 401 });
    await expect(world.signIn("nobody")).rejects.toMatchObject({ status: 429 });
  });

  test("success clears the count of the account", async () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 4; i++) await expect(world.signIn("ada", "wrong")).rejects.toMatchObject({ status: 401 });
      await world.signIn();
    }
  });

  test("an address that goes through many accounts is stopped, and one success does not set it free", async () => {
    for (let i = 0; i < 29; i++) await expect(world.signIn(`guess${i}`)).rejects.toMatchObject({ status: 401 });
    await world.signIn();
    await expect(world.signIn("guess30")).rejects.toMatchObject({ status: 401 });
    await expect(world.signIn("guess31")).rejects.toMatchObject({ status: 429 });
    await expect(world.signIn()).rejects.toMatchObject({ status: 429 });
    await world.signIn("ada", password, "198.51.100.1");
  });

  test("a try that was not looked at, because too many sign in, is not counted", async () => {
    const passwords = createPasswords({ atOnce: 0, waiting: 0 });
    const busy = createIdentity({ db: world.db, audit: world.audit, secrets: world.secrets, clock: world.clock, passwords });
    for (let i = 0; i < 10; i++)
      await expect(busy.signIn({ name: "ada", password }, from)).rejects.toMatchObject({ code: "identity_busy" });
    await world.signIn();
  });

  test("counts what the source systems count", async () => {
    await expect(world.signIn("ada", "wrong")).rejects.toMatchObject({ status: 401 });
    await world.signIn();
    const { text } = await world.metrics.page();
    expect(Number(/^auth_login_attempts_total (\d+)/m.exec(text)?.[1])).toBeGreaterThanOrEqual(2);
    expect(Number(/^auth_login_failures_total (\d+)/m.exec(text)?.[1])).toBeGreaterThanOrEqual(1);
    expect(text).toMatch(/^active_users_total 1$/m);
  });
});

describe("a sign-in link", () => {
  beforeEach(() => world.make("ada"));

  test("signs its user in once, of twenty who take it at the same moment one", async () => {
    const { token } = await world.identity.createSignInLink("Ada", root);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => world.identity.redeemLink(token, from)));
    expect(won(results)).toBe(1);
    await expect(world.identity.redeemLink(token, from)).rejects.toMatchObject({ code: "identity_link_refused", status: 401 });
  });

  test("works while the account is under attack", async () => {
    for (let i = 0; i < 6; i++) await world.signIn("ada", "wrong").catch(() => undefined);
    const { token } = await world.identity.createSignInLink("ada", root);
    expect(opened(await world.identity.redeemLink(token, from)).me.user.name).toBe("ada");
  });

  test("is of no use after fifteen minutes, or for somebody who was disabled meanwhile", async () => {
    const bob = await world.make("bob", "viewer");
    const old = await world.identity.createSignInLink("ada", root);
    world.later(15 * minute);
    await expect(world.identity.redeemLink(old.token, from)).rejects.toMatchObject({ code: "identity_link_refused" });
    const shut = await world.identity.createSignInLink("bob", root);
    const disabled = await world.identity.updateUser({ id: bob.id, etag: bob.etag, disabled: true }, root);
    await world.identity.updateUser({ id: bob.id, etag: disabled.etag, disabled: false }, root);
    await expect(world.identity.redeemLink(shut.token, from)).rejects.toMatchObject({ code: "identity_link_refused" });
  });

  test("is not made for nobody", async () => {
    await expect(world.identity.createSignInLink("nobody", root)).rejects.toMatchObject({ code: "identity_user_missing" });
  });

  test("is all that a user without a password has", async () => {
    await world.identity.createUser({ name: "bob", grants: [{ role: "viewer" }] }, root);
    await expect(world.signIn("bob", "")).rejects.toMatchObject({ status: 401 });
    const { token } = await world.identity.createSignInLink("bob", root);
    expect(opened(await world.identity.redeemLink(token, from)).me.user.name).toBe("bob");
  });
});
