import type { Clock } from "@holdfast/kit";
import { createAudit, type Audit } from "#core/audit";
import { inTransaction } from "#platform/db";
import { testDatabase, type TestDatabase } from "#test/database";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFindings, type FindingInput, type Findings } from "./index.ts";

let database: TestDatabase;
let audit: Audit;
let findings: Findings;
let nowMs = Date.UTC(2026, 0, 1);
const clock: Clock = { now: () => nowMs, sleep: () => Promise.resolve() };
const later = (ms: number) => void (nowMs += ms);
const iso = (ms: number) => new Date(ms).toISOString();
const hour = 3_600_000;

beforeAll(async () => {
  database = await testDatabase();
  audit = createAudit({ db: database.db, clock });
  findings = createFindings({ db: database.db, audit, clock });
});
afterAll(() => database.drop());
beforeEach(() => database.pool.query("delete from findings.finding; delete from platform.event"));

const ada = { actor: "user:ada", requestId: "req_1", access: "unlimited" as const };
const hold = (key: string, parts: Partial<FindingInput> = {}): FindingInput => ({
  source: "devices.drift",
  kind: "drift",
  subject: "device:dev_1",
  subjectName: "r1",
  key,
  severity: "medium",
  title: `drift ${key}`,
  detail: "differs",
  labels: { site: "lyon" },
  evidence: { lines: 3 },
  ...parts,
});
const raise = (key: string, parts: Partial<FindingInput> = {}) => inTransaction(database.db, (tx) => findings.raise(tx, hold(key, parts)));
const reconcile = (keys: string[], scope = "device:dev_1", parts: Partial<FindingInput> = {}) =>
  inTransaction(database.db, (tx) =>
    findings.reconcile(
      tx,
      "devices.drift",
      scope,
      keys.map((key) => hold(key, parts)),
    ),
  );
const titles = async (query: Parameters<Findings["list"]>[0] = {}) =>
  (await findings.list(query, ada)).items.map(({ title }) => title.replace("drift ", ""));
const live = async () => (await findings.list({ limit: 500 }, ada)).items.filter(({ state }) => state !== "resolved");
const events = async () =>
  (await database.pool.query("select type, payload from platform.event order by id")).rows.map(({ type }) =>
    type.replace("findings.finding.", ""),
  );

