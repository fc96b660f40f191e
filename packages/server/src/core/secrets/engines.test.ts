/** What a secret is, whichever engine keeps its values: the same tests for all of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecretValue } from "@holdfast/contract";
import { createAudit, type Audit } from "#core/audit";
import { inTransaction } from "#platform/db";
import { testDatabase, type TestDatabase } from "#test/database";
import { untilSomebodyWaits } from "#test/locks";
import { vaultScene, type VaultScene } from "#test/vault";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSecrets, createVault, type Secrets } from "./index.ts";

let database: TestDatabase;
let audit: Audit;
let directory: string;
let scene: VaultScene;
let secrets: Secrets;

const ada = { actor: "user:ada", requestId: "req_1" };
const look = { ...ada, purpose: "look" };
const value: SecretValue = { kind: "password", username: "admin", password: "hunter2" };
const actions = async (count: number) => (await audit.list({ limit: count })).items.map(({ action }) => action).reverse();

beforeAll(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-engines-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

describe.each(["builtin", "vault"] as const)("with the engine %s, a named secret", (engine) => {
  beforeEach(async () => {
    await database.pool.query("delete from secrets.secret; delete from secrets.lease; delete from secrets.key");
    scene = await vaultScene();
    const { clock, log, settings } = scene;
    audit = createAudit({ db: database.db, clock });
    const file = join(mkdtempSync(join(directory, "ring-")), "keys.json");
    const vault = engine === "vault" ? createVault({ settings, log, clock }) : undefined;
    secrets = await createSecrets({ db: database.db, audit, keys: { file }, log, clock, engine, vault });
    return async () => {
      await secrets.stop();
      await scene.server.close();
    };
  });

  test.each<SecretValue>([
    value,
    { kind: "password", username: "admin", password: "a", enablePassword: "b" },
    { kind: "ssh_key", username: "root", privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", passphrase: "p" },
    { kind: "git_https", username: "bot", token: "t0k3n" },
    { kind: "git_ssh", privateKey: "-----BEGIN KEY-----", knownHosts: "git.example.net ssh-ed25519 AAAA" },
  ])("comes back as it was put in: $kind", async (one) => {
    const made = await secrets.create({ name: "lyon/admin", value: one }, ada);
    expect(made).toMatchObject({ name: "lyon/admin", kind: one.kind, version: 1, versions: 1, engine });
    expect(await secrets.reveal("lyon/admin", { actor: "system:devices", purpose: "sign in to r1" })).toEqual(one);
  });

  test("is nowhere in the database or the log in the clear", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    await secrets.replace({ id, etag, value: { ...value, password: "hunter2-again" } }, ada);
    await secrets.lease({ secret: "one", ttlMs: 60_000 }, look);
    const dump = await Promise.all(
      ["secrets.secret", "secrets.version", "secrets.lease", "audit.entry"].map(async (table) => {
        const { rows } = await database.pool.query(`select string_agg(t::text, '') as text from ${table} t`);
        return String(rows[0]?.text);
      }),
    );
    expect([...dump, ...scene.lines].join("\n")).not.toMatch(new RegExp(`hunter2|${Buffer.from("hunter2").toString("hex")}`));
  });

  test("has a name of its own", async () => {
    await secrets.create({ name: "one", value }, ada);
    await expect(secrets.create({ name: "one", value }, ada)).rejects.toMatchObject({ code: "secrets_name_taken" });
  });

  test("tells of each version who made it and when, and never a value", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    scene.held.advance(60_000);
    await secrets.replace({ id, etag, value: { ...value, password: "second" } }, { actor: "user:grace" });
    const versions = await secrets.versions(id);
    expect(versions).toMatchObject([
      { version: 2, engine, current: true, createdBy: "user:grace", createdAt: "2026-01-05T08:01:00.000Z" },
      { version: 1, engine, current: false, createdBy: "user:ada", createdAt: "2026-01-05T08:00:00.000Z" },
    ]);
    expect(versions[0]?.key !== undefined).toBe(engine === "builtin");
    expect(JSON.stringify(versions)).not.toContain("second");
    expect(await secrets.reveal("one", { ...look, version: 1 })).toEqual(value);
    await expect(secrets.reveal("one", { ...look, version: 3 })).rejects.toMatchObject({ code: "secrets_version_missing" });
    expect(await secrets.show(id)).toMatchObject({ version: 2, versions: 2 });
  });

  test("gets new versions, of which the newest ten are kept", async () => {
    let summary = await secrets.create({ name: "one", value }, ada);
    for (let i = 2; i <= 12; i++) {
      const next: SecretValue = { kind: "ssh_key", username: "root", privateKey: `key ${i}` };
      summary = await secrets.replace({ id: summary.id, value: next, etag: summary.etag }, ada);
    }
    expect(summary).toMatchObject({ version: 12, versions: 10, kind: "ssh_key", username: "root" });
    expect(await secrets.reveal("one", look)).toMatchObject({ privateKey: "key 12" });
    expect(await secrets.reveal("one", { ...look, version: 3 })).toMatchObject({ privateKey: "key 3" });
    expect((await secrets.versions(summary.id)).map(({ version }) => version)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  });

  test("loses the value of a version that is destroyed, for good, and says so; the one in use stays", async () => {
    const first = await secrets.create({ name: "one", value }, ada);
    const { id, etag } = await secrets.replace({ id: first.id, value: { ...value, password: "second" }, etag: first.etag }, ada);
    await expect(secrets.destroy({ id, version: 2, etag }, ada)).rejects.toMatchObject({ code: "secrets_version_current" });
    await expect(secrets.destroy({ id, version: 9, etag }, ada)).rejects.toMatchObject({ code: "secrets_version_missing" });
    await expect(secrets.destroy({ id, version: 1, etag: first.etag }, ada)).rejects.toMatchObject({ status: 412 });
    const left = await secrets.destroy({ id, version: 1, etag }, ada);
    expect(left).toMatchObject([{ version: 2 }, { version: 1, destroyedAt: "2026-01-05T08:00:00.000Z" }]);
    await expect(secrets.reveal("one", { ...look, version: 1 })).rejects.toMatchObject({ code: "secrets_version_destroyed" });
    expect(await secrets.destroy({ id, version: 1, etag }, ada)).toEqual(left);
    expect(await secrets.reveal("one", look)).toMatchObject({ password: "second" });
    expect(await secrets.show(id)).toMatchObject({ versions: 1 });
    expect(await actions(2)).toEqual(["secrets.version.destroy", "secrets.secret.reveal"]);
  });

  test("is not replaced or removed by somebody who saw an older version", async () => {
    const seen = await secrets.create({ name: "one", value }, ada);
    await secrets.replace({ id: seen.id, value, etag: seen.etag }, ada);
    await expect(secrets.replace({ id: seen.id, value, etag: seen.etag }, ada)).rejects.toMatchObject({ status: 412 });
    await expect(secrets.remove({ id: seen.id, etag: seen.etag }, ada)).rejects.toMatchObject({ status: 412 });
    await expect(secrets.remove({ id: "sec_none", etag: seen.etag }, ada)).rejects.toMatchObject({ code: "secrets_secret_missing" });
    await expect(secrets.show("sec_none")).rejects.toMatchObject({ code: "secrets_secret_missing" });
  });

  test("of several people who replace it at once, one wins and the others are told", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => secrets.replace({ id, value, etag }, ada)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is not removed while something uses it; once removed it is gone, and its name is free", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const users = ["device r1", "device r2"];
    secrets.addUse((_tx, name) => Promise.resolve(name === "one" ? users : []));
    await expect(secrets.remove({ id, etag }, ada)).rejects.toThrow(
      `The secret "one" is used by device r1, device r2; give them another one first.`,
    );
    users.length = 0;
    await secrets.remove({ id, etag }, ada);
    await expect(secrets.reveal("one", look)).rejects.toMatchObject({ code: "secrets_secret_missing" });
    expect(await secrets.create({ name: "one", value }, ada)).toMatchObject({ version: 1 });
  });

  test("cannot vanish between the look of whoever stores a reference and its commit", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const references: string[] = [];
    secrets.addUse(() => Promise.resolve(references));
    const held = Promise.withResolvers<void>();
    const removal = held.promise.then(() => secrets.remove({ id, etag }, ada));
    removal.catch(() => undefined);
    await inTransaction(database.db, async (tx) => {
      await secrets.mustExist(tx, "one");
      held.resolve();
      await untilSomebodyWaits(database.owner);
      references.push("device r1");
    });
    await expect(removal).rejects.toMatchObject({ code: "secrets_secret_in_use" });
    await expect(inTransaction(database.db, (tx) => secrets.mustExist(tx, "none"))).rejects.toMatchObject({
      code: "secrets_secret_missing",
    });
  });

  test("keeps a version that something still uses: it is neither destroyed nor pushed out by newer ones", async () => {
    const { id } = await secrets.create({ name: "one", value }, ada);
    const using = new Set([1]);
    secrets.addVersionUse((_tx, name, version) => Promise.resolve(name === "one" && using.has(version) ? ["device r1"] : []));
    const add = (after: number) => inTransaction(database.db, (tx) => secrets.addVersion(tx, { name: "one", after, value }, ada));
    for (let after = 1; after <= 9; after++) expect(await add(after)).toBe(after + 1);
    await expect(add(1)).rejects.toMatchObject({ status: 412 });
    const refused = 'Version 1 of "one" still signs in to device r1; rotate them to the newest one first.';
    await expect(add(10)).rejects.toThrow(refused);
    await expect(secrets.destroy({ id, version: 1, etag: "v10" }, ada)).rejects.toThrow(refused);
    expect(await secrets.reveal("one", { ...look, version: 1 })).toEqual(value);
    using.clear();
    expect(await add(10)).toBe(11);
    expect((await secrets.versions(id)).map(({ version }) => version)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  test("says when it is due to be replaced", async () => {
    const expiresAt = "2026-06-01T00:00:00.000Z";
    const { id, etag } = await secrets.create({ name: "one", value, expiresAt }, ada);
    expect((await secrets.list({})).items).toMatchObject([{ name: "one", expiresAt, engine, versions: 1 }]);
    expect(await secrets.replace({ id, etag, value }, ada)).not.toHaveProperty("expiresAt");
  });

  test("pages by name", async () => {
    for (const name of ["c", "a", "b"]) await secrets.create({ name, value }, ada);
    const first = await secrets.list({ limit: 2 });
    expect(first.items.map(({ name }) => name)).toEqual(["a", "b"]);
    expect((await secrets.list({ cursor: first.next, limit: 2 })).items.map(({ name }) => name)).toEqual(["c"]);
  });

  test("leaves an entry for every change, and for every look by a person", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const after = await secrets.replace({ id, value, etag }, ada);
    await secrets.reveal("one", look);
    await secrets.reveal("one", look);
    await secrets.remove({ id, etag: after.etag }, ada);
    expect(await actions(5)).toEqual([
      "secrets.secret.create",
      "secrets.secret.replace",
      "secrets.secret.reveal",
      "secrets.secret.reveal",
      "secrets.secret.remove",
    ]);
  });

  describe("that is leased", () => {
    const lent = { secret: "one", ttlMs: 60_000, longestMs: 150_000 };
    beforeEach(() => secrets.create({ name: "one", value }, ada).then(() => undefined));

    test("can be had through the lease until it ends", async () => {
      const { lease, value: given } = await secrets.lease(lent, look);
      expect(given).toEqual(value);
      expect(lease).toMatchObject({ secret: "one", version: 1, engine, state: "active", holder: "user:ada", purpose: "look" });
      expect(await secrets.openLease(lease.id, look)).toEqual(value);
      scene.held.advance(60_000);
      await expect(secrets.openLease(lease.id, look)).rejects.toMatchObject({ code: "secrets_lease_ended" });
      expect((await secrets.leases({})).items).toMatchObject([{ id: lease.id, state: "expired" }]);
    });

    test("stays the version that was handed out", async () => {
      const { lease } = await secrets.lease(lent, look);
      const { id, etag } = (await secrets.list({})).items[0]!;
      await secrets.replace({ id, etag, value: { ...value, password: "second" } }, ada);
      expect(await secrets.openLease(lease.id, look)).toEqual(value);
    });

    test("lasts longer by renewals, up to its limit", async () => {
      const { lease } = await secrets.lease(lent, look);
      for (const [afterMs, endsAt] of [
        [40_000, 100_000],
        [40_000, 140_000],
        [40_000, 150_000],
      ] as const) {
        scene.held.advance(afterMs);
        const renewed = await secrets.renewLease(lease.id, ada);
        expect(Date.parse(renewed.expiresAt) - Date.parse(renewed.issuedAt)).toBe(endsAt);
      }
      scene.held.advance(30_000);
      await expect(secrets.renewLease(lease.id, ada)).rejects.toMatchObject({ code: "secrets_lease_ended" });
    });

    test("ends when it is revoked, and when its secret is removed", async () => {
      const [first, second] = [await secrets.lease(lent, look), await secrets.lease(lent, look)];
      await secrets.revokeLease(first.lease.id, ada);
      await expect(secrets.openLease(first.lease.id, look)).rejects.toThrow("was revoked");
      await expect(secrets.revokeLease(first.lease.id, ada)).rejects.toMatchObject({ code: "secrets_lease_ended" });
      const { id, etag } = (await secrets.list({})).items[0]!;
      await secrets.remove({ id, etag }, ada);
      await expect(secrets.openLease(second.lease.id, look)).rejects.toMatchObject({ code: "secrets_lease_ended" });
      expect((await secrets.status()).activeLeases).toBe(0);
    });

    test("is on record from its beginning to its end, and forgotten a month later", async () => {
      const { lease } = await secrets.lease(lent, look);
      await secrets.renewLease(lease.id, ada);
      await secrets.revokeLease(lease.id, ada);
      expect(await actions(4)).toEqual(["secrets.secret.reveal", "secrets.lease.take", "secrets.lease.renew", "secrets.lease.revoke"]);
      expect(await secrets.sweep()).toBe(0);
      scene.held.advance(31 * 86_400_000);
      expect(await secrets.sweep()).toBe(1);
      await expect(secrets.revokeLease(lease.id, ada)).rejects.toMatchObject({ code: "secrets_lease_missing" });
    });

    test("pages those that end last first", async () => {
      for (const ttlMs of [30_000, 10_000, 20_000, 10_000]) await secrets.lease({ secret: "one", ttlMs }, look);
      const first = await secrets.leases({ limit: 3 });
      const rest = await secrets.leases({ limit: 3, cursor: first.next });
      const ends = [...first.items, ...rest.items].map((lease) => Date.parse(lease.expiresAt) - Date.parse(lease.issuedAt));
      expect(ends).toEqual([30_000, 20_000, 10_000, 10_000]);
      expect(rest.next).toBeUndefined();
    });
  });
});
