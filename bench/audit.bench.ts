/** The audit trail at a million entries: recorded and verified entries a second, time of queries, beside a plain table of the same rows without chain, pseudonyms or words. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { auditActionOf, auditActions } from "../packages/contract/src/index.ts";
import { chainText, genesis } from "../packages/kit/src/index.ts";
import { createAudit, type Audit, type AuditQuery } from "../packages/server/src/core/audit/index.ts";
import { canonicalEntry } from "../packages/server/src/core/audit/canonical.ts";
import { newPerson, type Person } from "../packages/server/src/core/audit/pseudonyms.ts";
import { inTransaction, openDatabase, type Database } from "../packages/server/src/platform/db.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { prepareSchema } from "../packages/server/src/platform/schema.ts";

const rows = Number(process.argv[2] ?? 1_000_000);
const people = 40;
const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
const actions = [...auditActions.keys()];
const sites = ["lyon", "berlin", "madrid", "oslo", "porto", "turin", "basel", "ghent"];

/** Rows at random places by a linear congruential generator, so that every run measures the same. */
let state = 12_345;
function pick<T>(list: readonly T[]): T {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return list[(state >>> 8) % list.length] as T;
}

interface Row {
  seq: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  severity: string;
  reason: string | null;
  canonical: string;
  hash: string;
}

function* madeRows(persons: readonly Person[], devices: readonly string[]): Generator<Row> {
  let hash = genesis;
  for (let seq = 1; seq <= rows; seq++) {
    const at = new Date(from + Math.floor((seq / rows) * 90 * dayMs));
    const action = pick(actions);
    const [actor, subject] = [`user:~${pick(persons).pseudonym}`, `device:${pick(devices)}`];
    const { severity } = auditActionOf(action);
    const reason = seq % 5 === 0 ? `ticket ${seq} for ${pick(sites)}` : undefined;
    const change = { before: { port: 22, site: pick(sites) }, after: { port: 2222, site: pick(sites) } };
    const canonical = canonicalEntry({ at: at.toISOString(), severity, actor, action, subject, reason, ...change });
    hash = createHash("sha256")
      .update(chainText(seq, hash, canonical))
      .digest("hex");
    yield { seq, at, actor, action, subject, severity, reason: reason ?? null, canonical, hash };
  }
}

const indexes = ["entry_at", "entry_actor", "entry_action", "entry_subject", "entry_severity", "entry_words"];

/** As the owner of the tables, who alone may take their triggers and indexes away. */
async function seed({ pool: owner }: Database, persons: readonly Person[], devices: readonly string[]): Promise<void> {
  await owner.query("set statement_timeout = 0; set maintenance_work_mem = '256MB'");
  for (const { pseudonym, name, key } of persons)
    await owner.query("insert into audit.person (pseudonym, name, key) values ($1, $2, $3)", [pseudonym, name, key]);
  const { rows: defs } = await owner.query<{ indexdef: string }>("select indexdef from pg_indexes where indexname = any($1)", [indexes]);
  await owner.query(`drop index ${indexes.map((name) => `audit.${name}`).join(", ")}; alter table audit.head disable trigger all`);
  let batch: Row[] = [];
  const flush = async (): Promise<void> => {
    const columns = ["seq", "at", "actor", "action", "subject", "severity", "reason", "canonical", "hash"] as const;
    const values = columns.map((column) => batch.map((row) => row[column]));
    await owner.query(
      `insert into audit.entry (${columns.join(", ")}) select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])`,
      values,
    );
    batch = [];
  };
  let last: Row | undefined;
  for (const row of madeRows(persons, devices)) {
    batch.push(row);
    last = row;
    if (batch.length === 5000) await flush();
  }
  await flush();
  await owner.query("update audit.head set seq = $1, hash = $2", [last?.seq, last?.hash]);
  await owner.query("alter table audit.head enable always trigger head_stays; alter table audit.head enable always trigger head_steps");
  for (const { indexdef } of defs) await owner.query(indexdef);
  await owner.query("vacuum analyze audit.entry");
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
};
const percentile = (times: number[], at: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * at))] ?? 0;
const say = (what: string, figure: string): void => console.log(`  ${what.padEnd(52)} ${figure}`);

const dayFrom = (since: string) => ({ since, until: new Date(Date.parse(since) + dayMs).toISOString() });

/** Kinds of questions; each is asked with other values every time. */
function questions(devices: readonly string[]): Record<string, () => AuditQuery> {
  const day = () => new Date(from + Math.floor(pick(Array.from({ length: 89 }, (_, at) => at)) * dayMs)).toISOString();
  const person = () => `user:person${pick(Array.from({ length: people }, (_, at) => at))}`;
  return {
    newest: () => ({}),
    "of a person": () => ({ actor: person() }),
    "an action": () => ({ action: pick(actions) }),
    "actions of a module": () => ({ action: `${pick(["devices", "secrets", "rollout", "pki"])}.` }),
    "a type": () => ({ type: pick(["login_attempt", "deployment", "key_rotation", "privacy_request"] as const) }),
    "done to a device": () => ({ subject: `device:${pick(devices)}` }),
    "a severity": () => ({ severity: pick(["info", "warning", "critical"] as const) }),
    "one day of three months": () => ({ ...dayFrom(day()) }),
    "a person, before a day": () => ({ actor: person(), until: day() }),
    "critical, of a person, since a day": () => ({ actor: person(), severity: "critical", since: day() }),
    "free text, a rare word": () => ({ q: `ticket ${5 * pick(Array.from({ length: 999 }, (_, at) => at * Math.floor(rows / 5000) + 1))}` }),
    "free text, a word of every eighth entry": () => ({ q: pick(sites) }),
    "free text, two words": () => ({ q: `${pick(sites)} ${pick(["secret", "device", "finding"])}` }),
    "free text, a person": () => ({ q: person().slice(5) }),
  };
}

