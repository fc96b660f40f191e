import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecretValue } from "@holdfast/contract";
import { Secret, type Clock } from "@holdfast/kit";
import { createAudit, type Audit } from "#core/audit";
import { inTransaction } from "#platform/db";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { untilSomebodyWaits } from "#test/locks";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSecrets, type Secrets } from "./index.ts";
import { lockKeyRing } from "./store.ts";

let database: TestDatabase;
let audit: Audit;
let directory: string;
let file: string;
let secrets: Secrets;
let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };

beforeAll(async () => {
  database = await testDatabase();
  audit = createAudit({ db: database.db, clock });
  directory = mkdtempSync(join(tmpdir(), "holdfast-secrets-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  file = join(mkdtempSync(join(directory, "ring-")), "key-ring.json");
  await database.pool.query("delete from secrets.secret; delete from secrets.key");
  secrets = await open();
});

const open = (keys: Parameters<typeof createSecrets>[0]["keys"] = { file }) =>
  createSecrets({ db: database.db, audit, keys, log: silentLog, clock });
const ada = { actor: "user:ada", requestId: "req_1" };
const value: SecretValue = { kind: "password", username: "admin", password: "hunter2" };
const actions = async (count: number) => (await audit.list({ limit: count })).items.map(({ action }) => action).reverse();
const place = { table: "public.kept", row: "1", column: "sealed", version: 0 };

describe("a named secret", () => {
  test("comes back as it was put in, and is nowhere in the database in the clear", async () => {
    const made = await secrets.create({ name: "lyon/admin", value }, ada);
    expect(made).toMatchObject({ name: "lyon/admin", kind: "password", username: "admin", version: 1 });
    expect(await secrets.reveal("lyon/admin", { actor: "system:devices", purpose: "sign in to r1" })).toEqual(value);
    const { rows } = await sql<{ text: string }>`
      select (select string_agg(v::text, '') from secrets.version v) || (select string_agg(e::text, '') from audit.entry e) as text`.execute(
      database.db,
    );
    expect(rows[0]?.text).not.toMatch(new RegExp(`hunter2|${Buffer.from("hunter2").toString("hex")}`));
  });

  test("has a name of its own", async () => {
    await secrets.create({ name: "one", value }, ada);
    await expect(secrets.create({ name: "one", value }, ada)).rejects.toMatchObject({ code: "secrets_name_taken" });
  });

  test("gets new versions, of which the newest ten are kept", async () => {
    let summary = await secrets.create({ name: "one", value }, ada);
    for (let i = 2; i <= 12; i++) {
      const next: SecretValue = { kind: "ssh_key", username: "root", privateKey: `key ${i}` };
      summary = await secrets.replace({ id: summary.id, value: next, etag: summary.etag }, ada);
    }
    expect(summary).toMatchObject({ version: 12, kind: "ssh_key", username: "root" });
    expect(await secrets.reveal("one", { ...ada, purpose: "look" })).toMatchObject({ privateKey: "key 12" });
    const { rows } = await database.pool.query("select version from secrets.version order by version");
    expect(rows.map((row) => row.version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("tells what happened to it to whoever may read secrets, without its value", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const { etag: newer } = await secrets.replace({ id, value, etag }, ada);
    await secrets.remove({ id, etag: newer }, ada);
    const { rows } = await database.pool.query("select type, payload from platform.event order by id desc limit 3");
    const payload = { name: "one" };
    expect(rows).toEqual(["removed", "replaced", "created"].map((what) => ({ type: `secrets.secret.${what}`, payload })));
  });

  test("is not replaced or removed by somebody who saw an older version", async () => {
    const seen = await secrets.create({ name: "one", value }, ada);
    await secrets.replace({ id: seen.id, value, etag: seen.etag }, ada);
    await expect(secrets.replace({ id: seen.id, value, etag: seen.etag }, ada)).rejects.toMatchObject({ status: 412 });
    await expect(secrets.remove({ id: seen.id, etag: seen.etag }, ada)).rejects.toMatchObject({ status: 412 });
    await expect(secrets.remove({ id: "sec_none", etag: seen.etag }, ada)).rejects.toMatchObject({ code: "secrets_secret_missing" });
  });

  test("of two people who replace it at once, one wins and one is told", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => secrets.replace({ id, value, etag }, ada)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is not removed while something uses it, and the refusal names what does", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const users = ["device r1", "device r2"];
    secrets.addUse((_tx, name) => Promise.resolve(name === "one" ? users : []));
    await expect(secrets.remove({ id, etag }, ada)).rejects.toThrow(
      `The secret "one" is used by device r1, device r2; give them another one first.`,
    );
    users.length = 0;
    await secrets.remove({ id, etag }, ada);
    await expect(secrets.reveal("one", { ...ada, purpose: "look" })).rejects.toMatchObject({ code: "secrets_secret_missing" });
  });

  test("cannot vanish between the look of whoever stores a reference and its commit", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const references: string[] = [];
    secrets.addUse(() => Promise.resolve(references));
    const held = Promise.withResolvers<void>();
    const removal = held.promise.then(() => secrets.remove({ id, etag }, ada));
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

  test("pages by name", async () => {
    for (const name of ["c", "a", "b"]) await secrets.create({ name, value }, ada);
    const first = await secrets.list({ limit: 2 });
    const second = await secrets.list({ limit: 2, cursor: first.next });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(second.next).toBeUndefined();
  });

  test("leaves an entry for every change, and for every look by a person", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const next = await secrets.replace({ id, value, etag }, ada);
    await secrets.reveal("one", { ...ada, purpose: "look" });
    await secrets.reveal("one", { ...ada, purpose: "look" });
    await secrets.remove({ id, etag: next.etag }, ada);
    const verbs = ["create", "replace", "reveal", "reveal", "remove"];
    expect(await actions(5)).toEqual(verbs.map((verb) => `secrets.secret.${verb}`));
  });

  test("that a part of the process needs every minute leaves one entry an hour for each purpose", async () => {
    await secrets.create({ name: "one", value }, ada);
    const before = (await audit.verify()).entries;
    for (let minute = 0; minute < 90; minute++, nowMs += 60_000)
      for (const device of ["r1", "r2"]) await secrets.reveal("one", { actor: "system:devices", purpose: `sign in to ${device}` });
    expect((await audit.verify()).entries - before).toBe(4);
  });

  test("moved to another secret's row does not open", async () => {
    await secrets.create({ name: "one", value }, ada);
    await secrets.create({ name: "two", value: { ...value, password: "other" } }, ada);
    await database.pool.query("update secrets.version v set sealed = o.sealed from secrets.version o where o.secret_id <> v.secret_id");
    for (const name of ["one", "two"])
      await expect(secrets.reveal(name, { ...ada, purpose: "look" })).rejects.toMatchObject({ code: "secrets_sealed_invalid" });
  });
});

describe("a rotation", () => {
  test("seals everything again in batches while readers and writers meet no error", async () => {
    const names = Array.from({ length: 250 }, (_, i) => `secret-${i}`);
    for (const name of names) await secrets.create({ name, value: { ...value, password: name } }, ada);
    const elsewhere = await open(); // another process on the same file, which is not told of the rotation
    let reads = 0;
    const over = new AbortController();
    const reading = [secrets, elsewhere].map(async (reader) => {
      while (!over.signal.aborted) {
        const name = names[reads++ % names.length] ?? "";
        expect(await reader.reveal(name, { actor: "system:devices", purpose: "read" })).toMatchObject({ password: name });
      }
    });
    const { activeKey, stale } = await secrets.rotate(ada);
    expect(stale).toEqual([{ table: "secrets.version", rows: 250 }]);
    const written = secrets.create({ name: "meanwhile", value }, ada);
    expect(await secrets.reseal()).toBe(250);
    await written;
    over.abort();
    await Promise.all(reading);
    expect(reads).toBeGreaterThan(20);
    expect(await secrets.rotation()).toMatchObject({ activeKey, stale: [{ table: "secrets.version", rows: 0 }] });
    expect(await secrets.reseal()).toBe(0);
  });

  test("takes the columns of other modules along", async () => {
    const kept = [secrets.seal(place, "first"), secrets.seal({ ...place, row: "2" }, "second")];
    const stale = (prefix: Buffer) => kept.map((_, i) => i).filter((i) => !kept[i]!.subarray(0, prefix.length).equals(prefix));
    secrets.addResealer({
      table: place.table,
      countStale: (prefix) => Promise.resolve(stale(prefix).length),
      nextBatch: (_tx, { activePrefix, reseal }) => {
        const batch = stale(activePrefix).slice(0, 1);
        for (const i of batch) kept[i] = reseal({ ...place, row: String(i + 1) }, kept[i]!);
        return Promise.resolve(batch.length);
      },
    });
    await secrets.rotate(ada);
    expect(await secrets.reseal()).toBe(2);
    expect(stale(secrets.activePrefix())).toEqual([]);
    expect(secrets.open(place, kept[0]!).toString()).toBe("first");
  });

  test("that was stopped half way goes on where it was", async () => {
    for (let i = 0; i < 150; i++) await secrets.create({ name: `s${i}`, value }, ada);
    await secrets.rotate(ada);
    let batches = 0;
    const killed = { throwIfAborted: () => expect(batches++, "killed").toBeLessThan(1) } as unknown as AbortSignal;
    await expect(secrets.reseal(killed)).rejects.toThrow("killed");
    const again = await open();
    expect(await again.reseal()).toBe(50);
  });

  test("by several processes at once loses no key", async () => {
    const others = await Promise.all([open(), open(), open()]);
    const sealed = await Promise.all(
      [secrets, ...others].map(async (one) => {
        await one.rotate(ada);
        return one.seal(place, "kept");
      }),
    );
    const fresh = await open();
    for (const one of sealed) expect(fresh.open(place, one).toString()).toBe("kept");
    expect((await fresh.rotation()).keys).toHaveLength(5);
  });

  test("waits while another process changes the ring", async () => {
    const before = readFileSync(file, "utf8");
    const rotating = await inTransaction(database.db, async (tx) => {
      await lockKeyRing(tx);
      const waiting = secrets.rotate(ada);
      await untilSomebodyWaits(database.owner);
      expect(readFileSync(file, "utf8")).toBe(before);
      return { waiting };
    });
    expect((await rotating.waiting).keys).toHaveLength(2);
  });

  test("of a ring from the settings is done there, and what is sealed follows", async () => {
    await database.pool.query("delete from secrets.key");
    const [a, b] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));
    const before = await open({ inline: new Secret(`a:${a}`) });
    await before.create({ name: "one", value }, ada);
    await expect(before.rotate(ada)).rejects.toMatchObject({ code: "secrets_key_ring_inline" });
    const after = await open({ inline: new Secret(`b:${b},a:${a}`) });
    expect(await after.reseal()).toBe(1);
    const alone = await open({ inline: new Secret(`b:${b}`) });
    expect(await alone.reveal("one", { ...ada, purpose: "look" })).toEqual(value);
  });
});

describe("a start", () => {
  test("makes a ring once and finds it again", async () => {
    const sealed = secrets.seal(place, "kept");
    expect((await open()).open(place, sealed).toString()).toBe("kept");
  });

  test("without the ring of this database is refused instead of making a new one", async () => {
    rmSync(file);
    await expect(open()).rejects.toThrow(`The key ring ${file} is missing`);
  });

  test("with the ring of another database is refused", async () => {
    await expect(open({ inline: new Secret(`x:${Buffer.alloc(32).toString("base64")}`) })).rejects.toThrow("has none of its keys");
    const { activeKey } = await secrets.rotation();
    await expect(open({ inline: new Secret(`${activeKey}:${Buffer.alloc(32).toString("base64")}`) })).rejects.toThrow(
      "has another key under the id",
    );
  });
});
