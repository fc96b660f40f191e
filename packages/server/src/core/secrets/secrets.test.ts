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
const place = { table: "public.kept", row: "1", column: "sealed", version: 0 };

describe("a named secret in the built-in engine", () => {
  test("tells what happened to it to whoever may read secrets, without its value", async () => {
    const { id, etag } = await secrets.create({ name: "one", value }, ada);
    const { etag: newer } = await secrets.replace({ id, value, etag }, ada);
    await secrets.remove({ id, etag: newer }, ada);
    const { rows } = await database.pool.query("select type, payload from platform.event order by id desc limit 3");
    const payload = { name: "one" };
    expect(rows).toEqual(["removed", "replaced", "created"].map((what) => ({ type: `secrets.secret.${what}`, payload })));
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
      await untilSomebodyWaits(database.pool);
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
