import { contract, createClient, routesOf, type LiveEvent, type Permission } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { twoSites, type Answer, type Call, type Caller, type Person, type SiteThings, type TwoSites } from "#test/two-sites";

/** How a route is called for the things of a site, and what it answers then to somebody who may do everything there. */
interface Entry {
  at: (things: SiteThings) => string;
  call?: Call | ((things: SiteThings) => Call);
  /** Status, where the thing is in reach. */
  open: number;
}

const etag = { "if-match": '"none"' };
const because = { reason: "as a test" };
const device = (things: SiteThings): string => `/devices/${things.device}`;
const version = (things: SiteThings): string => `${device(things)}/versions/${things.version}`;
const plan = (things: SiteThings): string => `/plans/${things.plan.id}`;
const rollout = (things: SiteThings): string => `/rollouts/${things.rollout.id}`;
const finding = (things: SiteThings): string => `/findings/${things.finding}`;
const repository = (things: SiteThings): string => `/repositories/${things.repository}`;
const below = (of: (things: SiteThings) => string, verb: string) => (things: SiteThings) => `${of(things)}/${verb}`;
const key = `SHA256:${"a".repeat(43)}`;

/** Every route on a thing with labels. In this order, what is gone or over is so only after the others were called. */
const labelled: Record<string, Entry> = {
  "devices.get": { at: device, open: 200 },
  "devices.running": { at: below(device, "running"), open: 200 },
  "devices.versions": { at: below(device, "versions"), open: 200 },
  "devices.version": { at: version, open: 200 },
  "devices.versionDiff": { at: below(version, "diff"), open: 200 },
  "devices.hostKey": { at: below(device, "host-key/scan"), open: 503 }, // nothing answers there
  "devices.trustHostKey": { at: below(device, "host-key/trust"), call: { body: { fingerprint: key, ...because } }, open: 503 },
  "devices.restore": { at: below(version, "restore"), open: 503 },
  "devices.revertDrift": { at: below(device, "drift/revert"), open: 503 },
  "devices.update": { at: device, call: { body: { port: 2222 }, headers: etag }, open: 412 },
  "repositories.get": { at: repository, open: 200 },
  "repositories.sync": { at: below(repository, "sync"), open: 200 },
  "repositories.revisions": { at: below(repository, "revisions"), open: 200 },
  "findings.get": { at: finding, open: 200 },
  "findings.acknowledge": { at: below(finding, "acknowledge"), call: { body: {} }, open: 200 },
  "findings.suppress": { at: below(finding, "suppress"), call: { body: { until: "2099-01-01T00:00:00Z", ...because } }, open: 200 },
  "findings.resolve": { at: below(finding, "resolve"), call: { body: because }, open: 200 },
  "plans.get": { at: plan, open: 200 },
  "plans.change": { at: (things) => `${plan(things)}/changes/${things.device}`, open: 200 },
  "rollouts.get": { at: rollout, open: 200 },
  "rollouts.journal": { at: below(rollout, "journal"), open: 200 },
  "rollouts.approve": { at: below(rollout, "approve"), call: { body: {} }, open: 409 }, // it waits for none
  "rollouts.retry": { at: below(rollout, "retry"), call: { body: {} }, open: 409 },
  "rollouts.rollback": { at: below(rollout, "rollback"), call: { body: {} }, open: 409 },
  "rollouts.resume": { at: below(rollout, "resume"), call: { body: {} }, open: 409 },
  "rollouts.start": { at: below(rollout, "start"), call: { body: {} }, open: 200 },
  "rollouts.pause": { at: below(rollout, "pause"), call: { body: {} }, open: 200 },
  "rollouts.giveUp": { at: below(rollout, "give-up"), call: (things) => ({ body: { target: things.device, ...because } }), open: 409 },
  "rollouts.abort": { at: below(rollout, "abort"), call: { body: {} }, open: 200 },
  "devices.remove": { at: device, call: { headers: etag }, open: 412 },
};

/** Every route that tells of many things with labels, and ways to ask it. */
const lists: Record<string, string[]> = {
  "devices.list": ["/devices", "/devices?q=r-", "/devices?selector=name", "/devices?limit=1"],
  "devices.export": ["/devices/export", "/devices/export?format=csv"],
  "devices.drift": ["/drift"],
  "credentials.list": ["/credentials"],
  "repositories.list": ["/repositories"],
  "findings.list": ["/findings", "/findings?q=r-"],
  "plans.list": ["/plans"],
  "rollouts.list": ["/rollouts"],
};
/** Every route that is told by its body what it touches; each has its place in a test below. */
const told = ["devices.create", "devices.import", "devices.backup", "devices.checkDrift", "plans.create", "rollouts.create"];

