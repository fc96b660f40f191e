/** A person who did a bit of everything, and is erased: what of them is anywhere in the database then. */
import { createClient, type Client } from "@holdfast/contract";
import { Secret } from "@holdfast/kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionCookie } from "#core/identity";
import { certificateRequest } from "#test/certificates";
import { runHoldfast } from "#test/holdfast-program";
import { opened } from "#test/identity";
import { sql } from "kysely";
import { problemOf } from "./expectations.ts";
import { deviceData } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";

const name = "zyxa lovelace";
const email = "zyxa.lovelace@mail.invalid";
const address = "198.51.100.77";

let scene: Scene;
let personId: string;
let hers: Client;
let herKey: string;
beforeAll(async () => {
  scene = await setScene({ pairs: 1 });
  await arrive();
});
afterAll(() => scene.stop());

/** She is invited, signs in from her address, and takes an API key. */
async function arrive(): Promise<void> {
  const { identity } = scene.holdfast;
  const invited = await scene.client.people.invite({ name, email, grants: [{ role: "admin" }] });
  personId = invited.user.id;
  const token = invited.link?.split("=").at(-1) ?? "";
  const answer = await identity.acceptInvitation({ token, password: "correct horse battery" }, { address, userAgent: "her browser" });
  const wrong = identity.signIn({ name, password: "mistyped by her" }, { address, userAgent: "her browser" });
  await expect(wrong).rejects.toMatchObject({ code: "identity_sign_in_refused" });
  const caller = await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: opened(answer).token } });
  if (!caller) throw new Error("not signed in");
  const { key } = await identity.createKey({ name: "hers", scopes: [...caller.access.keys()], expiresInDays: 1 }, caller);
  herKey = key;
  hers = createClient({ url: scene.url, apiKey: new Secret(key) });
}

/** All rows of all tables as text, by table. */
async function everything(): Promise<Map<string, string>> {
  const { db } = scene.holdfast.database;
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^(pg_|information_schema)'`.execute(db);
  const texts = new Map<string, string>();
  for (const table of tables) {
    const { rows } = await sql<{ text: string }>`
      select coalesce(string_agg(t::text, chr(10)), '') as text from ${sql.raw(table.name)} t`.execute(db);
    texts.set(table.name, rows[0]?.text.toLowerCase() ?? "");
  }
  return texts;
}

