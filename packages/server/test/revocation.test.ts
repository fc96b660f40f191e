/** Three replicas on one database: what is taken away on one counts on all of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, follow, grantable, type Client } from "@holdfast/contract";
import { isProblem, Secret } from "@holdfast/kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { sessionCookie } from "#core/identity";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { opened } from "./identity.ts";

const root = { actor: "system:test", access: "unlimited" } as const;
const password = "correct horse battery";
/** What the product promises. */
const promisedMs = 5_000;

let database: TestDatabase;
let home: string;
const replicas: { holdfast: Holdfast; url: string }[] = [];
let names = 0;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-revocation-"));
  const settings = loadSettings({ DATABASE_URL: database.url, HOLDFAST_HOME: home, HOLDFAST_PORT: "0" });
  for (let i = 0; i < 3; i++) {
    const holdfast = await compose({ settings, log: silentLog });
    replicas.push({ holdfast, url: (await holdfast.start()) ?? "" });
  }
});
afterAll(async () => {
  for (const { holdfast } of replicas) await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const [first, second, third] = [0, 1, 2].map((i) => () => replicas[i] as (typeof replicas)[number]) as [
  () => { holdfast: Holdfast; url: string },
  () => { holdfast: Holdfast; url: string },
  () => { holdfast: Holdfast; url: string },
];

function withCookie(url: string, token: string): Client {
  return createClient({ url, headers: { cookie: `${sessionCookie}=${token}` } });
}

/** The status that each replica answers. */
async function statuses(headers: Record<string, string>): Promise<number[]> {
  return Promise.all(replicas.map(async ({ url }) => (await fetch(`${url}/api/v1/auth/me`, { headers })).status));
}

/** Milliseconds until every replica answers `status`; asked again and again, so that each has it in its cache. */
async function untilAll(what: string, status: number, headers: Record<string, string>): Promise<number> {
  const startedMs = performance.now();
  await vi.waitUntil(async () => (await statuses(headers)).every((one) => one === status), { timeout: promisedMs, interval: 10 });
  took[what] = Math.round(performance.now() - startedMs);
  return took[what];
}

const took: Record<string, number> = {};
afterAll(() => process.stdout.write(`until every replica knew, ms: ${JSON.stringify(took)}\n`));

describe("counts on every replica within five seconds:", () => {
  let user: { id: string; etag: string; name: string };
  let token: string;
  let headers: Record<string, string>;

  beforeEach(async () => {
    const name = `user${names++}`;
    const { identity } = first().holdfast;
    user = await identity.createUser({ name, grants: [{ role: "operator" }], password }, root);
    ({ token } = opened(await identity.signIn({ name, password }, {})));
    headers = { cookie: `${sessionCookie}=${token}` };
    expect(await statuses(headers)).toEqual([200, 200, 200]);
  });

  test("signing out", async () => {
    await withCookie(first().url, token).identity.signOut();
    expect((await fetch(`${first().url}/api/v1/auth/me`, { headers })).status).toBe(401); // there at once
    expect(await untilAll("sign out", 401, headers)).toBeLessThan(promisedMs);
  });

  test("one session ended from another", async () => {
    const other = opened(await first().holdfast.identity.signIn({ name: user.name, password }, { userAgent: "curl/8" }));
    const mine = withCookie(second().url, other.token);
    const { items } = await mine.sessions.list();
    expect(items.map(({ current, device }) => [current, device])).toEqual([
      [true, "curl"],
      [false, "unknown"],
    ]);
    await mine.sessions.revoke({ id: items[1]?.id ?? "" });
    expect(await untilAll("one session", 401, headers)).toBeLessThan(promisedMs);
    expect(await statuses({ cookie: `${sessionCookie}=${other.token}` })).toEqual([200, 200, 200]);
  });

  test("all sessions but this one", async () => {
    const other = opened(await first().holdfast.identity.signIn({ name: user.name, password }, {}));
    expect(await withCookie(third().url, other.token).sessions.revokeOthers()).toEqual({ ended: 1 });
    expect(await untilAll("other sessions", 401, headers)).toBeLessThan(promisedMs);
    expect(await statuses({ cookie: `${sessionCookie}=${other.token}` })).toEqual([200, 200, 200]);
  });

  test("a disabled user", async () => {
    await second().holdfast.identity.updateUser({ id: user.id, etag: user.etag, disabled: true }, root);
    expect(await untilAll("disabled", 401, headers)).toBeLessThan(promisedMs);
  });

  test("a user disabled by hand, in the database", async () => {
    await database.pool.query("update identity.user set disabled = true where id = $1", [user.id]);
    expect(await untilAll("disabled by hand", 401, headers)).toBeLessThan(promisedMs);
  });

  test("a role taken away", async () => {
    const may = async (): Promise<boolean[]> =>
      Promise.all(replicas.map(async ({ url }) => (await withCookie(url, token).identity.me()).permissions.includes("devices:write")));
    expect(await may()).toEqual([true, true, true]);
    await third().holdfast.identity.updateUser({ id: user.id, etag: user.etag, grants: [{ role: "viewer" }] }, root);
    const startedMs = performance.now();
    await vi.waitUntil(async () => !(await may()).includes(true), { timeout: promisedMs, interval: 10 });
    took["role"] = Math.round(performance.now() - startedMs);
  });

  test("an API key that is revoked", async () => {
    const { identity } = first().holdfast;
    const caller = await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: token } });
    if (!caller) throw new Error("not signed in");
    const { id, key } = await identity.createKey({ name: "ci", scopes: [], expiresInDays: 1 }, caller);
    const withKey = { authorization: `Bearer ${key}` };
    expect(await statuses(withKey)).toEqual([200, 200, 200]);
    await second().holdfast.identity.revokeKey(id, caller);
    expect(await untilAll("API key", 401, withKey)).toBeLessThan(promisedMs);
  });

  test("a live stream, which closes", async () => {
    const client = withCookie(second().url, token);
    const { promise: live, resolve } = Promise.withResolvers<void>();
    const stream = (async () => {
      for await (const _event of follow(client, { onState: (state) => state === "live" && resolve() })) void _event;
    })().catch((thrown: unknown) => thrown);
    await live;
    const startedMs = performance.now();
    await first().holdfast.identity.revokeSessionsOf({ userId: user.id }, root);
    const thrown = await stream; // `follow` tries again, and is told that it may not
    took["live stream, with the wait before it connects again"] = Math.round(performance.now() - startedMs);
    expect(isProblem(thrown) && thrown.kind).toBe("unauthenticated");
    expect(took["live stream, with the wait before it connects again"]).toBeLessThan(promisedMs);
  });

  test("everything of everybody, counted first without a change", async () => {
    const { identity } = first().holdfast;
    const admin = await identity.createUser({ name: `admin${names}`, grants: [{ role: "admin" }], password }, root);
    const { token: adminToken } = opened(await identity.signIn({ name: admin.name, password }, {}));
    const { key } = await identity.createKey(
      { name: "ci", scopes: [...grantable], expiresInDays: 1 },
      (await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: adminToken } })) ?? never(),
    );
    const api = createClient({ url: third().url, apiKey: new Secret(key) });
    const counted = await api.tokens.revokeAll({ apiKeys: true, dryRun: true });
    expect(counted.sessions).toBeGreaterThanOrEqual(2);
    expect(await statuses(headers)).toEqual([200, 200, 200]);
    expect(await api.tokens.revokeAll({ apiKeys: true, reason: "a laptop was stolen" })).toEqual(counted);
    expect(await untilAll("everything", 401, headers)).toBeLessThan(promisedMs);
    expect(await untilAll("every API key", 401, { authorization: `Bearer ${key}` })).toBeLessThan(promisedMs);
    const [entry] = (await first().holdfast.audit.list({ action: "identity.token.revoke_all" })).items;
    const { apiKeys: keys, ...after } = counted;
    expect(entry).toMatchObject({ actor: `user:${admin.name}`, after: { ...after, keys }, reason: "a laptop was stolen" });
  });
});

test("when changes are not heard, the cache keeps nothing longer than five seconds", async () => {
  // A session ended where no trigger tells of it.
  const { identity } = first().holdfast;
  const { name } = await identity.createUser({ name: "silent", grants: [{ role: "viewer" }], password }, root);
  const headers = { cookie: `${sessionCookie}=${opened(await identity.signIn({ name, password }, {})).token}` };
  expect(await statuses(headers)).toEqual([200, 200, 200]);
  await database.owner.query(
    "begin; alter table identity.session disable trigger session_ended; delete from identity.session; alter table identity.session enable trigger session_ended; commit",
  );
  expect(await untilAll("without any event", 401, headers)).toBeLessThan(promisedMs);
});

function never(): never {
  throw new Error("not signed in");
}
