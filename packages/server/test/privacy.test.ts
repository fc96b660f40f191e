import type { Privacy } from "#core/audit";
import { identityWorld, type IdentityWorld } from "#test/identity";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { privacyOf } from "../src/apps/people.ts";

const by = { actor: "user:root", requestId: "req_9" };
const reason = "asked by letter";
let world: IdentityWorld;
let privacy: Privacy;

beforeAll(async () => {
  world = await identityWorld();
  const { db, audit, clock } = world;
  privacy = privacyOf({ db, audit, clock });
});
afterAll(() => world.database.drop());
beforeEach(async () => {
  await world.empty();
  await world.database.pool.query("delete from rollout.journal; delete from rollout.rollout; delete from rollout.plan");
});

/** Every text that the database holds anywhere, but for what is derived from others. */
async function everything(): Promise<string> {
  const { pool } = world.database;
  const { rows: tables } = await pool.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('audit', 'identity', 'rollout', 'findings', 'secrets')",
  );
  let text = "";
  for (const { name } of tables)
    text += (await pool.query<{ all: string }>(`select coalesce(string_agg(t::text, ' '), '') as all from ${name} t`)).rows[0]?.all;
  return text;
}

test("everything about a person comes as JSON, from every module that knows something, without secrets", async () => {
  await world.make("root");
  const ada = await world.make("ada lovelace", "operator");
  await world.signIn("ada lovelace");
  const told = await privacy.tell(ada.id, by);
  expect(told).toMatchObject({ format: "holdfast.person.1", person: { id: ada.id, name: "ada lovelace" } });
  expect(told.known["identity"]).toMatchObject({
    user: [{ name: "ada lovelace" }],
    grant: [{ role: "operator" }],
    session: [{ address: "192.0.2.7" }],
  });
  const { did, wasDoneToThem } = told.known["audit"] as { did: { action: string }[]; wasDoneToThem: { action: string }[] };
  expect(did.map(({ action }) => action)).toContain("identity.session.open");
  expect(wasDoneToThem.map(({ action }) => action)).toContain("identity.user.create");
  expect(JSON.stringify(told)).not.toMatch(/_hash"|\$argon2|sealed/);
  expect((await world.lastEntries(1))[0]).toMatchObject({
    action: "privacy.person.export",
    actor: "user:root",
    subject: "user:ada lovelace",
  });
});

test("who is erased is found nowhere in the database, and the chain holds", async () => {
  const { pool } = world.database;
  await world.make("root");
  const ada = await world.make("Zyxalovelace", "operator");
  await world.signIn("Zyxalovelace");
  await pool.query(`
    insert into rollout.plan (id, hash, origin, title, unchanged, problems, created_at, created_by)
      values ('pln_1', 'h', 'git', 't', 0, '[]', now(), 'user:Zyxalovelace');
    insert into rollout.rollout (id, plan_id, plan_hash, title, state, strategy, limits, waves, auto_start, parallel, touches, created_at, created_by, approved_by)
      values ('rol_1', 'pln_1', 'h', 't', 'done', '{}', '{}', '[]', false, 1, 1, now(), 'user:root', 'user:Zyxalovelace');`);
  expect(await everything()).toContain("Zyxalovelace");
  const dry = await privacy.erase({ id: ada.id, confirm: "Zyxalovelace", reason, dryRun: true }, by);
  expect(dry).toMatchObject({ done: false, erased: { identity: { user: 1, session: 1, grant: 1 }, rollout: { plans: 1, rollouts: 1 } } });
  expect(await world.identity.authenticate({ headers: {}, cookies: {} })).toBeUndefined();
  expect(await everything()).toContain("Zyxalovelace");
  const done = await privacy.erase({ id: ada.id, confirm: "Zyxalovelace", reason }, by);
  expect(done).toMatchObject({ done: true, erased: dry.erased });
  expect((await everything()).toLowerCase()).not.toContain("zyxalovelace");
  expect(await world.audit.verify()).toMatchObject({ ok: true });
  const [last] = await world.lastEntries(1);
  expect(last).toMatchObject({ action: "privacy.person.erase", actor: "user:root", subject: done.pseudonym, reason, severity: "critical" });
  expect((await world.audit.list({ actor: "user:Zyxalovelace" })).items).toEqual([]);
  expect((await world.audit.list({ actor: done.pseudonym })).items.length).toBeGreaterThan(0);
  await expect(privacy.tell(ada.id, by)).rejects.toMatchObject({ code: "privacy_person_missing" });
});

test("the last administrator stays, and so does everything else then", async () => {
  const root = await world.make("root");
  await expect(privacy.erase({ id: root.id, confirm: "root", reason }, by)).rejects.toMatchObject({ code: "identity_last_admin" });
  await expect(privacy.erase({ id: root.id, confirm: "root", reason, dryRun: true }, by)).rejects.toMatchObject({
    code: "identity_last_admin",
  });
  expect((await privacy.tell(root.id, by)).known["identity"]).toMatchObject({ user: [{ name: "root" }] });
  await world.make("other");
  expect(await privacy.erase({ id: root.id, confirm: "root", reason }, by)).toMatchObject({ done: true });
});

test("nobody is erased by a mistyped id", async () => {
  const root = await world.make("root");
  await expect(privacy.erase({ id: root.id, confirm: "rot", reason }, by)).rejects.toMatchObject({ code: "privacy_not_confirmed" });
  await expect(privacy.erase({ id: "usr_none", confirm: "root", reason }, by)).rejects.toMatchObject({ code: "privacy_person_missing" });
});