/** Which tables have any of these texts, and where. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const found = await everything();
  return [...found].flatMap(([table, all]) =>
    texts.flatMap((text) =>
      all.includes(text) ? [`${table}: …${all.slice(Math.max(0, all.indexOf(text) - 60), all.indexOf(text) + 60)}…`] : [],
    ),
  );
}

async function doABitOfEverything(): Promise<void> {
  const secret = await hers.secrets.create({ name: "hers", value: { kind: "password", username: "x", password: "first" } });
  await scene.holdfast.secrets.lease({ secret: "hers", ttlMs: 60_000 }, { actor: `user:${name}`, purpose: `for user:${name}` });
  await hers.secrets.replace(
    { id: secret.id, value: { kind: "password", username: "x", password: "second" } },
    { context: { ifMatch: secret.etag } },
  );
  await hers.pki.init({ trustDomain: "holdfast.invalid" });
  await hers.pki.issue({ kind: "agent", name: "lyon-1", csr: await certificateRequest("lyon-1") });
  const device = scene.device("r1");
  device.edit(["log syslog informational"]);
  await hers.devices.checkDrift({});
  const [finding] = await scene.openFindings("r1");
  await hers.findings.acknowledge({ id: finding?.id ?? "", note: `seen by user:${name}` });
  const revision = await scene.repository.commit("hers", deviceData(device, "description: hers\n"));
  await sql`update devices.repository set head_author = 'Zyxa Lovelace'`.execute(scene.holdfast.database.db);
  await hers.repositories.sync({ id: "net" });
  const { id: planId, hash: planHash } = await hers.plans.create({ repository: "net", revision, selector: "device=r1" });
  const rollout = await hers.rollouts.create(
    { planId, planHash, strategy: oneByOne, requireApproval: true },
    { context: { idempotencyKey: "hers" } },
  );
  await hers.rollouts.abort({ id: rollout.id, reason: `not today` });
  await hers.identity.createUser({ name: "somebody", password: "correct horse battery", grants: [] });
}

test("the key of checkpoints is rotated on the command line, tried dry first, and both keys are there to take out", async () => {
  const cli = async (line: string) => {
    const env = { HOLDFAST_URL: scene.url, HOLDFAST_API_KEY: herKey };
    return runHoldfast(scene.home, line.split(" "), { env });
  };
  expect(await cli("audit checkpoints --sign")).toMatchObject({ code: 0 });
  const { out: before } = await cli("audit keys");
  expect((await cli("audit rotate-key --dry-run")).out).toMatch(/^Would make a new key in place of [0-9a-f]{16}\.$/m);
  expect((await cli("audit keys")).out).toBe(before);
  const { code, out, err } = await cli("audit rotate-key --reason yearly");
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^The key [0-9a-f]{16} signs from checkpoint \d+ on\./) });
  expect((await cli("audit keys")).out).toBe(before + out);
  expect(await cli("audit verify")).toMatchObject({ code: 0 });
});

test("who is erased is nowhere in the database: neither name nor mail address nor address, and the trail holds", async () => {
  await doABitOfEverything();
  const told = await scene.client.privacy.show({ id: personId });
  expect(told.known).toMatchObject({
    secrets: {
      versions: [
        { secret: "hers", version: 1 },
        { secret: "hers", version: 2 },
      ],
      leases: [{ secret: "hers" }],
    },
    pki: { certificates: [{ name: "lyon-1" }] },
    rollout: { plans: [{}], rollouts: [{ proposed: true }] },
    findings: { acknowledged: [{}] },
  });
  expect(JSON.stringify(told)).not.toMatch(/first"|second"/);
  const before = (await tablesWith(name, email, address)).map((one) => one.split(":")[0]);
  for (const table of [
    'identity."user"',
    "identity.session",
    "audit.person",
    "secrets.version",
    "secrets.lease",
    "pki.certificate",
    "rollout.rollout",
    "rollout.journal",
    "findings.finding",
    "platform.idempotency_key",
  ])
    expect(before).toContain(table);
  const trail = (await everything()).get("audit.entry") ?? "";
  for (const text of [name, email, address]) expect(trail).not.toContain(text);
  const wish = { id: personId, confirm: name, reason: "by letter" };
  const dry = await scene.client.privacy.erase({ ...wish, dryRun: true });
  expect(dry).toMatchObject({
    done: false,
    erased: {
      identity: { user: 1, grant: 1 },
      secrets: { versions: 2, leases: 1 },
      pki: { certificates: 1 },
      rollout: { plans: 1, rollouts: 1 },
    },
  });
  expect((await tablesWith(name)).length).toBeGreaterThan(0);
  const done = await scene.client.privacy.erase(wish, { context: { idempotencyKey: "erase" } });
  expect(done).toMatchObject({ done: true, erased: dry.erased });
  expect(await tablesWith(name, email, address)).toEqual([]);
  expect(await scene.holdfast.keeping.checkpoints.verify()).toMatchObject({ ok: true });
  const { audit } = scene.holdfast;
  const [last] = (await audit.list({ action: "privacy.person.erase" })).items;
  expect(last).toMatchObject({ actor: "user:ada", subject: done.pseudonym, reason: "by letter", severity: "critical" });
  expect((await audit.list({ actor: `user:${name}` })).items).toEqual([]);
  expect((await audit.list({ actor: done.pseudonym })).items.length).toBeGreaterThan(5);
  expect(await problemOf(scene.client.privacy.show({ id: personId }))).toMatchObject({ code: "privacy_person_missing" });
});
