/** The program itself with tokens: let in by a code, renewed by itself, and the commands that look after sessions, keys and tokens. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { sessionCookie } from "#core/identity";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { startHoldfast, runHoldfast, type Given, type Ran } from "./holdfast-program.ts";

const password = "correct horse battery";
const root = { actor: "system:test", access: "unlimited" } as const;

let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let url: string;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-tokens-"));
  const settings = loadSettings({ DATABASE_URL: database.url, HOLDFAST_HOME: home, HOLDFAST_PORT: "0" });
  holdfast = await compose({ settings, log: silentLog });
  url = (await holdfast.start()) ?? "";
  for (const [name, role] of [
    ["ada", "admin"],
    ["bob", "viewer"],
  ] as const)
    await holdfast.identity.createUser({ name, grants: [{ role }], password }, root);
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const profileOf = (name: string) =>
  JSON.parse(readFileSync(join(home, `${name}.json`), "utf8")) as { url: string; tokens: Record<string, string | number> };
// eslint-disable-next-line typescript/no-unnecessary-type-parameters -- each test says what it expects
const json = <T>(ran: Ran): T => {
  expect(ran).toMatchObject({ code: 0 });
  return JSON.parse(ran.out) as T;
};

test("a code in the browser lets the program in, and its tokens renew themselves, whoever else runs", async () => {
  const { ran, err } = startHoldfast(home, ["login", "--url", url], { as: "ada" });
  await vi.waitUntil(() => /[A-Z]{4}-[A-Z]{4}/.test(err()), { timeout: 20_000 });
  const userCode = /[A-Z]{4}-[A-Z]{4}/.exec(err())?.[0] ?? "";
  const signedIn = await holdfast.identity.signIn({ name: "ada", password }, {});
  const cookie = "token" in signedIn ? signedIn.token : "";
  const console = createClient({ url, headers: { cookie: `${sessionCookie}=${cookie}` } });
  expect(await console.tokens.showDevice({ userCode })).toMatchObject({ address: "127.0.0.1" });
  await console.tokens.approveDevice({ userCode });
  expect(await ran).toMatchObject({ code: 0, err: expect.stringContaining("as ada (admin)") });

  const before = profileOf("ada");
  expect((await run(["whoami", "-o", "json"])).code).toBe(0);
  expect(profileOf("ada")).toEqual(before); // good for a while yet
  writeFileSync(join(home, "ada.json"), JSON.stringify({ ...before, tokens: { ...before.tokens, accessEndsAtMs: 0 } }), { mode: 0o600 });
  const codes = (await Promise.all(Array.from({ length: 5 }, () => run(["whoami"])))).map(({ code }) => code);
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  expect(profileOf("ada").tokens["refreshToken"]).not.toBe(before.tokens["refreshToken"]);
  expect((await holdfast.audit.list({ action: "identity.token.refresh" })).items).toHaveLength(1);
});

describe("an administrator", () => {
  beforeAll(async () => void (await run(["login", "--url", url, "--password"], { as: "root", stdin: `ada\n${password}\n` })));
  const as = "root";

  test("sees sessions and ends them, after a dry run that changes nothing", async () => {
    await run(["login", "--url", url, "--password"], { as: "bob", stdin: `bob\n${password}\n` });
    const listed = json<{ id: string; client: string; device: string }[]>(
      await run(["sessions", "list", "--user", "bob", "-o", "json"], { as }),
    );
    expect(listed).toMatchObject([{ client: "cli" }]);
    expect(await run(["sessions", "revoke", "--all", "--user", "bob", "--dry-run"], { as })).toMatchObject({
      code: 0,
      out: "Would end one session of bob.\n",
    });
    expect(await run(["whoami"], { as: "bob" })).toMatchObject({ code: 0 });
    expect(await run(["sessions", "revoke", "--all", "--user", "bob", "--yes"], { as })).toMatchObject({ code: 0 });
    expect(await run(["whoami"], { as: "bob" })).toMatchObject({ code: 2 });
    const mine = json<{ current: boolean }[]>(await run(["sessions", "list", "-o", "json"], { as }));
    expect(mine.filter(({ current }) => current)).toHaveLength(1);
  });

  test("makes a service account, whose secret and key work and end", async () => {
    const account = json<{ id: string }>(await run(["accounts", "create", "ci", "--role", "viewer", "-o", "json"], { as }));
    const secret = json<{ id: string; clientSecret: string }>(await run(["accounts", "rotate-secret", "ci", "-o", "json"], { as }));
    const token = async (): Promise<number> => {
      const form = { grant_type: "client_credentials", client_id: account.id, client_secret: secret.clientSecret };
      return (await fetch(`${url}/oauth/token`, { method: "POST", body: new URLSearchParams(form) })).status;
    };
    expect(await token()).toBe(200);
    expect(await run(["accounts", "revoke-secret", "ci", secret.id], { as })).toMatchObject({ code: 0 });
    expect(await token()).toBe(401);
    const made = await run(["keys", "create", "robot", "--of", "ci", "--scopes", "devices:read"], { as });
    const env = { HOLDFAST_URL: url, HOLDFAST_API_KEY: made.out.trim() };
    expect(await run(["whoami"], { env })).toMatchObject({ code: 0, out: expect.stringContaining("ci") });
    const [key] = json<{ id: string }[]>(await run(["keys", "list", "--of", "ci", "-o", "json"], { as }));
    expect(await run(["keys", "revoke", key?.id ?? "", "--of", "ci", "--dry-run"], { as })).toMatchObject({ code: 0 });
    expect(await run(["keys", "revoke", key?.id ?? "", "--of", "ci"], { as })).toMatchObject({ code: 0 });
    expect(await run(["whoami"], { env })).toMatchObject({ code: 2 });
  });

  test("rotates the key that signs, and stays signed in", async () => {
    expect(await run(["tokens", "rotate-key", "--dry-run"], { as })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Would make a new key/),
    });
    const keys = json<{ signs: boolean }[]>(await run(["tokens", "rotate-key", "--yes", "-o", "json"], { as }));
    expect(keys.map(({ signs }) => signs)).toEqual([true, false]);
    expect(await run(["whoami"], { as })).toMatchObject({ code: 0 });
  });

  test("ends everything of everybody, after counting it", async () => {
    const counted = json<{ sessions: number }>(await run(["tokens", "invalidate-all", "--dry-run", "-o", "json"], { as }));
    expect(counted.sessions).toBeGreaterThan(1);
    expect(await run(["tokens", "invalidate-all"], { as })).toMatchObject({ code: 4 }); // nobody said yes
    expect(await run(["tokens", "invalidate-all", "--yes", "--reason", "a drill"], { as })).toMatchObject({ code: 0 });
    for (const name of ["root", "ada"]) expect(await run(["whoami"], { as: name })).toMatchObject({ code: 2 });
  });
});
