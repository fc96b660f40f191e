import { inTransaction } from "#platform/db";
import { testDatabase, type TestDatabase } from "#test/database";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAudit, type Audit, type AuditRecord } from "./index.ts";

let database: TestDatabase;
let audit: Audit;

beforeAll(async () => {
  database = await testDatabase();
  audit = createAudit({ db: database.db });
});
afterAll(() => database.drop());

/** What only somebody who owns the tables can do: switch the triggers off. */
async function asOwner(statements: string): Promise<void> {
  await database.owner.query(`
    alter table audit.entry disable trigger all; alter table audit.head disable trigger all; alter table audit.pending disable trigger all;
    ${statements};
    alter table audit.entry enable always trigger append_only; alter table audit.entry enable always trigger archived_only;
    alter table audit.head enable always trigger head_stays; alter table audit.head enable always trigger head_steps;
    alter table audit.pending enable always trigger chain;`);
}

async function startAgain(): Promise<void> {
  await asOwner("truncate audit.entry, audit.head, audit.pending; insert into audit.head (seq, hash) values (0, repeat('0', 64))");
}

const entry: AuditRecord = { actor: "user:ada", action: "devices.device.create", subject: "device:dev_1" };
const record = (parts: Partial<AuditRecord> = {}) => inTransaction(database.db, (tx) => audit.record(tx, { ...entry, ...parts }));
const recordMany = async (count: number) => {
  for (let i = 1; i <= count; i++) await record({ subject: `device:dev_${i}` });
};

beforeEach(startAgain);

describe("recording", () => {
  test("an entry comes back with all that was said, secrets hidden", async () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    await record({ before: { port: 22 }, after: { port: 2222, password: "hunter2" }, reason: "moved", requestId: "req_1", at });
    const { items } = await audit.list({});
    expect(items).toEqual([
      {
        ...entry,
        severity: "info",
        seq: 1,
        at: "2026-01-02T03:04:05.678Z",
        reason: "moved",
        requestId: "req_1",
        before: { port: 22 },
        after: { port: 2222, password: "[redacted]" },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  test("a transaction that rolls back leaves no entry and no gap", async () => {
    await record();
    const failing = inTransaction(database.db, async (tx) => {
      await audit.record(tx, entry);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await record();
    expect((await audit.list({})).items.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 });
  });

  test("many writers at once make one chain", async () => {
    const writers = Array.from({ length: 10 }, (_, writer) =>
      (async () => {
        for (let i = 0; i < 20; i++)
          await inTransaction(database.db, async (tx) => {
            await audit.record(tx, { ...entry, actor: `user:w${writer}` });
            await audit.record(tx, { ...entry, actor: `user:w${writer}`, after: { i } });
          });
      })(),
    );
    await Promise.all(writers);
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 400 });
    const left = await sql<{ rows: number }>`select count(*)::int as rows from audit.pending`.execute(database.db);
    expect(left.rows).toEqual([{ rows: 0 }]);
  });

  test("two transactions that record and then wait for each other's rows do not deadlock on the trail", async () => {
    await database.owner.query(
      "create table public.thing (id int primary key, n int); insert into public.thing values (1, 0); grant all on public.thing to public",
    );
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const a = inTransaction(database.db, async (tx) => {
      await sql`update public.thing set n = 1`.execute(tx);
      first.resolve();
      await second.promise;
      await audit.record(tx, entry);
    });
    const b = inTransaction(database.db, async (tx) => {
      await first.promise;
      await audit.record(tx, entry);
      second.resolve();
      await sql`update public.thing set n = 2`.execute(tx);
    });
    await Promise.all([a, b]);
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 2 });
  });

  test("text that the database cannot hold is replaced, not refused", async () => {
    await record({ actor: "system:a\0b", reason: "\uD800" });
    expect(await audit.verify()).toMatchObject({ ok: true });
    expect((await audit.list({ actor: "system:a\0b" })).items).toHaveLength(1);
  });
});

describe("the database", () => {
  beforeEach(() => recordMany(3));

  test.each([
    "update audit.entry set actor = 'user:eve' where seq = 2",
    "delete from audit.entry where seq = 2",
    "truncate audit.entry",
    "update audit.head set hash = 'x'",
    "update audit.head set seq = 1",
    "delete from audit.head",
    "truncate audit.head",
  ])("refuses even its owner: %s", async (statement) => {
    await expect(database.owner.query(statement)).rejects.toThrow("append-only");
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 });
  });

  test.each([
    "update audit.entry set actor = 'user:eve'",
    "delete from audit.entry",
    "truncate audit.entry",
    "insert into audit.entry (seq, at, actor, action, subject, severity, canonical, hash) values (9, now(), 'a', 'b', 'c', 'info', '{}', '')",
    "update audit.head set seq = seq + 1",
    "delete from audit.head",
    "insert into audit.head (only_row, seq, hash) values (false, 0, '')",
    "update audit.pending set actor = ''",
    "delete from audit.pending",
    "delete from audit.person",
    "update audit.person set name = 'eve'",
    "delete from audit.checkpoint",
    "update audit.checkpoint set hash = ''",
    "update audit.signing_key set public_key = ''",
    "insert into audit.archive (last_seq, first_seq, last_hash, file, sha256) values (1, 1, '', '', '')",
    "drop trigger append_only on audit.entry",
    "alter table audit.entry disable trigger append_only",
    "alter table audit.entry disable trigger all",
    "alter table audit.entry rename to other",
    "drop table audit.entry",
    "create trigger mine before insert on audit.entry for each row execute function audit.refuse()",
    "create rule mine as on insert to audit.pending do instead nothing",
    "create or replace function audit.chain() returns trigger language plpgsql as 'begin return null; end'",
    "alter function audit.refuse() rename to other",
    "drop schema audit cascade",
    "create table audit.mine (n int)",
    "set session_replication_role = replica",
    "alter role holdfast_app createrole",
  ])("does not let the server itself: %s", async (statement) => {
    await expect(sql.raw(statement).execute(database.db)).rejects.toThrow(/permission denied|must be owner/);
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 });
    expect((await audit.list({})).items.map(({ actor }) => actor)).toEqual(["user:ada", "user:ada", "user:ada"]);
  });
});

