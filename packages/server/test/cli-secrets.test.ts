import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { startVault, type SimulatedVault } from "#world/vault";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { runHoldfast, type Given, type Ran } from "./holdfast-program.ts";
import { holdfastPolicy } from "./vault.ts";

const password = "correct horse battery";
const root = { actor: "system:test", access: "unlimited" } as const;
const hidden = "hunter2-of-the-test";

let database: TestDatabase;
let vault: SimulatedVault;
let home: string;
let holdfast: Holdfast;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-secrets-"));
  vault = await startVault();
  vault.policies.set("holdfast", holdfastPolicy);
  const { roleId, secretId } = vault.appRole("holdfast", { policies: ["holdfast"], ttlS: 3600, maxTtlS: 86_400 });
  writeFileSync(join(home, "secret-id"), `${secretId}\n`, { mode: 0o600 });
  const settings = loadSettings({
    DATABASE_URL: database.url,
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: "0",
    HOLDFAST_SECRETS_ENGINE: "vault",
    HOLDFAST_VAULT_ADDR: vault.address,
    HOLDFAST_VAULT_ROLE: roleId,
    HOLDFAST_VAULT_SECRET_ID_FILE: join(home, "secret-id"),
    HOLDFAST_VAULT_REFERENCES: "kv/network,database/creds/",
    HOLDFAST_VAULT_TRANSIT_KEY: "transit/holdfast",
  });
  holdfast = await compose({ settings, log: silentLog });
  const url = (await holdfast.start()) ?? "";
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password }, root);
  await runHoldfast(home, ["login", "--url", url, "--password"], { stdin: `ada\n${password}\n` });
});
afterAll(async () => {
  await holdfast.stop();
  await vault.close();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);
const parsed = async (args: string[]): Promise<unknown> => JSON.parse((await run([...args, "-o", "json"])).out);

describe("holdfast secrets, with a server that keeps them in Vault", () => {
  test("set, show, versions: a value goes in by stdin and what is known of it comes out", async () => {
    const first = await run(["secrets", "set", "lab/ssh", "--username", "admin", "--due", "2031-01-31"], { stdin: `${hidden}\n` });
    expect(first).toMatchObject({ code: 0 });
    await run(["secrets", "set", "lab/ssh", "--username", "root"], { stdin: `${hidden}2\n` });
    expect(await parsed(["secrets", "show", "lab/ssh"])).toMatchObject({ engine: "vault", version: 2, versions: 2, username: "root" });
    expect(await parsed(["secrets", "versions", "lab/ssh"])).toMatchObject([
      { version: 2, current: true, createdBy: "user:ada" },
      { version: 1, current: false },
    ]);
    const table = await run(["secrets", "list"]);
    expect(table.out).toMatch(/^NAME +KIND +USERNAME +KEPT IN +VERSION +CHANGED +DUE\nlab\/ssh +password +root +vault +2 /);
    expect(JSON.stringify([first, table])).not.toContain("hunter2");
    expect(await run(["secrets", "show", "lab/none"])).toMatchObject({ code: 5 });
    expect(await run(["secrets", "set", "lab/x", "--username", "a", "--due", "soon"], { stdin: "x\n" })).toMatchObject({ code: 4 });
  });

  test("destroy: asks, tells on a dry run, and the version in use stays", async () => {
    expect(await run(["secrets", "destroy", "lab/ssh", "1"])).toMatchObject({ code: 4 });
    expect(await run(["secrets", "destroy", "lab/ssh", "1", "--dry-run"])).toMatchObject({
      code: 0,
      err: "Would ask, and then do it: Destroy version 1 of lab/ssh for good?\n",
    });
    expect(await parsed(["secrets", "versions", "lab/ssh"])).not.toMatchObject([{}, { destroyedAt: expect.any(String) }]);
    expect((await run(["secrets", "destroy", "lab/ssh", "1", "--yes"])).out).toMatch(/1 +vault +.* +destroyed/);
    expect(await run(["secrets", "destroy", "lab/ssh", "2", "--yes"])).toMatchObject({ code: 6 });
    expect(await run(["secrets", "destroy", "lab/ssh", "9", "--yes"])).toMatchObject({ code: 5 });
  });

  test("status: engine, key ring and Vault on a page", async () => {
    const { out } = await run(["secrets", "status"]);
    expect(out).toMatch(/^engine +vault$/m);
    expect(out).toMatch(/^key ring +file, protected by transit$/m);
    expect(out).toMatch(/^vault +http:\/\/127\.0\.0\.1:\d+, active, version 0\.0\.0-simulated$/m);
    expect(out).toMatch(/^token ends +20/m);
  });

  test("rotate-key: a new key, and all that was sealed under the old one follows", async () => {
    await holdfast.secrets.reseal();
    const before = (await parsed(["secrets", "status"])) as { keyRing: { activeKey: string } };
    expect(await run(["secrets", "rotate-key", "--dry-run"])).toMatchObject({ code: 0, out: "" });
    const after = await run(["secrets", "rotate-key", "--yes", "--wait", "-o", "json"]);
    const ring = JSON.parse(after.out) as { activeKey: string; stale: { rows: number }[] };
    expect(ring.activeKey).not.toBe(before.keyRing.activeKey);
    expect(ring.stale.every(({ rows }) => rows === 0)).toBe(true);
  });

  test("leases: list, renew, revoke", async () => {
    const by = { actor: "user:ada", purpose: "look at the lab" };
    const { lease } = await holdfast.secrets.lease({ secret: "vault:database/creds/reader", ttlMs: 60_000 }, by);
    expect((await run(["secrets", "leases"])).out).toContain(`${lease.id}  vault:database/creds/reader  active  user:ada`);
    expect(await parsed(["secrets", "leases", "renew", lease.id])).toMatchObject({ id: lease.id, renewedAt: expect.any(String) });
    expect(await run(["secrets", "leases", "revoke", lease.id, "--dry-run"])).toMatchObject({ code: 0 });
    expect(vault.databaseUsers.size).toBe(1);
    expect(await run(["secrets", "leases", "revoke", lease.id, "--yes"])).toMatchObject({ code: 0, err: `${lease.id} is ended.\n` });
    expect(vault.databaseUsers.size).toBe(0);
    expect(await run(["secrets", "leases", "revoke", lease.id, "--yes"])).toMatchObject({ code: 6 });
    expect(await run(["secrets", "leases", "renew", "lse_none"])).toMatchObject({ code: 5 });
  });

  test("a Vault that is sealed is said with exit code 8, and the server goes on", async () => {
    vault.condition = "sealed";
    const refused = await run(["secrets", "set", "lab/new", "--username", "a"], { stdin: "x\n" });
    expect(refused).toMatchObject({ code: 8, err: expect.stringContaining("Vault is sealed") });
    expect((await run(["secrets", "status"])).out).toMatch(/, sealed, version/);
    expect(await run(["secrets", "list"])).toMatchObject({ code: 0 });
    vault.condition = "active";
  });

  test("a device may name a secret in Vault by its place, if the operator's list has it", async () => {
    await vault.operate("POST", "kv/data/network/r1", { data: { username: "netops", password: hidden } });
    const csv = (name: string, credential: string) => `name,platform,address,port,credential\n${name},ios,192.0.2.1,22,${credential}\n`;
    const stdin = csv("r1", "vault:kv/network/r1#password");
    expect(await run(["devices", "import", "-", "--format", "csv"], { stdin })).toMatchObject({ code: 0 });
    expect((await run(["devices", "show", "r1", "-o", "yaml"])).out).toContain("credential: vault:kv/network/r1#password");
    const refused = await run(["devices", "import", "-", "--format", "csv"], { stdin: csv("r2", "vault:kv/finance/db#password") });
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining("References may not name kv/finance/db") });
    const by = { actor: "system:devices", purpose: "sign in to r1" };
    expect(await holdfast.secrets.reveal("vault:kv/network/r1#password", by)).toMatchObject({ username: "netops", password: hidden });
    await expect(holdfast.secrets.reveal("vault:kv/finance/db#password", by)).rejects.toMatchObject({ code: "secrets_reference_refused" });
  });

  test("devices, rotate-devices: a dry run makes nothing; then a version is made and a plan moves the chosen devices to it", async () => {
    await run(["secrets", "set", "lab/routers", "--username", "admin"], { stdin: `${hidden}\n` });
    const row = (name: string, platform: string): string => `${name},${platform},192.0.2.1,22,lab/routers`;
    const csv = ["name,platform,address,port,credential", row("c1", "ios"), row("c2", "ios"), row("c3", "frr")].join("\n");
    await run(["devices", "import", "-", "--format", "csv"], { stdin: csv });
    const dry = await run(["secrets", "rotate-devices", "lab/routers", "--dry-run"]);
    expect(dry.out).toMatch(/c1 +lab\/routers +1 +2 \(new\)/);
    expect(dry.err).toMatch(/^c3: the password of an account on an FRR host is changed there; .*\nDry run: nothing was made\.\n$/);
    expect(await parsed(["secrets", "show", "lab/routers"])).toMatchObject({ version: 1 });
    const made = await run(["secrets", "rotate-devices", "lab/routers", "-l", "name=c1", "--yes"]);
    expect(made.err).toMatch(/Roll it out, canary first: holdfast apply plan_/);
    expect(await parsed(["secrets", "show", "lab/routers"])).toMatchObject({ version: 2, engine: "vault" });
    const { out } = await run(["secrets", "devices", "lab/routers"]);
    expect(out.match(/c\d +lab\/routers +1 +behind/g)).toHaveLength(3);
    const asked = await run(["secrets", "rotate-devices", "lab/routers"], { stdin: "no\n" });
    expect([asked.code === 0, asked.err.includes("Nothing was done")]).toEqual([false, true]);
    for (const name of ["c1", "c2", "c3"]) await run(["devices", "remove", name, "--yes"]);
    await run(["secrets", "remove", "lab/routers", "--yes"]);
  });
});