/** Ids of what has no labels: for those alone who may everywhere. Somebody who may for some labels gets 403, whatever the id. */
const everywhereOnly: Permission[] = [
  ...(["users:read", "users:write", "secrets:read", "secrets:write", "pki:read", "pki:write", "audit:read", "audit:write"] as const),
  "repositories:write",
];
/** Ids of what is one's own: another's is missing. */
const own = ["identity.revokeKey", "factors.remove", "sessions.revoke"];
/** Ids of doors that everybody may knock at before they are anybody. */
const doors = /^federation\.(start|signIn|startLink|linkByPassword|leave)$/;

const routes = routesOf(contract).filter((route) => route.path.includes("{"));
const scoped = routes.filter((route) => route.meta.scoped === true);
const manyOf = routesOf(contract).filter((route) => route.meta.scoped === true && !route.path.includes("{"));

let sites: TwoSites;
let lyra: Caller;
beforeAll(async () => {
  sites = await twoSites();
  lyra = await sites.as("lyra", [{ role: "admin", selector: "site=lyon" }]);
});
afterAll(() => sites.stop());

/** Ids that never were, as long as the real ones. */
const never = (things: SiteThings): SiteThings => {
  const gone = (id: string): string => id.slice(0, -6) + "zzzzzz";
  const { device: id, version: kept, older, finding: found, repository: git } = things;
  const ids = { device: gone(id), version: gone(kept), older: gone(older), finding: gone(found), repository: gone(git) };
  return {
    ...things,
    ...ids,
    plan: { ...things.plan, id: gone(things.plan.id) },
    rollout: { ...things.rollout, id: gone(things.rollout.id) },
  };
};

/** What an answer says, without the ids that were asked for. */
function saying(
  { status, body }: Answer,
  { device: id, name, version: kept, finding: found, repository: git, ...things }: SiteThings,
): unknown {
  const { request_id: _id, ...rest } = body;
  const asked = [id, name, kept, found, git, things.plan.id, things.rollout.id];
  return [status, asked.reduce((text, one) => text.replaceAll(one, "…"), JSON.stringify(rest))];
}

function calling(name: string, { at, call = {} }: Entry, things: SiteThings): Promise<Answer> {
  const { method } = scoped.find((route) => route.name === name) ?? { method: "none" };
  return lyra(method, at(things), typeof call === "function" ? call(things) : call);
}

test("every route that asks for labels has its entry here, and every other that takes an id", () => {
  const known = ({ name, meta }: (typeof routes)[number]): boolean =>
    name in labelled ||
    own.includes(name) ||
    doors.test(name) ||
    (meta.scoped !== true && everywhereOnly.includes(meta.permission ?? "self"));
  expect(routes.filter((route) => !known(route)).map(({ name }) => name)).toEqual([]);
  expect(scoped.map(({ name }) => name).sort()).toEqual(Object.keys(labelled).sort());
  expect(manyOf.map(({ name }) => name).sort()).toEqual([...Object.keys(lists), ...told].sort());
});