describe("people", () => {
  const stored = async () =>
    (await sql<{ text: string }>`select string_agg(e::text, ' ') as text from audit.entry e`.execute(database.db)).rows[0]?.text ?? "";

  test("stand in entries behind pseudonyms, and are read by name", async () => {
    const after = { owner: "user:bob", email: "bob@example.net", note: "asked by user:ada, user:adam" };
    await record({ subject: "user:bob", action: "identity.user.update", after, reason: "user:ada said so", address: "192.0.2.7" });
    for (const told of ["ada ", "user:ada,", "bob", "192.0.2.7"]) expect(await stored()).not.toContain(told);
    const [read] = (await audit.list({ actor: "user:ada" })).items;
    expect(read).toMatchObject({ actor: "user:ada", subject: "user:bob", after, reason: "user:ada said so", address: "192.0.2.7" });
    expect((await audit.list({ subject: "user:bob" })).items).toHaveLength(1);
    expect((await audit.list({ q: "ada" })).items).toHaveLength(1);
    expect((await audit.list({ actor: "user:ad" })).items).toHaveLength(0);
  });

  test("have one pseudonym, whatever the number of entries", async () => {
    await recordMany(3);
    const { rows } = await sql<{ actors: number }>`select count(distinct actor)::int as actors from audit.entry`.execute(database.db);
    expect(rows).toEqual([{ actors: 1 }]);
  });

  test("who is forgotten is nobody any more, and the chain still holds", async () => {
    await record({ after: { email: "ada@example.net" }, address: "192.0.2.7" });
    await record({ actor: "user:bob" });
    const gone = await inTransaction(database.db, async (tx) => {
      await audit.record(tx, { actor: "user:bob", action: "privacy.person.erase", subject: "user:ada" });
      return audit.people.forget(tx, "ada");
    });
    expect(gone.length).toBeGreaterThan(0);
    const [erasing, bobs, adas] = (await audit.list({})).items;
    expect(erasing).toMatchObject({ action: "privacy.person.erase", subject: `user:~${gone[0]}` });
    expect(bobs?.actor).toBe("user:bob");
    expect(adas).toMatchObject({ actor: `user:~${gone[0]}`, after: { email: "[erased]" }, address: "[erased]" });
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 3 });
    await record();
    expect((await audit.list({})).items[0]?.actor).toBe("user:ada");
    expect((await audit.list({ actor: "user:ada" })).items).toHaveLength(1);
  });

  test("who is forgotten in secret is missed", async () => {
    await record({ actor: "user:bob" });
    await record({ actor: "user:mallory" });
    await database.pool.query("select audit.forget_person('mallory')");
    expect(await audit.verify()).toMatchObject({ ok: false, brokenAt: 2, say: expect.stringContaining("no entry says so") });
  });

  test("another name put behind a pseudonym is found", async () => {
    await record();
    await asOwner("alter table audit.person disable trigger all; update audit.person set name = 'eve' where name = 'ada'");
    expect(await audit.verify()).toMatchObject({ ok: false, say: expect.stringContaining("was changed") });
    await asOwner("update audit.person set name = 'ada' where name = 'eve'; alter table audit.person enable always trigger append_only");
  });
});

