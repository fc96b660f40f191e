/** What only Vault does: references, dynamic credentials, versions that others store, key/value version 1, the two engines side by side. */
import { createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecretValue } from "@holdfast/contract";
import { createAudit, type Audit } from "#core/audit";
import { inTransaction } from "#platform/db";
import type { VaultSettings } from "#platform/settings-secrets";
import { testDatabase, type TestDatabase } from "#test/database";
import { holdfastPolicy, vaultScene, type VaultScene } from "#test/vault";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createSecrets, createVault, createVaultSsh, type Secrets } from "./index.ts";

let database: TestDatabase;
let audit: Audit;
let directory: string;
let scene: VaultScene;
let secrets: Secrets;
const minute = 60_000;
const ada = { actor: "user:ada" };
const devices = { actor: "system:devices", purpose: "sign in to devices" };
const value: SecretValue = { kind: "password", username: "admin", password: "hunter2" };
const actions = async (count: number) => (await audit.list({ limit: count })).items.map(({ action }) => action).reverse();

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-vault-secrets-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  await database.pool.query("delete from secrets.secret; delete from secrets.lease; delete from secrets.key");
  scene = await vaultScene({ databaseTtlS: 3600, databaseMaxTtlS: 7200 });
  audit = createAudit({ db: database.db, clock: scene.clock });
  secrets = await open();
});
afterEach(async () => {
  await secrets.stop();
  await scene.server.close();
});

const file = () => join(directory, `${scene.server.rootToken}.json`);
function open(engine: "builtin" | "vault" = "vault", settings: Partial<VaultSettings> = {}): Promise<Secrets> {
  const { clock, log } = scene;
  const vault = createVault({ settings: { ...scene.settings, ...settings }, log, clock });
  return createSecrets({ db: database.db, audit, keys: { file: file() }, log, clock, engine, vault });
}
const putBy = (path: string, data: Record<string, string>) => scene.server.operate("POST", path, { data });

describe("a reference", () => {
  const reference = "vault:kv/network/r1#password";

  test("is read in Vault at each use", async () => {
    await putBy("kv/data/network/r1", { username: "netops", password: "first" });
    expect(await secrets.reveal(reference, devices)).toEqual({ kind: "password", username: "netops", password: "first" });
    await putBy("kv/data/network/r1", { username: "netops", password: "second" });
    expect(await secrets.reveal(reference, devices)).toMatchObject({ password: "second" });
    expect(await secrets.reveal("vault:kv/network/r1?version=1", devices)).toMatchObject({ password: "first" });
  });

  test("is on record as a named secret is", async () => {
    await putBy("kv/data/network/r1", { username: "netops", password: "first" });
    await secrets.reveal(reference, devices);
    await secrets.reveal(reference, devices);
    expect((await audit.list({ limit: 1 })).items[0]).toMatchObject({ action: "secrets.secret.reveal", subject: `secret:${reference}` });
    expect(await actions(2)).not.toEqual(["secrets.secret.reveal", "secrets.secret.reveal"]);
  });

  test("may be stored by a module without asking Vault, if the operator's list allows what it names", async () => {
    scene.server.condition = "sealed";
    await inTransaction(database.db, (tx) => secrets.mustExist(tx, reference));
    for (const strange of ["vault:kv/other/r1", "vault:sys/raw/core", "vault:nonsense"])
      await expect(inTransaction(database.db, (tx) => secrets.mustExist(tx, strange))).rejects.toMatchObject({ kind: "invalid" });
    scene.server.condition = "active";
    await expect(secrets.reveal("vault:kv/other/r1", devices)).rejects.toMatchObject({ code: "secrets_reference_refused" });
  });

  test("to nothing, or to fields that make no credential, says so", async () => {
    await putBy("kv/data/network/r1", { note: "hunter2" });
    await expect(secrets.reveal(reference, devices)).rejects.toThrow("vault:kv/network/r1#password has no field password");
    await expect(secrets.reveal("vault:kv/network/r9", devices)).rejects.toMatchObject({ code: "secrets_reference_missing" });
  });

  test("needs a Vault in the settings, whatever the engine", async () => {
    const alone = await createSecrets({ db: database.db, audit, keys: { file: file() }, log: scene.log });
    await expect(alone.reveal(reference, devices)).rejects.toMatchObject({ code: "secrets_vault_unset" });
    const beside = await open("builtin");
    await putBy("kv/data/network/r1", { username: "netops", password: "first" });
    expect(await beside.reveal(reference, devices)).toMatchObject({ password: "first" });
    await beside.stop();
  });
});