describe("who may do everything at one site", () => {
  test("is told of a thing of another site what is told of one that never was, and nothing happens to it", async () => {
    const before = await sites.fingerprint();
    const { turin } = sites;
    for (const [name, entry] of Object.entries(labelled)) {
      const [hidden, nothing] = [await calling(name, entry, turin), await calling(name, entry, never(turin))];
      expect([name, hidden.status]).toEqual([name, 404]);
      expect([name, saying(hidden, turin)]).toEqual([name, saying(nothing, never(turin))]);
    }
    expect(await sites.fingerprint()).toBe(before);
  });

  test("gets through to the things of theirs", async () => {
    for (const [name, entry] of Object.entries(labelled)) {
      const { status, body } = await calling(name, entry, sites.lyon);
      expect([name, status, status === entry.open ? "" : body]).toEqual([name, entry.open, ""]);
    }
  });

  test("gets nowhere with the id of what has no labels", async () => {
    for (const { name, method, path, meta } of routes.filter((route) => everywhereOnly.includes(route.meta.permission ?? "self"))) {
      const { status, body } = await lyra(method, path.replaceAll(/\{\w+\}/g, "none"), {
        headers: etag,
        ...(method === "GET" ? {} : { body: {} }),
      });
      expect([name, meta.scoped, status, body.code]).toEqual([name, undefined, 403, "forbidden"]);
    }
  });

  test("sees the things of theirs in every list, count and file, and no trace of others", async () => {
    const { lyon, turin } = sites;
    for (const path of Object.values(lists).flat()) {
      const seen = JSON.stringify((await lyra("GET", path)).body);
      expect([path, seen.includes("lyon"), seen.includes("turin"), seen.includes(turin.device)]).toEqual([path, true, false, false]);
    }
    const asked = [
      `/findings?subject=device:${turin.device}`,
      `/rollouts?plan=${turin.plan.id}`,
      "/devices?site=turin",
      "/devices?selector=site=turin",
    ];
    for (const path of asked) expect([path, (await lyra("GET", path)).body]).toEqual([path, { items: [] }]);
    const { body: overview } = await lyra("GET", "/overview");
    expect(overview).toMatchObject({ devices: { total: 1, drifted: 1 }, audit: { entries: 0 } });
    expect((await lyra("POST", "/backups", { body: { devices: [turin.device, turin.name] } })).body).toEqual({ items: [] });
    expect((await lyra("POST", "/drift/check", { body: {} })).body).toMatchObject({ checked: 1 });
    const plans = [turin.repository, never(turin).repository, "net-turin"].map((one) =>
      lyra("POST", "/plans", { body: { repository: one } }),
    );
    for (const { status, body } of await Promise.all(plans)) expect([status, body.code]).toEqual([404, "repositories_missing"]);
    const [strange, none] = [turin.version, never(turin).version].map((id) => lyra("GET", `${device(lyon)}/versions/${id}`));
    expect(saying(await strange!, turin)).toEqual(saying(await none!, never(turin)));
  });

  test("gets whole pages, however many others are between", async () => {
    const kinds = ["a", "b", "c"];
    for (const kind of kinds) for (const site of [sites.turin, sites.lyon, sites.turin]) await sites.raise(site.device, kind);
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await lyra("GET", `/findings?state=open&limit=2${cursor}`);
      seen.push(...body.items.map((one: { kind: string }) => one.kind));
      expect(body.items).toHaveLength(body.next === undefined ? body.items.length : 2);
      cursor = body.next === undefined ? "" : `&cursor=${body.next}`;
    } while (cursor !== "");
    expect(seen.slice(0, 3)).toEqual(["c", "b", "a"]);
  });

  test("moves nothing into or out of their reach, and brings no strange credential in", async () => {
    const { lyon, turin } = sites;
    const spec = { name: "r-new", platform: "frr", address: "127.0.0.1", site: "turin" };
    const create = async (more: object) => (await lyra("POST", "/devices", { body: { ...spec, ...more } })).body;
    expect(await create({})).toMatchObject({ code: "forbidden_here" });
    expect(await create({ labels: { site: "lyon" } })).toMatchObject({ code: "forbidden_here" });
    expect(await create({ site: "lyon", bastion: turin.name })).toMatchObject({ code: "devices_bastion_missing" });
    const [known, unknown] = [
      await create({ site: "lyon", credential: "turin/device" }),
      await create({ site: "lyon", credential: "no/such" }),
    ];
    expect(known).toMatchObject({ code: "forbidden_here" });
    expect(known.detail.replace("turin/device", "")).toBe(unknown.detail.replace("no/such", ""));
    expect(await create({ site: "lyon", credential: "lyon/device" })).toMatchObject({ name: "r-new", site: "lyon" });
    const { etag: now } = (await lyra("GET", "/devices/r-new")).body;
    const moved = await lyra("PATCH", "/devices/r-new", { body: { site: "turin" }, headers: { "if-match": `"${now}"` } });
    expect([moved.status, moved.body.code]).toEqual([403, "forbidden_here"]);
    const rows = (...lines: string[]) => ({ format: "csv", content: ["name,platform,address,site", ...lines].join("\n") });
    const imported = await lyra("POST", "/devices/import", {
      body: rows(`${turin.name},frr,127.0.0.9,lyon`, "r-more,frr,127.0.0.1,turin"),
    });
    expect(imported.body).toMatchObject({ created: [], updated: [], errors: [{ say: `There is a device ${turin.name} already.` }, {}] });
    expect((await lyra("POST", "/devices/import", { body: rows("r-more,frr,127.0.0.1,lyon") })).body).toMatchObject({
      created: ["r-more"],
    });
    expect((await lyra("GET", `/devices/${lyon.name}`)).status).toBe(200);
  });

  test("sees their part of what touches other sites too, and acts on it only as a whole", async () => {
    const { lyon, turin, both } = sites;
    const shared = (await lyra("GET", `/plans/${both.plan.id}`)).body;
    expect(shared).toMatchObject({ partial: true, changes: [{ target: lyon.device }] });
    expect((await lyra("GET", `/plans/${both.plan.id}/changes/${lyon.device}`)).status).toBe(200);
    expect((await lyra("GET", `/plans/${both.plan.id}/changes/${turin.device}`)).status).toBe(404);
    const seen = (await lyra("GET", `/rollouts/${both.rollout.id}`)).body;
    expect(seen).toMatchObject({
      partial: true,
      targets: [{ target: lyon.device }],
      counts: { waiting: 1 },
      waves: [{ targets: [lyon.device] }],
    });
    const listed = (await lyra("GET", "/rollouts")).body.items.find(({ id }: { id: string }) => id === both.rollout.id);
    expect(listed).toMatchObject({ partial: true, targetCount: 1 });
    expect((await lyra("GET", `/rollouts/${both.rollout.id}/journal`)).body).toEqual({ items: [] });
    const wanted = { planId: both.plan.id, planHash: both.plan.hash, start: false };
    const before = await sites.fingerprint();
    expect((await lyra("POST", "/rollouts", { body: wanted })).body).toMatchObject({ status: 403, code: "forbidden_here" });
    for (const verb of ["start", "approve", "pause", "resume", "abort", "retry", "rollback"])
      expect([verb, (await lyra("POST", `/rollouts/${both.rollout.id}/${verb}`, { body: {} })).status]).toEqual([verb, 403]);
    expect(await sites.fingerprint()).toBe(before);
    expect((await lyra("POST", "/rollouts", { body: { ...wanted, planId: turin.plan.id, planHash: turin.plan.hash } })).status).toBe(404);
    expect((await lyra("POST", "/rollouts", { body: { ...wanted, planId: lyon.plan.id, planHash: lyon.plan.hash } })).status).toBe(201);
  });
});