describe("verifying", () => {
  beforeEach(() => recordMany(10));
  const rehash = (seq: number) =>
    `update audit.entry e set hash = encode(sha256(convert_to(e.seq || E'\\n' || p.hash || E'\\n' || e.canonical, 'UTF8')), 'hex')
     from audit.entry p where e.seq = ${seq} and p.seq = ${seq - 1}`;

  test("an untouched chain holds, and an empty one too", async () => {
    const head = (await audit.list({})).items[0]?.hash;
    expect(await audit.verify()).toEqual({ ok: true, entries: 10, head, say: "All 10 entries hold together." });
    await startAgain();
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 0 });
  });

  test.each([
    ["a changed text", "update audit.entry set canonical = replace(canonical, 'dev_5', 'dev_9') where seq = 5", 5],
    [
      "a changed text with its column and its own hash made anew",
      `update audit.entry set canonical = replace(canonical, 'dev_5', 'dev_9'), subject = 'device:dev_9' where seq = 5; ${rehash(5)}`,
      6,
    ],
    ["a changed search column", "update audit.entry set actor = 'user:eve' where seq = 5", 5],
    ["a changed time", "update audit.entry set at = at + interval '1 ms' where seq = 5", 5],
    ["a changed hash", "update audit.entry set hash = repeat('a', 64) where seq = 5", 5],
    ["a deleted entry", "delete from audit.entry where seq = 5", 5],
    ["the first one deleted", "delete from audit.entry where seq = 1", 1],
    [
      "a deleted entry with the rest moved up",
      "delete from audit.entry where seq = 5; update audit.entry set seq = -seq where seq > 5; update audit.entry set seq = -seq - 1 where seq < 0",
      5,
    ],
    [
      "two entries in each other's place",
      "update audit.entry set seq = 99 where seq = 5; update audit.entry set seq = 5 where seq = 6; update audit.entry set seq = 6 where seq = 99",
      5,
    ],
    ["a cut tail", "delete from audit.entry where seq > 7", 8],
    ["all of it gone", "delete from audit.entry", 1],
    ["a cut tail with the head's seq set back", "delete from audit.entry where seq > 7; update audit.head set seq = 7", 7],
    [
      "the last text changed and rehashed",
      `update audit.entry set canonical = replace(canonical, 'dev_10', 'dev_9') where seq = 10; ${rehash(10)}`,
      10,
    ],
    ["a head set back", "update audit.head h set seq = 7, hash = e.hash from audit.entry e where e.seq = 7", 8],
    ["a head removed", "delete from audit.head", 1],
    [
      "an entry put in after the end",
      "insert into audit.entry (seq, at, actor, action, subject, severity, reason, request_id, canonical, hash) select 11, at, actor, action, subject, severity, reason, request_id, canonical, hash from audit.entry where seq = 10",
      11,
    ],
    [
      "an entry put in before the start",
      "insert into audit.entry (seq, at, actor, action, subject, severity, reason, request_id, canonical, hash) select 0, at, actor, action, subject, severity, reason, request_id, canonical, hash from audit.entry where seq = 1",
      11,
    ],
    [
      "an entry kept from the chain",
      "insert into audit.pending (at, actor, action, subject, canonical) values (now(), 'a', 'b', 'c', '{}')",
      11,
    ],
    [
      "a text that is no JSON, and rehashed to the end",
      `update audit.entry set canonical = 'x' where seq = 10; ${rehash(10)}; update audit.head h set hash = e.hash from audit.entry e where e.seq = 10`,
      10,
    ],
  ])("%s is found, at its place", async (_what, statements, brokenAt) => {
    await asOwner(statements);
    const found = await audit.verify();
    expect(found).toMatchObject({ ok: false, brokenAt });
    expect(found.say).not.toBe("");
    await audit.list({}); // what is broken can still be read
  });

  test("walks in batches, while others record", async () => {
    const copies = Array.from({ length: 2500 }, () => ({ ...entry }));
    await inTransaction(database.db, async (tx) => {
      for (const copy of copies) await audit.record(tx, copy);
    });
    const [found] = await Promise.all([audit.verify(), record(), record()]);
    expect(found).toMatchObject({ ok: true });
    expect(found.entries).toBeGreaterThanOrEqual(2510);
  });
});