describe("raising", () => {
  test("opens a finding with all that was said, secrets hidden", async () => {
    const opened = await raise("a", { evidence: { lines: 3, password: "hunter2", text: "a\0b\uD800" } });
    expect(await findings.get(opened.id, ada)).toEqual(opened);
    expect(opened).toEqual({
      id: expect.stringMatching(/^fnd_/),
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      etag: expect.stringMatching(/^[\w-]{11}\.[\w-]{11}$/),
      source: "devices.drift",
      kind: "drift",
      severity: "medium",
      state: "open",
      title: "drift a",
      detail: "differs",
      subject: "device:dev_1",
      subjectName: "r1",
      labels: { site: "lyon" },
      evidence: { lines: 3, password: "[redacted]", text: "a\uFFFDb\uFFFD" },
      occurrences: 1,
      firstSeenAt: iso(nowMs),
      lastSeenAt: iso(nowMs),
    });
    expect(await events()).toEqual(["opened"]);
  });

  test("the same again counts one more occurrence, with what is said now", async () => {
    const first = await raise("a");
    later(1000);
    const second = await raise("a", { detail: "differs more" });
    expect(second).toMatchObject({
      id: first.id,
      occurrences: 2,
      detail: "differs more",
      firstSeenAt: iso(nowMs - 1000),
      lastSeenAt: iso(nowMs),
    });
    expect(await events()).toEqual(["opened"]);
    await raise("a", { severity: "critical" });
    expect(await events()).toEqual(["opened", "changed"]);
  });

  test("another source, kind, subject or key is another finding", async () => {
    const other = [{}, { source: "x" }, { kind: "x" }, { subject: "x" }, { key: "x" }, { key: undefined }];
    const ids = new Set<string>();
    for (const parts of other) ids.add((await raise("a", parts)).id);
    expect(ids.size).toBe(other.length);
  });

  test("by many at the same moment is one finding with every occurrence", async () => {
    await Promise.all(Array.from({ length: 20 }, () => raise("a")));
    expect(await live()).toEqual([expect.objectContaining({ occurrences: 20 })]);
    expect(await events()).toEqual(["opened"]);
  });

  test("what was resolved begins a new episode and keeps the old one", async () => {
    const first = await raise("a");
    await findings.resolve({ id: first.id, reason: "mended" }, ada);
    later(hour);
    const second = await raise("a");
    expect(second).toMatchObject({ fingerprint: first.fingerprint, state: "open", occurrences: 1, firstSeenAt: iso(nowMs) });
    expect(second.id).not.toBe(first.id);
    expect(await findings.get(first.id, ada)).toMatchObject({ state: "resolved", note: "mended", resolvedAt: iso(nowMs - hour) });
  });

  test("rolled back leaves no finding and no event", async () => {
    const failing = inTransaction(database.db, async (tx) => {
      await findings.raise(tx, hold("a"));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect([await live(), await events()]).toEqual([[], []]);
  });

  test("what is settled is closed on record", async () => {
    await raise("a");
    const settle = () => inTransaction(database.db, (tx) => findings.settle(tx, hold("a"), { ...ada, reason: "key accepted" }));
    expect([await settle(), await settle()]).toEqual([true, false]);
    expect((await audit.list({ limit: 1 })).items[0]).toMatchObject({
      actor: "user:ada",
      action: "findings.finding.resolve",
      reason: "key accepted",
    });
    expect(await events()).toEqual(["opened", "resolved"]);
  });

  test("evidence that is very long is left out", async () => {
    expect((await raise("a", { evidence: { text: "x".repeat(300_000) } })).evidence).toEqual({ omitted: "300011 characters" });
  });
});

describe("reconciling", () => {
  test("opens what is new, keeps what stays, resolves what is gone", async () => {
    expect(await reconcile(["a", "b"])).toMatchObject({ opened: [{ title: "drift a" }, { title: "drift b" }], resolved: [], kept: 0 });
    later(1000);
    expect(await reconcile(["b", "c"])).toMatchObject({ opened: [{ title: "drift c" }], resolved: [{ title: "drift a" }], kept: 1 });
    expect(await live()).toEqual([
      expect.objectContaining({ title: "drift c", occurrences: 1 }),
      expect.objectContaining({ title: "drift b", occurrences: 1, firstSeenAt: iso(nowMs - 1000), lastSeenAt: iso(nowMs) }),
    ]);
    expect(await events()).toEqual(["opened", "opened", "resolved", "opened"]);
  });

  test("leaves other scopes, other sources and what was raised alone", async () => {
    await raise("a", { source: "devices.ssh" });
    await reconcile(["b"], "device:dev_2", { subject: "device:dev_2" });
    await reconcile(["c"]);
    await reconcile([]);
    expect(await live()).toHaveLength(2);
  });

  test("takes over what was raised before, and resolves it when it is gone", async () => {
    const { id } = await raise("a");
    expect(await reconcile(["a"])).toMatchObject({ opened: [], kept: 1 });
    await reconcile([]);
    expect(await findings.get(id, ada)).toMatchObject({ state: "resolved" });
  });

  test("by many at the same moment is as if by one", async () => {
    await Promise.all(Array.from({ length: 10 }, () => reconcile(["a", "b", "c"])));
    expect(await live()).toHaveLength(3);
    expect(await events()).toEqual(["opened", "opened", "opened"]);
    await Promise.all([reconcile(["a"]), ...Array.from({ length: 10 }, () => raise("a"))]);
    expect(await live()).toEqual([expect.objectContaining({ title: "drift a", occurrences: 11 })]);
  });

  test("an acknowledged finding stays acknowledged while it holds", async () => {
    const { opened } = await reconcile(["a"]);
    await findings.acknowledge({ id: opened[0]?.id ?? "", note: "on it" }, ada);
    await reconcile(["a"], undefined, { detail: "differs more" });
    expect(await live()).toEqual([
      expect.objectContaining({ state: "acknowledged", acknowledgedBy: "user:ada", note: "on it", detail: "differs more" }),
    ]);
  });
});

describe("suppressing", () => {
  const until = () => iso(nowMs + hour);

  test("lasts until its time, also when it goes and comes back", async () => {
    const { id } = await raise("a");
    await findings.suppress({ id, until: until(), reason: "works on the line" }, ada);
    await reconcile(["a"]);
    await reconcile([]);
    expect(await reconcile(["a"])).toMatchObject({ opened: [{ state: "suppressed", note: "works on the line" }] });
    later(hour - 1);
    await raise("a");
    expect(await events()).toEqual(["opened", "suppressed", "resolved"]);
    later(1);
    expect(await reconcile(["a"])).toMatchObject({ opened: [{ state: "open", occurrences: 2 }] });
    expect(await events()).toEqual(["opened", "suppressed", "resolved", "opened"]);
  });

  test("ends by itself, whether or not anybody looks", async () => {
    const { id } = await raise("a");
    await findings.suppress({ id, until: until(), reason: "x" }, ada);
    expect(await findings.wake()).toBe(0);
    later(hour);
    expect(await findings.wake()).toBe(1);
    const woken = await findings.get(id, ada);
    expect([woken.state, woken.suppressedUntil]).toEqual(["open", undefined]);
  });

  test("ends when a person resolves it", async () => {
    const { id } = await raise("a");
    await findings.suppress({ id, until: until(), reason: "x" }, ada);
    await findings.resolve({ id, reason: "mended" }, ada);
    expect(await raise("a")).toMatchObject({ state: "open" });
  });

  test("until a time that is past, or none, is refused", async () => {
    const { id } = await raise("a");
    for (const wrong of [iso(nowMs), "never"])
      await expect(findings.suppress({ id, until: wrong, reason: "x" }, ada)).rejects.toMatchObject({ code: "findings_until_past" });
  });
});

describe("people", () => {
  test("leave an entry with every act", async () => {
    const { id } = await raise("a");
    await findings.acknowledge({ id }, ada);
    await findings.suppress({ id, until: iso(nowMs + hour), reason: "quiet" }, ada);
    await findings.acknowledge({ id, note: "on it" }, ada);
    await findings.resolve({ id, reason: "mended" }, ada);
    const entries = (await audit.list({ subject: `finding:${id}` })).items.reverse();
    expect(entries.map(({ action, reason, actor }) => [action.replace("findings.finding.", ""), reason, actor])).toEqual([
      ["acknowledge", undefined, "user:ada"],
      ["suppress", "quiet", "user:ada"],
      ["acknowledge", "on it", "user:ada"],
      ["resolve", "mended", "user:ada"],
    ]);
    expect(entries[1]).toMatchObject({
      before: { state: "acknowledged" },
      after: { state: "suppressed", suppressedUntil: iso(nowMs + hour) },
    });
    expect(await events()).toEqual(["opened", "acknowledged", "suppressed", "acknowledged", "resolved"]);
  });

  test("cannot act on what is resolved, or is not there", async () => {
    const { id } = await raise("a");
    await findings.resolve({ id, reason: "mended" }, ada);
    await expect(findings.acknowledge({ id }, ada)).rejects.toMatchObject({ code: "findings_resolved", status: 409 });
    await expect(findings.resolve({ id: "fnd_none", reason: "x" }, ada)).rejects.toMatchObject({ code: "findings_missing", status: 404 });
    await expect(findings.get("fnd\0none", ada)).rejects.toMatchObject({ status: 404 });
  });

  test("of two who resolve it at the same moment, one does", async () => {
    const { id } = await raise("a");
    const results = await Promise.allSettled([1, 2].map(() => findings.resolve({ id, reason: "mended" }, ada)));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("find by state, severity, kind, subject and text, newest first, page by page", async () => {
    await raise("a");
    await raise("b", { severity: "high", kind: "unreachable" });
    await raise("c", { subject: "device:dev_2", subjectName: "100%_edge" });
    const { id } = await raise("d");
    await findings.acknowledge({ id }, ada);
    expect(await titles({ state: "acknowledged" })).toEqual(["d"]);
    expect(await titles({ severity: "high" })).toEqual(["b"]);
    expect(await titles({ kind: "unreachable" })).toEqual(["b"]);
    expect(await titles({ subject: "device:dev_2" })).toEqual(["c"]);
    expect(await titles({ q: "100%_EDGE" })).toEqual(["c"]);
    expect(await titles({ q: "100__edge" })).toEqual([]);
    const first = await findings.list({ limit: 3 }, ada);
    const rest = await findings.list({ limit: 3, cursor: first.next }, ada);
    expect([...first.items, ...rest.items].map(({ title }) => title)).toEqual(["drift d", "drift c", "drift b", "drift a"]);
    await expect(findings.list({ cursor: "x" }, ada)).rejects.toMatchObject({ code: "cursor_invalid" });
  });
});

describe("the etag of a finding", () => {
  test("is moved by every change, but an act is held only to what people changed", async () => {
    const seen = await raise("a");
    later(1000);
    const again = await raise("a");
    expect(again.etag).not.toBe(seen.etag);
    const known = await findings.acknowledge({ id: seen.id, etag: seen.etag, note: "on it" }, ada);
    expect(known).toMatchObject({ state: "acknowledged", note: "on it" });
    for (const late of [again.etag, "nonsense"])
      await expect(findings.resolve({ id: seen.id, etag: late, reason: "gone" }, ada)).rejects.toMatchObject({
        code: "precondition_failed",
        status: 412,
      });
    const silent = await findings.suppress({ id: seen.id, etag: known.etag, until: iso(nowMs + hour), reason: "quiet" }, ada);
    expect(await findings.resolve({ id: seen.id, etag: silent.etag, reason: "gone" }, ada)).toMatchObject({ state: "resolved" });
  });
});

describe("whatever happens in whatever order", () => {
  interface Model {
    state: "open" | "acknowledged" | "suppressed";
    scope: string | undefined;
    until: number;
    occurrences: number;
  }
  const keys = ["a", "b", "c"];
  const scopes = ["device:dev_1", "device:dev_2"];
  const key = fc.constantFrom(...keys);
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("reconcile" as const),
        scope: fc.constantFrom(...scopes),
        keys: fc.subarray(keys),
        twice: fc.boolean(),
      }),
    },
    fc.record({ do: fc.constantFrom("raise" as const, "acknowledge" as const, "resolve" as const), key }),
    fc.record({ do: fc.constant("suppress" as const), key, minutes: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant("wake" as const) }),
  );

  test("what is open is what the model says, and every episode is kept", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        await database.pool.query("delete from findings.finding");
        const model = new Map<string, Model>();
        const silent = new Map<string, number>();
        let episodes = 0;
        const due = (one: Model) => one.state === "suppressed" && one.until <= nowMs;
        const see = (name: string, scope: string | undefined, more: number) => {
          const there = model.get(name);
          if (there) {
            const woken = due(there) ? { state: "open" as const, until: 0 } : {};
            model.set(name, { ...there, ...woken, scope: scope ?? there.scope, occurrences: there.occurrences + more });
          } else {
            episodes++;
            const until = silent.get(name) ?? 0;
            model.set(name, { state: until > nowMs ? "suppressed" : "open", until: until > nowMs ? until : 0, scope, occurrences: 1 });
          }
        };
        const idOf = async (name: string) => (await live()).find(({ title }) => title === `drift ${name}`)?.id;
        for (const one of steps) {
          if (one.do === "wait") later(one.minutes * 60_000);
          else if (one.do === "wake") {
            await findings.wake();
            for (const there of model.values()) if (due(there)) Object.assign(there, { state: "open", until: 0 });
          } else if (one.do === "reconcile") {
            for (let times = one.twice ? 2 : 1; times > 0; times--) await reconcile(one.keys, one.scope);
            for (const [name, there] of model)
              if (there.scope === one.scope && !one.keys.includes(name)) {
                silent.set(name, there.until);
                model.delete(name);
              }
            for (const name of one.keys) see(name, one.scope, 0);
          } else if (one.do === "raise") {
            await raise(one.key);
            see(one.key, undefined, 1);
          } else {
            const id = await idOf(one.key);
            const there = model.get(one.key);
            expect(id === undefined).toBe(there === undefined);
            if (id === undefined || there === undefined) continue;
            if (one.do === "acknowledge") {
              await findings.acknowledge({ id }, ada);
              Object.assign(there, { state: "acknowledged", until: 0 });
            } else if (one.do === "suppress") {
              await findings.suppress({ id, until: iso(nowMs + one.minutes * 60_000), reason: "x" }, ada);
              Object.assign(there, { state: "suppressed", until: nowMs + one.minutes * 60_000 });
            } else {
              await findings.resolve({ id, reason: "x" }, ada);
              silent.set(one.key, 0);
              model.delete(one.key);
            }
          }
          const found = await live();
          const seen = found.map(({ title, state, occurrences, suppressedUntil }) => [title, state, occurrences, suppressedUntil].join());
          const told = [...model].map(([name, { state, occurrences, until }]) =>
            [`drift ${name}`, state, occurrences, until > 0 ? iso(until) : undefined].join(),
          );
          expect(seen.sort()).toEqual(told.sort());
        }
        expect((await findings.list({ limit: 500 }, ada)).items).toHaveLength(episodes);
      }),
      { numRuns: 150 },
    );
  });
});