async function measureQueries({ db }: Database, audit: Audit, devices: readonly string[]): Promise<void> {
  const all: number[] = [];
  const idle: number[] = [];
  for (let i = 0; i < 60; i++) idle.push(1000 * (await seconds(() => sql`select 1`.execute(db))));
  say(
    "a question that asks nothing (what the machine adds)",
    `p50 ${percentile(idle, 0.5).toFixed(1)} ms  p95 ${percentile(idle, 0.95).toFixed(1)} ms`,
  );
  for (const [what, ask] of Object.entries(questions(devices))) {
    const times: number[] = [];
    for (let i = 0; i < 60; i++) {
      const query = { ...ask(), limit: 50 };
      times.push(1000 * (await seconds(() => audit.list(query))));
    }
    all.push(...times);
    say(`query: ${what}`, `p50 ${percentile(times, 0.5).toFixed(1)} ms  p95 ${percentile(times, 0.95).toFixed(1)} ms`);
  }
  say("query: all kinds", `p50 ${percentile(all, 0.5).toFixed(1)} ms  p95 ${percentile(all, 0.95).toFixed(1)} ms  (to reach: p95 < 10 ms)`);
}

async function measureAppends({ db }: Database, audit: Audit, owner: Database): Promise<void> {
  const entry = {
    actor: "user:person1",
    action: "devices.device.update",
    subject: "device:dev_7",
    before: { port: 22 },
    after: { port: 2222 },
  };
  const count = 1000;
  const times: number[] = [];
  const one = async (): Promise<void> => void times.push(1000 * (await seconds(() => inTransaction(db, (tx) => audit.record(tx, entry)))));
  const alone = await seconds(async () => {
    for (let i = 0; i < count; i++) await one();
  });
  say(
    "recorded, one by one",
    `${Math.round(count / alone)} entries/s  p95 ${percentile(times, 0.95).toFixed(1)} ms  (to reach: p95 < 5 ms)`,
  );
  const together = await seconds(() =>
    inTransaction(db, async (tx) => {
      for (let i = 0; i < 5 * count; i++) await audit.record(tx, entry);
    }),
  );
  say("recorded, 5000 in one transaction", `${Math.round((5 * count) / together)} entries/s`);
  await owner.pool.query(
    "create table public.plain (id bigserial primary key, at timestamptz, actor text, action text, subject text, doc text); grant insert on public.plain to public; grant usage on sequence public.plain_id_seq to public",
  );
  const plain = await seconds(async () => {
    for (let i = 0; i < count; i++)
      await inTransaction(db, (tx) =>
        sql`insert into public.plain (at, actor, action, subject, doc) values (now(), ${entry.actor}, ${entry.action}, ${entry.subject}, ${JSON.stringify(entry)})`.execute(
          tx,
        ),
      );
  });
  say(
    "peer: the same into a plain table, one by one",
    `${Math.round(count / plain)} entries/s; the trail has ${(plain / alone).toFixed(2)} of its rate`,
  );
}

const home = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const database = await openDatabase({ home, log: silentLog });
const { ownerUrl } = database;
const owner = await openDatabase({ home, url: ownerUrl, ownerUrl, log: silentLog, connections: 1 });
try {
  await prepareSchema({ database, log: silentLog });
  const audit = createAudit({ db: database.db });
  const persons = Array.from({ length: people }, (_, at) => newPerson(`person${at}`));
  const devices = Array.from({ length: 2000 }, (_, at) => `dev_${at}`);
  console.log(`audit, ${rows} entries; load average ${loadavg()[0]?.toFixed(1)}`);
  say("seeded", `${(await seconds(() => seed(owner, persons, devices))).toFixed(0)} s`);
  await measureQueries(database, audit, devices);
  await measureAppends(database, audit, owner);
  const verifying = await seconds(async () => {
    const found = await audit.verify();
    if (!found.ok) throw new Error(found.say);
  });
  say("verified", `${Math.round(rows / verifying)} entries/s`);
  let size = 0;
  const exporting = await seconds(async () => {
    for await (const piece of audit.export()) size += piece.length;
  });
  say(
    "exported as JSON lines",
    `${Math.round(rows / exporting)} entries/s, ${Math.round(size / 2 ** 20)} MB, RSS ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`,
  );
} finally {
  await owner.stop();
  await database.stop();
  rmSync(home, { recursive: true, force: true });
}