describe("reading", () => {
  beforeEach(async () => {
    await record({ actor: "user:ada", action: "devices.device.create", subject: "device:dev_1", reason: "new site in Lyon" });
    await record({ actor: "user:bob", action: "devices.device.remove", subject: "device:dev_1", after: { note: "100%_sure" } });
    await record({ actor: "system:rollout", action: "rollout.rollout.halt", subject: "rollout:rol_1" });
  });
  const found = async (query: Parameters<Audit["list"]>[0]) => (await audit.list(query)).items.map(({ seq }) => seq);

  test("finds by actor, action, beginning of an action, subject, and text", async () => {
    expect(await found({ actor: "user:bob" })).toEqual([2]);
    expect(await found({ action: "devices.device.create" })).toEqual([1]);
    expect(await found({ action: "devices." })).toEqual([2, 1]);
    expect(await found({ action: "devices.device.re*" })).toEqual([2]);
    expect(await found({ subject: "device:dev_1", actor: "user:ada" })).toEqual([1]);
    expect(await found({ q: "LYON" })).toEqual([1]);
    expect(await found({ q: "100%_sure" })).toEqual([2]);
    expect(await found({ q: "100__sure" })).toEqual([]);
    expect(await found({ q: "site new" })).toEqual([1]);
    expect(await found({ q: "site old" })).toEqual([]);
    expect(await found({ q: "ly & |" })).toEqual([]);
    expect(await found({ q: "rollout:rol_1" })).toEqual([3]);
  });

  test("finds by severity, type and time", async () => {
    expect(await found({ severity: "warning" })).toEqual([3, 2]);
    expect(await found({ type: "deployment" })).toEqual([3]);
    await record({ at: Date.UTC(2020, 0, 1), action: "identity.session.open", subject: "session:ses_1" });
    expect(await found({ until: "2020-01-02T00:00:00.000Z" })).toEqual([4]);
    expect(await found({ since: "2020-01-02T00:00:00.000Z", type: "login_attempt" })).toEqual([]);
    expect(await found({ since: "2020-01-01T00:00:00.000Z", type: "login_attempt" })).toEqual([4]);
    expect(await found({})).toEqual([4, 3, 2, 1]);
    expect(await found({ since: "2019-01-01T00:00:00.000Z" })).toEqual([3, 2, 1, 4]);
  });

  test("pages newest first, each entry once, also while others record", async () => {
    const first = await audit.list({ limit: 2 });
    await record();
    const second = await audit.list({ limit: 2, cursor: first.next });
    expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([3, 2, 1]);
    expect(second.next).toBeUndefined();
    await expect(audit.list({ cursor: "x" })).rejects.toMatchObject({ code: "cursor_invalid" });
  });

  test("an export holds what is needed to verify the chain elsewhere", async () => {
    const lines: { seq: number; hash: string; canonical: string }[] = [];
    let text = "";
    for await (const piece of audit.export()) text += piece;
    for (const line of text.trimEnd().split("\n")) lines.push(JSON.parse(line));
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(lines.map(({ hash }) => hash)).toEqual((await audit.list({})).items.map(({ hash }) => hash).reverse());
    expect(JSON.parse(lines[0]?.canonical ?? "")).toMatchObject({
      v: 2,
      actor: expect.stringMatching(/^user:~[0-9a-f]{32}$/),
      reason: "new site in Lyon",
    });
  });
});
