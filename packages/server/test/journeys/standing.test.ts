import { createHash } from "node:crypto";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "@holdfast/contract";
import { normalConfig } from "../../src/domains/devices/config/index.ts";
import { deviceData } from "./network.ts";
import { allAtOnce, setScene, type Scene } from "./scene.ts";

/** A line that an intent may be silent about, and how a hand types it and takes it back. */
const silent = [
  ["frr", "r1", "log syslog informational"],
  ["ios", "r2", "login on-success log"],
] as const;

describe("what a device ought to have", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene();
  });
  afterAll(() => scene.stop());
  afterEach(async () => {
    for (const [, name, line] of silent) if (scene.device(name).running().includes(line)) scene.device(name).edit([`no ${line}`]);
    await scene.client.devices.checkDrift({});
  });

  const look = async (name: string) => (await scene.client.devices.checkDrift({ selector: `device=${name}` })).items;
  const versions = async (name: string) => (await scene.client.devices.versions({ id: name })).items;
  const findingOf = async (id: string | undefined): Promise<Finding> => scene.client.findings.get({ id: id ?? "" });
  /** The way back from drift, carried out; nobody looks for drift afterwards. */
  const mend = async (name: string) => scene.end(await scene.roll(await scene.client.devices.revertDrift({ id: name })));

  test.each(silent)(
    "a hand edit that an intent is silent about, on %s, is a new version and drift, and can be mended",
    async (_, name, line) => {
      const device = scene.device(name);
      const before = device.running();
      const count = (await versions(name)).length;
      device.edit([line]);
      const [item] = await look(name);
      expect(item).toMatchObject({ deviceName: name, added: 1, removed: 0, diff: [{ op: "add", text: line }] });
      expect(await versions(name)).toHaveLength(count + 1);
      expect((await scene.client.devices.get({ id: name })).drift).toBe("drifted");
      expect((await scene.client.devices.drift({})).items).toMatchObject([{ deviceName: name, finding: item?.finding }]);
      expect(await findingOf(item?.finding)).toMatchObject({ kind: "drift", state: "open" });
      const rollout = await mend(name);
      expect(rollout.state).toBe("succeeded");
      expect(device.running()).toBe(before);
      expect(await findingOf(item?.finding)).toMatchObject({ state: "resolved", evidence: { rollout: rollout.id } });
      expect((await scene.client.devices.get({ id: name })).drift).toBe("as_intended");
    },
  );

  test("`no ip http server` typed by hand is drift, and can be mended", async () => {
    scene.device("r2").edit(["no ip http server"]);
    expect(await look("r2")).toMatchObject([{ deviceName: "r2", added: 1, removed: 1 }]);
    expect((await mend("r2")).state).toBe("succeeded");
    expect(scene.device("r2").running()).toContain("\nip http server");
  });

  test.each(silent)("planning a revision that is silent about it does not make a hand edit of %s intended", async (_, name, line) => {
    scene.device(name).edit([line]);
    expect(await look(name)).toHaveLength(1);
    const plan = await scene.client.plans.create({ repository: "net", selector: `device=${name}` });
    expect(plan).toMatchObject({ changes: [], unchanged: 1 });
    expect((await scene.client.devices.get({ id: name })).drift).toBe("drifted");
  });

  test("a hand edit that the next revision says too is drift no more as soon as that is planned", async () => {
    scene.device("r1").edit(["interface eth1", "description agreed"]);
    const [item] = await look("r1");
    const plan = await scene.plan(deviceData(scene.device("r1"), "description: agreed\n"), "device=r1");
    expect(plan).toMatchObject({ changes: [], unchanged: 1 });
    expect((await scene.client.devices.get({ id: "r1" })).drift).toBe("as_intended");
    expect(await findingOf(item?.finding)).toMatchObject({ state: "resolved", evidence: { revision: plan.revision } });
  });

  test.each(silent)("a rollout on a drifted %s that goes back leaves it drifted, not intended", async (_, name, line) => {
    const device = scene.device(name);
    device.edit([line]);
    const [item] = await look(name);
    const before = device.running();
    const plan = await scene.plan(deviceData(device, "description: will not last\n"), `device=${name}`);
    await device.fault({ kind: "ignore", at: "description will not last" });
    const rollout = await scene.end(await scene.roll(plan));
    await device.clearFaults();
    expect(rollout.state).toBe("reverted");
    expect(device.running()).toBe(before);
    expect((await scene.client.devices.get({ id: name })).drift).toBe("drifted");
    expect(await findingOf(item?.finding)).toMatchObject({ state: "open" });
    await scene.plan(deviceData(device, ""), `device=${name}`);
  });

  test("a backup, a plan and a rollout are told to whoever watches; a look that finds nothing new is not", async () => {
    const { db } = scene.holdfast.database;
    const told = async (work: () => Promise<unknown>): Promise<string[]> => {
      const seen = await sql<{ id: string }>`select coalesce(max(id), 0) as id from platform.event`.execute(db);
      await work();
      const { rows } = await sql<{ type: string; subject: string }>`
        select type, subject from platform.event where id > ${seen.rows[0]?.id ?? 0} order by id`.execute(db);
      return rows.map(({ type, subject }) => `${type} ${subject.split(":")[0]}`);
    };
    expect(await told(() => look("r1"))).toEqual([]);
    expect(await told(() => scene.client.devices.backup({ devices: ["r1"] }))).toEqual(["devices.device.observed device"]);
    scene.device("r1").edit(["interface eth1", "description told"]);
    expect(await told(() => look("r1"))).toEqual(["devices.device.observed device", "findings.finding.opened finding"]);
    const plan = await scene.client.devices.revertDrift({ id: "r1" });
    expect(await told(() => scene.client.devices.revertDrift({ id: "r1" }))).toContain("rollout.plan.created plan");
    const propose = () => scene.client.rollouts.create({ planId: plan.id, planHash: plan.hash, strategy: allAtOnce, start: false });
    expect(await told(propose)).toEqual(["rollout.rollout.created rollout"]);
    const [rollout] = (await scene.client.rollouts.list({})).items;
    await scene.client.rollouts.start({ id: rollout?.id ?? "" });
    expect((await scene.end({ id: rollout?.id ?? "" })).state).toBe("succeeded");
  });

  test.each(silent)(
    "hashes from before every line counted make no drift of what %s has, only of what changes from now on",
    async (platform, name, line) => {
      const device = scene.device(name);
      const old = createHash("sha256").update(normalConfig(device.running(), platform)).digest("hex");
      const { db } = scene.holdfast.database;
      await sql`update devices.device set expected_hash = ${old}, running_hash = ${old}, drifted_since = null where name = ${name}`.execute(
        db,
      );
      await sql`update devices.version set hash = ${old} where id = (select running_version from devices.device where name = ${name})`.execute(
        db,
      );
      const count = (await versions(name)).length;
      expect(await look(name)).toEqual([]);
      expect(await versions(name)).toHaveLength(count);

      await sql`update devices.device set expected_hash = ${old}, running_hash = ${old} where name = ${name}`.execute(db);
      await sql`update devices.version set hash = ${old} where id = (select running_version from devices.device where name = ${name})`.execute(
        db,
      );
      device.edit([line]);
      expect(await look(name)).toEqual([]);
      expect((await scene.client.devices.get({ id: name })).drift).toBe("as_intended");
      expect(await versions(name)).toHaveLength(count + 1);
      device.edit([`no ${line}`]);
      expect(await look(name)).toHaveLength(1);
    },
  );

  test("a host key that is trusted resolves its finding in the same act, and the audit trail says so", async () => {
    const device = scene.device("r2");
    await device.fault({ kind: "changed-host-key" });
    await device.stop();
    await device.start();
    expect((await scene.client.devices.backup({ devices: ["r2"] })).items).toMatchObject([{ problem: expect.any(String) as string }]);
    const [finding] = await scene.openFindings("r2");
    expect(finding).toMatchObject({ kind: "host_key_changed", severity: "critical" });
    const { fingerprint } = await scene.client.devices.hostKey({ id: "r2" });
    await scene.client.devices.trustHostKey({ id: "r2", fingerprint, reason: "its board was replaced" });
    expect(await findingOf(finding?.id)).toMatchObject({ state: "resolved", evidence: { pinned: fingerprint } });
    const { items } = await scene.client.audit.list({ action: "findings.finding.resolve" });
    expect(items[0]).toMatchObject({ actor: "user:ada", subject: `finding:${finding?.id}` });
    expect((await scene.client.devices.backup({ devices: ["r2"] })).items).toMatchObject([{ changed: false }]);
  });

  test("what was wrong with a device that is removed is wrong no more", async () => {
    scene.device("r1").edit(["interface eth1", "description never mended"]);
    const [item] = await look("r1");
    expect(await findingOf(item?.finding)).toMatchObject({ state: "open" });
    const { id, etag } = await scene.client.devices.get({ id: "r1" });
    await scene.client.devices.remove({ id }, { context: { ifMatch: etag } });
    expect(await findingOf(item?.finding)).toMatchObject({ state: "resolved" });
    expect((await scene.client.devices.drift({})).items.map((one) => one.deviceName)).not.toContain("r1");
  });
});
