/** A whole API on which two sites, Lyon and Turin, have one thing of each kind, and callers who may see one of them or both. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Grant, Plan, Rollout } from "@holdfast/contract";
import { sql } from "kysely";
import { configHash } from "../src/domains/devices/versions.ts";
import { targetOf } from "../src/domains/devices/planning.ts";
import { findDevice } from "../src/domains/devices/store.ts";
import { configKind } from "../src/domains/devices/payload.ts";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { silentLog } from "#platform/log";
import { bySystem, type Asker } from "#platform/reach";
import { loadSettings } from "#platform/settings";
import { inTransaction, type Db } from "#platform/db";
import { sessionCookie } from "#core/identity";
import { testDatabase } from "#test/database";
import { opened } from "#test/identity";

export type Site = "lyon" | "turin";

/** Ids of the things of one site. */
export interface SiteThings {
  device: string;
  name: string;
  /** Two kept configurations of the device, the newer one first. */
  version: string;
  older: string;
  plan: Plan;
  rollout: Rollout;
  finding: string;
  repository: string;
}

export interface Answer {
  status: number;
  /** As `JSON.parse` gives it. */
  body: ReturnType<typeof JSON.parse>;
}

export interface Call {
  body?: unknown;
  headers?: Record<string, string>;
}

export type Caller = (method: string, path: string, call?: Call) => Promise<Answer>;

/** Calls as somebody; `headers` are what a request of theirs shows. */
export type Person = Caller & { id: string; headers: Record<string, string> };

export interface TwoSites {
  holdfast: Holdfast;
  url: string;
  db: Db;
  lyon: SiteThings;
  turin: SiteThings;
  /** Whoever made all of it. */
  maker: Asker;
  /** A plan and a rollout with a target on either site. */
  both: { plan: Plan; rollout: Rollout };
  /** A person with these grants, who signed in just now. */
  as(name: string, grants: Grant[]): Promise<Person>;
  plan(...devices: string[]): Promise<Plan>;
  /** Proposes it, without starting. */
  rollOut(plan: Plan): Promise<Rollout>;
  raise(device: string, kind: string): Promise<string>;
  /** Tells two states of what is kept apart. */
  fingerprint(): Promise<string>;
  stop(): Promise<void>;
}

const running = "hostname r1\n!\ninterface eth0\n ip address 10.0.0.1/24\n!\n";
const maker = bySystem("test");

