import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSync } from "otplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionCookie } from "#core/identity";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { runHoldfast, type Given, type Ran } from "./holdfast-program.ts";
import { opened } from "./identity.ts";

const password = "correct horse battery";
const root = { actor: "system:test", access: "unlimited" } as const;
let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let url: string;
beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const settings = loadSettings({ HOLDFAST_HOME: join(home, "server"), DATABASE_URL: database.url, HOLDFAST_PORT: "0" });
  holdfast = await compose({ settings, log: silentLog, consoleDirectory: join(home, "none") });
  url = (await holdfast.start()) ?? "";
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password }, root);
  expect(await run(["login", "--url", url, "--password"], { stdin: `ada\n${password}\n` })).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const json = async (args: string[]): Promise<unknown> => JSON.parse((await run([...args, "-o", "json"])).out);

describe("people from the command line", () => {
  test("are invited by a link that is printed where there is no mail server", async () => {
    const made = (await json(["users", "invite", "grace", "--email", "grace@example.net", "--role", "viewer", "--at", "site=lyon"])) as {
      link: string;
    };
    expect(made).toMatchObject({ name: "grace", mailed: false, link: expect.stringContaining(`${url}/invitation#token=`) });
    const token = made.link.split("token=")[1] ?? "";
    opened(await holdfast.identity.acceptInvitation({ token, password }, {}));
    expect(await json(["users", "show", "Grace"])).toMatchObject({
      email: "grace@example.net",
      grants: [{ role: "viewer", selector: "site=lyon" }],
    });
    expect(await run(["users", "show", "nobody"])).toMatchObject({ code: 5 });
  });

  test("have roles of the organisation's own, which are made, seen through, changed and removed", async () => {
    expect(await json(["roles", "create", "noc", "--may", "devices:read", "rollouts:operate"])).toMatchObject({
      id: "noc",
      builtIn: false,
    });
    expect((await run(["roles", "preview", "noc@site=lyon", "--label", "site=turin"])).out).toMatch(/devices:read +site=lyon +no/);
    expect(await json(["roles", "set", "noc", "--may", "devices:read", "--second-factor", "yes"])).toMatchObject({
      permissions: ["devices:read"],
      secondFactor: true,
    });
    expect(await run(["roles", "set", "noc", "--may", "devices:fly"])).toMatchObject({ code: 4 });
    expect((await run(["roles", "list"])).out).toMatch(/^noc +0 +needed +devices:read$/m);
    expect(await run(["roles", "remove", "noc", "--yes"])).toMatchObject({ code: 0, out: "Removed the role noc.\n" });
    expect(await run(["roles", "remove", "noc", "--yes"])).toMatchObject({ code: 5 });
    expect(await run(["roles", "remove", "viewer", "--yes"])).toMatchObject({ code: 6 });
  });

  test("are disabled and enabled, tried first without doing it; the last administrator is not", async () => {
    expect((await run(["users", "disable", "grace", "--dry-run"])).out).toBe("Would disable grace (viewer@site=lyon).\n");
    expect(await json(["users", "show", "grace"])).toMatchObject({ disabled: false });
    await run(["users", "disable", "grace"]);
    expect(await json(["users", "show", "grace"])).toMatchObject({ disabled: true });
    expect(await run(["users", "enable", "grace"])).toMatchObject({ code: 0 });
    expect(await run(["users", "disable", "ada"])).toMatchObject({ code: 6, err: expect.stringContaining("last administrator") });
  });

  test("get roles and lose them, here or everywhere", async () => {
    await run(["users", "grant", "grace", "approver", "viewer@site=lyon"]);
    expect(await json(["users", "show", "grace"])).toMatchObject({
      grants: [{ role: "approver" }, { role: "viewer", selector: "site=lyon" }],
    });
    expect((await run(["users", "ungrant", "grace", "approver", "--dry-run"])).out).toBe(
      "grace would have: viewer@site=lyon (now: approver, viewer@site=lyon).\n",
    );
    await run(["users", "ungrant", "grace", "approver"]);
    expect(await json(["users", "show", "grace"])).toMatchObject({ grants: [{ role: "viewer", selector: "site=lyon" }] });
    expect(await run(["users", "ungrant", "grace", "operator"])).toMatchObject({
      code: 5,
      err: expect.stringContaining("does not have operator, but viewer@site=lyon"),
    });
    expect(await run(["users", "grant", "grace", "nobody-knows"])).toMatchObject({ code: 4 });
  });

  test("have API keys, which whoever looks after users sees and ends", async () => {
    await run(["login", "--url", url, "--password"], { as: "grace", stdin: `grace\n${password}\n` });
    const made = JSON.parse((await run(["keys", "create", "laptop", "-o", "json"], { as: "grace" })).out) as { id: string };
    expect(await json(["keys", "list", "--of", "grace"])).toMatchObject([{ id: made.id, name: "laptop" }]);
    expect(await run(["keys", "revoke", made.id])).toMatchObject({ code: 5 });
    expect(await run(["keys", "revoke", made.id, "--of", "grace"])).toMatchObject({ code: 0 });
    expect(await json(["keys", "list", "--of", "grace"])).toEqual([]);
  });

  test("get new passwords, one or all, never by mistake", async () => {
    expect((await run(["users", "force-reset", "--all", "--dry-run"])).out).toBe("Would end the passwords and the sessions of 1: grace.\n");
    expect(await run(["users", "force-reset", "grace"])).toMatchObject({ code: 4 });
    expect(await run(["users", "force-reset"])).toMatchObject({ code: 4 });
    const { out } = await run(["users", "force-reset", "grace", "--yes"]);
    const token = /reset#token=([\w-]+)/.exec(out)?.[1] ?? "";
    await expect(holdfast.identity.signIn({ name: "grace", password }, {})).rejects.toMatchObject({ code: "identity_sign_in_refused" });
    await holdfast.identity.redeemReset({ token, password }, {});
  });

  test("are only touched by who proved not long ago who they are; the command asks, and goes on", async () => {
    await database.pool.query("update identity.session set stepped_up_at = stepped_up_at - interval '11 minutes'");
    await holdfast.identity.requestReset("nobody", {}); // any act has the process forget what it remembers of sessions
    expect(await run(["users", "enable", "grace"], { stdin: "wrong\n" })).toMatchObject({
      code: 3,
      err: expect.stringContaining("does not prove"),
    });
    expect(await run(["users", "enable", "grace"], { stdin: `${password}\n` })).toMatchObject({ code: 0 });
    expect(await run(["users", "enable", "grace"])).toMatchObject({ code: 0 });
  });

  test("are looked over: who may do what, who was not here", async () => {
    expect((await run(["users", "grants"])).out).toMatch(/grace +viewer +site=lyon +none/);
    expect(await json(["users", "inactive", "--days", "1"])).toEqual([]);
  });

  test("sign in with their second factor, and get rid of it by an administrator", async () => {
    const { token } = opened(await holdfast.identity.signIn({ name: "grace", password }, {}));
    const caller = await holdfast.identity.authenticate({ headers: {}, cookies: { [sessionCookie]: token } });
    if (!caller) throw new Error("grace is not signed in");
    const { secret } = await holdfast.identity.beginOwnTotp(caller);
    const nowS = Math.floor(Date.now() / 1000);
    const { backupCodes } = await holdfast.identity.confirmOwnTotp(caller, generateSync({ secret, epoch: nowS - 30 }));
    const login = (shown: string) => run(["login", "--url", url, "--password"], { as: "grace", stdin: `grace\n${password}\n${shown}\n` });
    expect(await login("000000")).toMatchObject({ code: 2 });
    expect(await login(backupCodes?.[0] ?? "")).toMatchObject({ code: 0, err: expect.stringContaining("as grace") });
    expect((await run(["factors", "show"], { as: "grace" })).out).toMatch(/backup codes +9 of 10 left/);
    expect(await run(["factors", "reset", "grace", "--reason", "phone lost", "--dry-run"])).toMatchObject({ code: 0 });
    expect(await run(["factors", "reset", "grace", "--reason", "phone lost", "--yes"])).toMatchObject({ code: 0 });
    expect(opened(await holdfast.identity.signIn({ name: "grace", password }, {})).me.must).toEqual(["second-factor"]);
  });
});