test("who may look everywhere and work at one site is told that elsewhere they may not", async () => {
  const vito = await sites.as("vito", [{ role: "viewer" }, { role: "operator", selector: "site=lyon" }]);
  const { turin } = sites;
  expect((await vito("GET", device(turin))).status).toBe(200);
  const refused = await vito("PATCH", device(turin), { body: { port: 23 }, headers: etag });
  expect([refused.status, refused.body.code]).toEqual([403, "forbidden_here"]);
  expect((await vito("POST", `${finding(turin)}/resolve`, { body: because })).body.code).toBe("forbidden_here");
  expect((await vito("POST", `${rollout(turin)}/abort`, { body: {} })).body.code).toBe("forbidden_here");
  expect((await vito("POST", "/rollouts", { body: { planId: turin.plan.id, planHash: turin.plan.hash } })).body.code).toBe(
    "forbidden_here",
  );
  expect((await vito("POST", `${version(turin)}/restore`)).body.code).toBe("forbidden_here");
});

test("who asks what they may do is told where it counts, and of nothing that is of no use to them", async () => {
  const { body } = await lyra("GET", "/auth/me");
  expect(body.permissions).toEqual(expect.arrayContaining(["devices:write", "repositories:read", "rollouts:approve", "devices:reveal"]));
  for (const useless of everywhereOnly) expect(body.permissions).not.toContain(useless);
  expect(body.limited).toContainEqual({ permission: "devices:write", selectors: ["site=lyon"] });
});

test("who may do nothing here is counted nothing", async () => {
  const nemo = await sites.as("nemo", []);
  const { body } = await nemo("GET", "/overview");
  expect(body).toMatchObject({ devices: { total: 0 }, findings: {}, rollouts: { running: 0 }, audit: { entries: 0 } });
  expect(body.say).toBe("No devices that you may see.");
});