describe("a dynamic credential", () => {
  const reference = "vault:database/creds/reader";
  const users = () => [...scene.server.databaseUsers];

  test("is taken once for this process, and works as long as the process needs it", async () => {
    const values = await Promise.all(Array.from({ length: 10 }, () => secrets.reveal(reference, devices)));
    expect(users()).toHaveLength(1);
    expect(new Set(values.map((one) => "username" in one && one.username))).toEqual(new Set(users()));
    scene.held.advance(41 * minute); // past two thirds of an hour
    await vi.waitFor(async () =>
      expect((await secrets.leases({})).items).toMatchObject([{ state: "active", renewedAt: expect.any(String) }]),
    );
    expect((await secrets.leases({})).items[0]?.expiresAt).toBe("2026-01-05T09:41:00.000Z");
    expect(await secrets.reveal(reference, devices)).toEqual(values[0]);
  });

  test("is replaced near its longest life, while the old one still works", async () => {
    const first = await secrets.reveal(reference, devices);
    for (const advance of [41, 41]) {
      scene.held.advance(advance * minute);
      const due = new Date(scene.held.now()).toISOString();
      await vi.waitFor(async () => expect((await secrets.leases({})).items[0]?.renewedAt).toBe(due));
    }
    scene.held.advance(26 * minute); // 108 of 120 minutes: what is left is less than half a life
    const due = new Date(scene.held.now()).toISOString();
    await vi.waitFor(async () => expect((await secrets.leases({})).items.map((lease) => lease.renewedAt)).toContain(due));
    await vi.waitFor(async () => expect(await secrets.reveal(reference, devices)).not.toEqual(first));
    expect(users()).toHaveLength(2);
  });

  test("ends with the process", async () => {
    await secrets.reveal(reference, devices);
    await secrets.stop();
    expect(users()).toEqual([]);
    expect(await actions(1)).toEqual(["secrets.lease.revoke"]);
    secrets = await open();
  });

  test("that somebody revokes stops working, and the next use takes another", async () => {
    const first = await secrets.reveal(reference, devices);
    const [lease] = (await secrets.leases({})).items;
    await secrets.revokeLease(lease?.id ?? "", ada);
    expect(users()).toEqual([]);
    expect(await secrets.reveal(reference, devices)).not.toEqual(first);
    expect(users()).toHaveLength(1);
  });

  test("is not used after the token that it was taken with has gone", async () => {
    const first = await secrets.reveal(reference, devices);
    for (const { id, policies } of scene.server.lives.tokens.values()) if (!policies.includes("root")) scene.server.lives.revokeToken(id);
    expect(users()).toEqual([]);
    await expect(secrets.reveal("vault:kv/network/none", devices)).rejects.toMatchObject({ code: "secrets_reference_missing" }); // signs in anew
    expect(await secrets.reveal(reference, devices)).not.toEqual(first);
  });

  test("can be leased by itself; elsewhere than here its value cannot be had", async () => {
    const { lease, value: mine } = await secrets.lease({ secret: reference, ttlMs: minute }, { ...ada, purpose: "look" });
    expect(lease).toMatchObject({ engine: "vault", state: "active", expiresAt: "2026-01-05T09:00:00.000Z" });
    expect(await secrets.openLease(lease.id, { ...ada, purpose: "look" })).toEqual(mine);
    const other = await open();
    await expect(other.openLease(lease.id, { ...ada, purpose: "look" })).rejects.toMatchObject({ code: "secrets_lease_elsewhere" });
    await other.revokeLease(lease.id, ada);
    expect(users()).toEqual([]);
    await other.stop();
  });
});