export async function twoSites(): Promise<TwoSites> {
  const database = await testDatabase();
  const home = mkdtempSync(join(tmpdir(), "holdfast-sites-"));
  const settings = loadSettings({
    HOLDFAST_HOME: home,
    HOLDFAST_PORT: "0",
    HOLDFAST_ROLES: "api",
    HOLDFAST_RATE_LIMIT_USER: "0",
    HOLDFAST_RATE_LIMIT_ADDRESS: "0",
    DATABASE_URL: database.ownerUrl,
  });
  const patience = { connectMs: 500, handshakeMs: 500, authMs: 500, promptMs: 500, timeoutMs: 500 };
  const holdfast = await compose({ settings, log: silentLog, localRepositories: true, patience });
  const url = (await holdfast.start()) ?? "";
  const { db } = database;
  const acts = actsOn(holdfast, db);
  const lyon = await acts.furnish("lyon", home);
  const turin = await acts.furnish("turin", home);
  const plan = await acts.plan(lyon.device, turin.device);
  return {
    holdfast,
    url,
    db,
    lyon,
    turin,
    maker,
    both: { plan, rollout: await acts.rollOut(plan) },
    plan: acts.plan,
    rollOut: acts.rollOut,
    raise: acts.raise,
    as: (name, grants) => callerWith(holdfast, url, { name, grants }),
    fingerprint: () => fingerprintOf(db),
    async stop() {
      await holdfast.stop();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function actsOn({ devices, rollouts, findings, secrets }: Holdfast, db: Db) {
  const rowOf = async (device: string) => {
    const row = await findDevice(db, device);
    if (!row) throw new Error(`${device} is gone`);
    return row;
  };

  async function plan(...ids: string[]): Promise<Plan> {
    const rows = await Promise.all(ids.map(rowOf));
    const payload = {
      platform: "frr",
      base: running,
      intended: running,
      health: { checks: [], settleMs: 0, patienceMs: 0 },
      downOnPurpose: [],
    };
    const change = { kind: configKind, summary: "+1", diff: [], added: 1, removed: 0, baseHash: configHash(running, "frr"), payload };
    const changes = rows.map((row) => ({ ...change, target: targetOf(row) }));
    const title = rows.length === 1 ? `A change of ${rows[0]?.name}` : "A change";
    return inTransaction(db, (tx) =>
      rollouts.proposePlan(tx, { origin: "test", title, createdBy: maker.actor, changes, unchanged: 0, problems: [] }, maker),
    );
  }

  const rollOut = ({ id, hash }: Plan): Promise<Rollout> =>
    rollouts.propose({ planId: id, planHash: hash, strategy: { kind: "direct", reason: "a test" }, start: false }, maker);

  async function raise(device: string, kind: string): Promise<string> {
    const { name } = await rowOf(device);
    const about = { source: "test", kind, subject: `device:${device}`, subjectName: name, severity: "high" as const };
    return (await inTransaction(db, (tx) => findings.raise(tx, { ...about, title: `${kind} of ${name}`, detail: name }))).id;
  }

  async function furnish(site: Site, home: string): Promise<SiteThings> {
    const value = { kind: "password" as const, username: "admin", password: "hunter2" };
    await secrets.create({ name: `${site}/device`, value }, maker);
    const { id, name } = await devices.inventory.create(
      {
        name: `r-${site}`,
        platform: "frr",
        address: "127.0.0.1",
        port: 1,
        site,
        labels: {},
        credential: `${site}/device`,
        driftMode: "alert",
      },
      maker,
    );
    const repository = await devices.repositories.create(
      { name: `net-${site}`, url: `file://${home}/none-${site}`, branch: "main", pollMs: 3_600_000 },
      maker,
    );
    const keep = (text: string) =>
      inTransaction(db, async (tx) => (await devices.versions.keep(tx, await rowOf(id), { text, reason: "by hand" })).version.id);
    const [older, version] = [await keep(running), await keep(`${running}router ospf\n`)];
    await sql`update devices.device set repository_id = ${repository.id}, running_version = ${version}, expected_version = ${older},
      running_hash = 'is', expected_hash = 'was', drifted_since = now() where id = ${id}`.execute(db);
    const made = await plan(id);
    return {
      device: id,
      name,
      version,
      older,
      plan: made,
      rollout: await rollOut(made),
      finding: await raise(id, "drift"),
      repository: repository.id,
    };
  }

  return { plan, rollOut, raise, furnish };
}

async function callerWith({ identity }: Holdfast, url: string, { name, grants }: { name: string; grants: Grant[] }): Promise<Person> {
  const { id } = await identity.createUser({ name, grants }, { actor: maker.actor, access: "unlimited" });
  const { token } = await identity.createSignInLink(name, { actor: maker.actor });
  const session = opened(await identity.redeemLink(token, { address: "127.0.0.1", userAgent: "test" }));
  const own = { cookie: `${sessionCookie}=${session.token}`, "sec-fetch-site": "same-origin" };
  const call: Caller = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...own, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };
  return Object.assign(call, { id, headers: own });
}

async function fingerprintOf(db: Db): Promise<string> {
  const tables = ["devices.device", "devices.version", "devices.repository", "findings.finding", "assets.asset"];
  const ours = ["rollout.plan", "rollout.plan_change", "rollout.rollout", "rollout.target", "rollout.hold", "rollout.journal"];
  const sums = [...tables, ...ours].map(
    (table) =>
      sql`select ${table} as t, md5(coalesce(string_agg(row::text, '' order by row::text), '')) as sum from ${sql.table(table)} as row`,
  );
  const { rows } = await sql`${sql.join(sums, sql` union all `)}`.execute(db);
  return JSON.stringify(rows);
}