test("a device that moves takes its findings, plans and rollouts with it", async () => {
  const toni = await sites.as("toni", [{ role: "admin", selector: "site=genoa" }]);
  const { inventory } = sites.holdfast.devices;
  const moving = await inventory.create(
    { name: "r-moving", platform: "frr", address: "127.0.0.1", port: 1, site: "lyon", labels: {}, driftMode: "alert" },
    sites.maker,
  );
  const things = { finding: await sites.raise(moving.id, "drift"), plan: (await sites.plan(moving.id)).id };
  const statuses = async (who: Caller) =>
    Promise.all(
      [`/devices/${moving.id}`, `/findings/${things.finding}`, `/plans/${things.plan}`].map(
        async (path) => (await who("GET", path)).status,
      ),
    );
  expect([await statuses(lyra), await statuses(toni)]).toEqual([
    [200, 200, 200],
    [404, 404, 404],
  ]);
  const moved = await inventory.update({ id: moving.id, etag: moving.etag, spec: { site: "genoa" } }, sites.maker);
  expect([await statuses(lyra), await statuses(toni)]).toEqual([
    [404, 404, 404],
    [200, 200, 200],
  ]);
  await inventory.remove({ id: moving.id, etag: moved.etag }, sites.maker);
  expect(await statuses(toni)).toEqual([404, 200, 200]);
});

describe("the live stream", () => {
  /** Follows as somebody; `until` gives what came up to the event about this subject, as `type subject`. */
  async function watch({ headers }: Person) {
    const stop = new AbortController();
    const events = await createClient({ url: sites.url, headers }).system.events(undefined, { signal: stop.signal });
    await events.next(); // it is open
    const until = async (type: string, subject: string): Promise<LiveEvent[]> => {
      for (const seen: LiveEvent[] = []; ;) {
        const { value, done } = await events.next();
        if (done === true) return seen;
        seen.push(value);
        if (value.type === type && value.subject === subject) return seen;
      }
    };
    return { until, stop: () => stop.abort() };
  }

  test("tells of what is in reach as it is then, of what leaves it that it is gone, and heeds grants that change", async () => {
    const { inventory } = sites.holdfast.devices;
    const { maker, lyon, turin } = sites;
    const set = async (id: string, spec: { port?: number; site?: string }) => {
      const { version: now } = await inventory.row(id, maker);
      await inventory.update({ id, etag: String(now), spec }, maker);
    };
    const watcher = await sites.as("wanda", [{ role: "viewer", selector: "site=lyon" }]);
    const { until, stop } = await watch(watcher);
    const shared = await sites.rollOut(await sites.plan(lyon.device, turin.device));
    await sites.raise(turin.device, "seen");
    const mine = await sites.raise(lyon.device, "seen");
    await set(turin.device, { port: 3 });
    await set(lyon.device, { port: 3 });
    const seen = await until("devices.device.changed", `device:${lyon.device}`);
    expect(seen.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
      `rollout.plan.created plan:${shared.planId}`,
      `rollout.rollout.created rollout:${shared.id}`,
      `findings.finding.opened finding:${mine}`,
      `devices.device.changed device:${lyon.device}`,
    ]);
    expect(seen.slice(0, 2).map(({ payload }) => payload)).toEqual([{ title: "A change" }, { title: "A change", state: "ready" }]);

    await set(lyon.device, { site: "turin" });
    const left = await until("devices.device.removed", `device:${lyon.device}`);
    expect(left.map(({ payload }) => payload)).toEqual([{}]);
    await set(lyon.device, { port: 4 });
    const spec = {
      name: "r-marker",
      platform: "frr",
      address: "127.0.0.1",
      port: 1,
      site: "lyon",
      labels: {},
      driftMode: "alert",
    } as const;
    const marker = await inventory.create(spec, maker);
    const away = await until("devices.device.added", `device:${marker.id}`);
    expect(away.map(({ subject }) => subject)).toEqual([`device:${marker.id}`]);
    await set(lyon.device, { site: "lyon" });
    const back = await until("devices.device.changed", `device:${lyon.device}`);
    expect(back.map(({ payload }) => payload)).toEqual([{ name: lyon.name }]);

    const { etag } = await sites.holdfast.identity.showUser(watcher.id);
    await sites.holdfast.identity.updateUser(
      { id: watcher.id, etag, grants: [{ role: "viewer", selector: "site=turin" }] },
      { ...maker, access: "unlimited" },
    );
    await set(lyon.device, { port: 5 });
    await set(turin.device, { port: 5 });
    const other = await until("devices.device.changed", `device:${turin.device}`);
    expect(other.map(({ subject }) => subject)).toEqual([`device:${turin.device}`]);
    stop();
  });
});
