import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { gunzipSync } from "node:zlib";
import { readCheckpoints, Secret, verifyTrail } from "@holdfast/kit";
import { createSecrets } from "#core/secrets";
import { inTransaction } from "#platform/db";
import { silentLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { tlsPair } from "#test/certificates";
import { testDatabase, type TestDatabase } from "#test/database";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAudit, createAuditKeeping, trailCrypto, type Audit, type AuditKeeping } from "./index.ts";

const dayMs = 86_400_000;
const by = { actor: "user:ada" };
let database: TestDatabase;
let directory: string;
let nowMs: number;
let audit: Audit;
let keeping: AuditKeeping;
const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const keyRing = (...names: string[]) => new Secret(names.map((name) => `${name}:${Buffer.alloc(32, name).toString("base64")}`).join(","));

async function keep(parts: Partial<Parameters<typeof createAuditKeeping>[0]> = {}): Promise<AuditKeeping> {
  const secrets = await createSecrets({ db: database.db, audit, keys: { inline: keyRing("test") }, log: silentLog, clock });
  return createAuditKeeping({ db: database.db, audit, secrets, log: silentLog, metrics: createMetrics(), clock, directory, ...parts });
}

beforeEach(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
  nowMs = Date.now() - 100 * dayMs;
  audit = createAudit({ db: database.db, clock });
  keeping = await keep();
});
afterEach(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

const record = async (count: number) => {
  await inTransaction(database.db, async (tx) => {
    for (let i = 0; i < count; i++) await audit.record(tx, { ...by, action: "devices.device.update", subject: `device:dev_${i}` });
  });
};
const asOwner = (statements: string) =>
  database.owner.query(`alter table audit.entry disable trigger all;
  alter table audit.head disable trigger all; alter table audit.checkpoint disable trigger all; ${statements}`);
const file = () => join(directory, "checkpoints.jsonl");
const inFile = () => readCheckpoints(readFileSync(file(), "utf8"));
/** What a superuser does who wants to leave no trace: an entry changed, everything after it hashed anew, the head with it. */
const rehash = (seq: number) => `do $$ declare e record; h text := repeat('0', 64); begin
  update audit.entry set canonical = replace(canonical, 'dev_0', 'dev_9'), subject = replace(subject, 'dev_0', 'dev_9') where seq = ${seq};
  for e in select * from audit.entry order by seq loop
    h := encode(sha256(convert_to(e.seq || E'\\n' || h || E'\\n' || e.canonical, 'UTF8')), 'hex');
    update audit.entry set hash = h where seq = e.seq;
  end loop; update audit.head set hash = h; end $$`;

async function offline(): Promise<Awaited<ReturnType<typeof verifyTrail>>> {
  let text = "";
  for await (const piece of audit.export({ withNames: true })) text += piece;
  const keys = (await keeping.checkpoints.publicKeys()).map(({ publicKey }) => publicKey);
  return verifyTrail({ lines: text.split("\n"), checkpoints: inFile(), crypto: trailCrypto(keys) });
}

describe("checkpoints", () => {
  test("are signed every 60 s when something was recorded, and not otherwise", async () => {
    await record(3);
    const first = await keeping.checkpoints.tick();
    expect(first).toMatchObject({ no: 1, seq: expect.any(Number) });
    await record(1);
    expect(await keeping.checkpoints.tick()).toBeUndefined();
    nowMs += 60_000;
    expect(await keeping.checkpoints.tick()).toMatchObject({ no: 2 });
    nowMs += 60_000;
    expect(await keeping.checkpoints.tick()).toBeUndefined();
    expect(inFile().map(({ no }) => no)).toEqual([1, 2]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test("are signed every 1000 entries, however little time went by", async () => {
    await keeping.checkpoints.sign(by);
    await record(998);
    expect(await keeping.checkpoints.tick()).toBeUndefined();
    await record(2);
    expect(await keeping.checkpoints.tick()).toMatchObject({ no: 2 });
  });

  test("verify with the trail, online and offline", async () => {
    await record(5);
    await keeping.checkpoints.sign(by);
    await record(5);
    expect(await keeping.checkpoints.verify()).toMatchObject({ ok: true, say: expect.stringContaining("1 checkpoints agree") });
    expect(await offline()).toMatchObject({ ok: true, signedUntil: inFile().at(-1)?.seq });
  });

  test("what a crash kept from the file gets there with the next one", async () => {
    await record(1);
    await keeping.checkpoints.sign(by);
    await record(1);
    await keeping.checkpoints.sign(by);
    const whole = readFileSync(file(), "utf8");
    truncateSync(file(), whole.indexOf("\n") + 1);
    await record(1);
    await keeping.checkpoints.sign(by);
    expect(inFile().map(({ no }) => no)).toEqual([1, 2, 3]);
  });

  test("a chain that a superuser hashed anew to its very end is found, online and offline", async () => {
    await record(5);
    const signed = await keeping.checkpoints.sign(by);
    const { rows } = await database.pool.query<{ seq: string }>("select min(seq) as seq from audit.entry where subject = 'device:dev_0'");
    await asOwner(rehash(Number(rows[0]?.seq)));
    expect(await audit.verify()).toMatchObject({ ok: true });
    expect(await keeping.checkpoints.verify()).toMatchObject({ ok: false, brokenAt: signed?.seq });
    expect(await offline()).toMatchObject({ ok: false, brokenAt: signed?.seq });
  });

  test("…also when the database's checkpoints went with it: the file has them", async () => {
    await record(5);
    const signed = await keeping.checkpoints.sign(by);
    const { rows } = await database.pool.query<{ seq: string }>("select min(seq) as seq from audit.entry where subject = 'device:dev_0'");
    await asOwner(`${rehash(Number(rows[0]?.seq))}; delete from audit.checkpoint`);
    expect(await keeping.checkpoints.verify()).toMatchObject({ ok: false, brokenAt: signed?.seq });
  });

  test("a cut end, with the head set back, is found", async () => {
    await record(5);
    const signed = await keeping.checkpoints.sign(by);
    const cut = (signed?.seq ?? 0) - 2;
    await asOwner(
      `delete from audit.entry where seq > ${cut}; update audit.head h set seq = e.seq, hash = e.hash from audit.entry e where e.seq = ${cut}`,
    );
    expect(await audit.verify()).toMatchObject({ ok: true });
    expect(await keeping.checkpoints.verify()).toMatchObject({ ok: false, brokenAt: cut + 1 });
    expect(await offline()).toMatchObject({ ok: false, brokenAt: cut + 1 });
  });

  describe("at a syslog server over TLS", () => {
    let ours: Awaited<ReturnType<typeof tlsPair>>;
    let server: Server | undefined;
    let got: string;
    beforeEach(async () => {
      [ours, got] = [await tlsPair(), ""];
    });
    afterEach(down);

    async function down(): Promise<void> {
      if (!server) return;
      server.close();
      await once(server, "close");
      server = undefined;
    }
    async function up(port = 0): Promise<number> {
      server = createServer({ cert: ours.cert, key: ours.key }, (socket) => socket.on("data", (bytes) => (got += bytes.toString())));
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    }
    const arrived = (): number[] => [...got.matchAll(/AUDITCHECKPOINT \[holdfast@32473 no="(\d+)"/g)].map(([, no]) => Number(no));
    const signOne = async (): Promise<void> => {
      await record(1);
      await keeping.checkpoints.sign(by);
    };
    const sendTo = async (port: number, ca = ours.ca): Promise<void> => {
      keeping = await keep({ syslog: { transport: "tls", host: "127.0.0.1", port, ca } });
    };

    test("all arrive, once and in order, whatever the server was down for meanwhile, and after we started again", async () => {
      const port = await up();
      await sendTo(port);
      await signOne();
      expect(arrived()).toEqual([1]);
      expect(got).toContain(`hash="${inFile()[0]?.hash}"`);
      await down();
      await signOne();
      await signOne();
      expect(await keeping.checkpoints.late()).toMatchObject({ unsent: { count: 2 } });
      await sendTo(port);
      await up(port);
      await keeping.checkpoints.tick();
      expect(arrived()).toEqual([1, 2, 3]);
      expect(await keeping.checkpoints.late()).not.toHaveProperty("unsent");
      await keeping.checkpoints.tick();
      expect(arrived()).toEqual([1, 2, 3]);
    });

    test("while it is down it is asked again after a while, not every second", async () => {
      const port = await up();
      await down();
      await sendTo(port);
      await signOne();
      await signOne();
      await up(port);
      await keeping.checkpoints.tick();
      expect(arrived()).toEqual([]);
      nowMs += 2000;
      await keeping.checkpoints.tick();
      expect(arrived()).toEqual([1, 2]);
    });

    test("nothing is late before anything was signed, in a home that has nothing yet", async () => {
      const syslog = { transport: "tls", host: "127.0.0.1", port: await up(), ca: ours.ca } as const;
      keeping = await keep({ directory: join(directory, "not", "there"), syslog });
      expect(await keeping.checkpoints.late()).not.toHaveProperty("unsent");
    });

    test("nothing goes to one whose authority is another", async () => {
      await sendTo(await up(), (await tlsPair()).ca);
      await signOne();
      expect(got).toBe("");
      expect(await keeping.checkpoints.late()).toMatchObject({ unsent: { count: 1 } });
    });

    test("one that is named later gets what is signed from then on, and one restored from a backup what comes after", async () => {
      await signOne();
      await signOne();
      await sendTo(await up());
      await signOne();
      expect(arrived()).toEqual([3]);
      writeFileSync(`${file()}.sent`, "99\n");
      await signOne();
      await signOne();
      expect(arrived()).toEqual([3, 4, 5]);
    });
  });

  describe("with a new key", () => {
    const keysOf = async () => (await keeping.checkpoints.publicKeys()).map(({ keyId }) => keyId);

    test("the old one signs that it is taken over from, and both verify what they signed, online and offline", async () => {
      await record(1);
      await keeping.checkpoints.sign(by);
      const rotation = await keeping.checkpoints.rotateKey({ reason: "yearly" }, by);
      const [old, young] = await keysOf();
      expect(rotation).toMatchObject({ done: true, previous: old, next: { keyId: young, signsFrom: 3 } });
      await record(1);
      await keeping.checkpoints.sign(by);
      expect(inFile().map(({ keyId }) => keyId)).toEqual([old, old, young]);
      const announced = (await audit.list({ action: "audit.signing_key.rotate" })).items[0];
      expect(announced).toMatchObject({ actor: "user:ada", reason: "yearly", after: { keyId: young }, severity: "critical" });
      expect(announced?.seq).toBeLessThanOrEqual(inFile()[1]?.seq ?? 0);
      expect(await keeping.checkpoints.verify()).toMatchObject({ ok: true, say: expect.stringContaining("3 checkpoints agree") });
      expect(await offline()).toMatchObject({ ok: true, signedUntil: inFile()[2]?.seq });
    });

    test("another process that had the old one open signs with the new one, too", async () => {
      const other = await keep();
      await record(1);
      await other.checkpoints.sign(by);
      await keeping.checkpoints.rotateKey({}, by);
      await record(1);
      expect(await other.checkpoints.sign(by)).toMatchObject({ no: 3, keyId: (await keysOf())[1] });
    });

    test("a dry run makes none", async () => {
      await keeping.checkpoints.sign(by);
      const [only] = await keysOf();
      expect(await keeping.checkpoints.rotateKey({ dryRun: true }, by)).toEqual({ done: false, previous: only });
      expect(await keysOf()).toEqual([only]);
    });

    test("one that somebody only put into the database is found, online and offline", async () => {
      await record(1);
      await keeping.checkpoints.sign(by);
      const secrets = await createSecrets({ db: database.db, audit, keys: { inline: keyRing("test") }, log: silentLog, clock });
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      const id = createHash("sha256")
        .update(publicKey.export({ type: "spki", format: "der" }))
        .digest("hex")
        .slice(0, 16);
      const place = { table: "audit.signing_key", row: id, column: "sealed", version: 1 };
      const sealed = secrets.seal(place, privateKey.export({ type: "pkcs8", format: "der" }));
      const values = [id, publicKey.export({ type: "spki", format: "pem" }), sealed];
      await database.pool.query("insert into audit.signing_key values ($1, 1, $2, $3, now(), 2)", values);
      await record(1);
      expect(await keeping.checkpoints.sign(by)).toMatchObject({ no: 2, keyId: id });
      const broken = { ok: false, brokenAt: inFile()[1]?.seq, say: expect.stringContaining("no entry under checkpoint 1") as string };
      expect(await keeping.checkpoints.verify()).toMatchObject(broken);
      expect(await offline()).toMatchObject(broken);
    });
  });

  test("their key follows a rotation of the key ring without a row being changed", async () => {
    await record(1);
    await keeping.checkpoints.sign(by);
    const secrets = await createSecrets({ db: database.db, audit, keys: { inline: keyRing("next", "test") }, log: silentLog, clock });
    const again = createAuditKeeping({ db: database.db, audit, secrets, log: silentLog, metrics: createMetrics(), clock, directory });
    const stale = async () => (await secrets.rotation()).stale.find(({ table }) => table === "audit.signing_key")?.rows;
    expect(await stale()).toBe(1);
    await secrets.reseal();
    expect(await stale()).toBe(0);
    await record(1);
    await again.checkpoints.sign(by);
    expect(await again.checkpoints.verify()).toMatchObject({ ok: true });
  });
});

describe("archives", () => {
  async function old(): Promise<void> {
    await record(20);
    await keeping.checkpoints.sign(by);
    await record(5);
    nowMs += 99 * dayMs;
    await record(4);
  }

  test("take old entries up to a checkpoint, and the chain goes on from there", async () => {
    await old();
    const before = await audit.verify();
    expect(await keeping.archiving.archive({ olderThanDays: 30, dryRun: true }, by)).toEqual({ entries: inFile()[0]?.seq });
    const { entries, archive } = await keeping.archiving.archive({ olderThanDays: 30, reason: "spring" }, by);
    expect(archive).toMatchObject({ firstSeq: 1, lastSeq: entries, lastHash: inFile()[0]?.hash });
    expect(await keeping.checkpoints.verify()).toMatchObject({ ok: true, entries: before.entries - entries + 1 });
    expect(await offline()).toMatchObject({ ok: true });
    const lines = gunzipSync(readFileSync(join(directory, "archive", archive?.file ?? ""))).toString();
    const keys = (await keeping.checkpoints.publicKeys()).map(({ publicKey }) => publicKey);
    expect(await verifyTrail({ lines: lines.split("\n"), checkpoints: inFile(), crypto: trailCrypto(keys) })).toMatchObject({
      ok: true,
      entries,
    });
    expect(lines).not.toContain("user:ada");
    expect(await keeping.archiving.archive({ olderThanDays: 30 }, by)).toEqual({ entries: 0 });
    expect((await keeping.archiving.list()).map(({ file: name }) => name)).toEqual(readdirSync(join(directory, "archive")));
  });

  test("never take what is younger than 30 days, whoever asks, and whatever our clock says", async () => {
    await old();
    await expect(keeping.archiving.archive({ olderThanDays: 1 }, by)).rejects.toMatchObject({ code: "audit_archive_young" });
    await keeping.checkpoints.sign(by);
    nowMs += 1000 * dayMs;
    await expect(keeping.archiving.archive({ olderThanDays: 30 }, by)).rejects.toThrow("last 30 days");
    expect((await keeping.checkpoints.verify()).ok).toBe(true);
    expect(await keeping.archiving.list()).toEqual([]);
  });

  test("an archive that is only said to be one does not let entries go", async () => {
    await old();
    const last = inFile()[0]?.seq ?? 0;
    await expect(database.owner.query(`delete from audit.entry where seq <= ${last}`)).rejects.toThrow("append-only");
    await expect(database.pool.query(`select audit.archive_entries(${last - 1}, 'x', 'y')`)).rejects.toThrow("no signed checkpoint");
  });

  test("the retention does it by itself", async () => {
    await old();
    await keeping.retain();
    expect(await keeping.archiving.list()).toEqual([]);
    const other = await keep({ retentionDays: 90 });
    await other.retain();
    expect(await other.archiving.list()).toHaveLength(1);
  });
});