describe("a named secret in Vault", () => {
  test("that somebody replaces there is read as it is there, and on record as found", async () => {
    const { id } = await secrets.create({ name: "one", value }, ada);
    await putBy("kv/data/holdfast/one", { kind: "ssh_key", username: "root", private_key: "k" });
    expect(await secrets.reveal("one", devices)).toEqual({ kind: "ssh_key", username: "root", privateKey: "k" });
    expect(await secrets.show(id)).toMatchObject({ version: 2, kind: "ssh_key", username: "root" });
    expect(await actions(1)).toEqual(["secrets.version.find"]);
    const { etag } = await secrets.show(id);
    expect(await secrets.replace({ id, etag, value }, ada)).toMatchObject({ version: 3 });
    expect(await secrets.reveal("one", devices)).toEqual(value);
  });

  test("that somebody replaces there meanwhile is not written over", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    await putBy("kv/data/holdfast/one", { username: "root", password: "theirs" });
    await expect(secrets.replace({ id, etag, value }, ada)).rejects.toMatchObject({ code: "secrets_vault_conflict" });
    expect(await secrets.show(id)).toMatchObject({ version: 1 });
  });

  test("is not made over one that is there already", async () => {
    await putBy("kv/data/holdfast/one", { username: "root", password: "theirs" });
    await expect(secrets.create({ name: "one", value }, ada)).rejects.toThrow("refer to it as vault:kv/holdfast/one");
    expect((await secrets.list({})).items).toEqual([]);
  });

  test("whose name would be another path is refused", async () => {
    for (const name of ["a/../../sys", "a//b", "a."])
      await expect(secrets.create({ name, value }, ada)).rejects.toMatchObject({ code: "secrets_vault_path" });
  });

  test("that is not there because Vault is sealed is not made, and nothing is left of it", async () => {
    scene.server.condition = "sealed";
    await expect(secrets.create({ name: "one", value }, ada)).rejects.toMatchObject({ code: "secrets_vault_sealed" });
    expect(await secrets.status()).toMatchObject({ engine: "vault", vault: { state: "sealed", signIn: "approle" } });
    scene.server.condition = "active";
    expect((await secrets.list({})).items).toEqual([]);
    await secrets.create({ name: "one", value }, ada);
    expect((await secrets.status()).vault).toMatchObject({ state: "active", tokenExpiresAt: "2026-01-05T09:00:00.000Z" });
  });

  test("stays where it is when the settings name another place for new ones", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const moved = await open("vault", { keepAt: "secret/elsewhere" });
    const after = await moved.replace({ id, etag, value: { ...value, password: "second" } }, ada);
    expect(after).toMatchObject({ version: 2, versions: 2 });
    expect(await moved.reveal("one", { ...devices, version: 1 })).toEqual(value);
    expect(await secrets.reveal("one", devices)).toMatchObject({ password: "second" });
    await moved.create({ name: "two", value }, ada);
    expect(await scene.server.operate("GET", "secret/elsewhere/two")).toMatchObject({ data: { username: "admin" } });
    await moved.stop();
  });

  test("in key/value version 1 has one value, and its older versions are said to be destroyed", async () => {
    const plain = await open("vault", { keepAt: "secret/holdfast" });
    const { id, etag } = await plain.create({ name: "one", value }, ada);
    await plain.replace({ id, etag, value: { ...value, password: "second" } }, ada);
    expect(await plain.versions(id)).toMatchObject([{ version: 2 }, { version: 1, destroyedAt: expect.any(String) }]);
    expect(await plain.reveal("one", devices)).toMatchObject({ password: "second" });
    await expect(plain.reveal("one", { ...devices, version: 1 })).rejects.toMatchObject({ code: "secrets_version_destroyed" });
    const seen = await plain.show(id);
    await plain.remove({ id, etag: seen.etag }, ada);
    await expect(scene.server.operate("GET", "secret/holdfast/one")).rejects.toThrow("404");
    await plain.stop();
  });
});

describe("a sign-in by SSH certificate", () => {
  const signer = () => createVaultSsh({ vault: secrets.vault!, db: database.db, audit, at: "ssh/device" });
  const wish = { principals: ["netops"], minutes: 5, forwarding: true };

  test("has a key of its own, a certificate from Vault that ends in minutes, and an entry in the trail", async () => {
    const [first, second] = [await signer().signIn(wish, devices), await signer().signIn(wish, devices)];
    expect(first.privateKey).not.toBe(second.privateKey);
    expect(first.validBeforeMs).toBe(scene.held.now() + 5 * minute);
    const { x = "" } = createPublicKey(first.privateKey).export({ format: "jwk" });
    const bytes = Buffer.from(first.certificate.split(" ")[1] ?? "", "base64");
    for (const part of [Buffer.from(x, "base64url"), "netops", "permit-port-forwarding", "permit-pty"])
      expect(bytes.includes(part)).toBe(true);
    expect((await audit.list({ limit: 1 })).items[0]).toMatchObject({
      action: "secrets.vault.ssh_sign",
      subject: "ssh_certificate:0000000000000002",
      after: { principals: ["netops"], signedBy: "vault:ssh/device" },
    });
  });

  test("does not happen while Vault is sealed", async () => {
    scene.server.condition = "sealed";
    await expect(signer().signIn(wish, devices)).rejects.toMatchObject({ code: "secrets_vault_sealed" });
  });
});

test("what the other engine kept stays readable when the settings change, and new versions go where they say", async () => {
  const { id, etag } = await secrets.create({ name: "one", value }, ada);
  const builtin = await open("builtin");
  expect(await builtin.reveal("one", devices)).toEqual(value);
  const after = await builtin.replace({ id, etag, value: { ...value, password: "second" } }, ada);
  expect(after).toMatchObject({ engine: "builtin", version: 2, versions: 2 });
  expect(await secrets.reveal("one", devices)).toMatchObject({ password: "second" });
  expect(await secrets.reveal("one", { ...devices, version: 1 })).toEqual(value);
  const back = await secrets.replace({ id, etag: after.etag, value: { ...value, password: "third" } }, ada);
  expect((await secrets.versions(id)).map(({ engine, version }) => [version, engine])).toEqual([
    [3, "vault"],
    [2, "builtin"],
    [1, "vault"],
  ]);
  await secrets.remove({ id, etag: back.etag }, ada);
  await expect(scene.server.operate("GET", "kv/metadata/holdfast/one")).rejects.toThrow("404");
  await builtin.stop();
});

test("all of this was done with the policy that the documents give, and no more", () => {
  const document = readFileSync(new URL("../../../../../docs/operate/secrets.md", import.meta.url), "utf8");
  const rules = [...document.matchAll(/^path "([^"]+)" +\{ capabilities = (\[.*\]) \}$/gm)].map(([, path = "", list = ""]) => [
    path,
    JSON.parse(list),
  ]);
  expect(Object.fromEntries(rules)).toEqual(holdfastPolicy);
});
