import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf } from "./expectations.ts";
import { setScene, type Scene } from "./scene.ts";

describe("the inventory", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 2 });
  });
  afterAll(() => scene.stop());

  /** The devices of these names as an import has them, with what each row ends in. */
  const csv = (rows: Record<string, string>, last = "hostKey"): string =>
    [
      `name,platform,address,port,credential,${last}`,
      ...Object.entries(rows).map(([name, end]) => {
        const { platform, port } = scene.device(name.replace(/-new$/, ""));
        return `${name},${platform},127.0.0.1,${port},lab/device,${end}`;
      }),
    ].join("\n");
  const trustsOf = async (name: string) => {
    const { id } = await scene.client.devices.get({ id: name });
    return (await scene.client.audit.list({ action: "devices.host_key.trust", subject: `device:${id}` })).items;
  };
  const remove = async (name: string): Promise<void> => {
    const { id, etag } = await scene.client.devices.get({ id: name });
    await scene.client.devices.remove({ id }, { context: { ifMatch: etag } });
  };

  test("an import pins the host keys that it gives, each audited; what is exported is imported as it is", async () => {
    const { fingerprint } = scene.device("r1");
    const content = csv({ "r1-new": fingerprint });
    expect(await scene.client.devices.import({ format: "csv", content })).toMatchObject({
      created: ["r1-new"],
      trusted: ["r1-new"],
      errors: [],
    });
    expect(await trustsOf("r1-new")).toMatchObject([{ actor: "user:ada", after: { hostKey: fingerprint }, reason: "given in an import" }]);
    for (const format of ["csv", "yaml"] as const) {
      const exported = await scene.client.devices.export({ format });
      expect(exported.content).toContain(fingerprint);
      const again = await scene.client.devices.import({ format, content: exported.content });
      expect(again).toMatchObject({ created: [], updated: [], unchanged: ["r1", "r1-new", "r2", "r3", "r4"], trusted: [], errors: [] });
    }
    expect((await scene.client.devices.backup({ devices: ["r1-new"] })).items[0]?.problem).toBeUndefined();
    await remove("r1-new");
  });

  test("an import replaces no pinned key, and keeps nothing of itself then", async () => {
    const other = scene.device("r2").fingerprint;
    const report = await scene.client.devices.import({ format: "csv", content: csv({ "r4-new": "", r1: other }) });
    expect(report).toMatchObject({
      created: [],
      trusted: [],
      errors: [{ at: "row 3", say: expect.stringMatching(/^r1 has another host key pinned/) as string }],
    });
    expect((await scene.client.devices.get({ id: "r1" })).hostKey).toBe(scene.device("r1").fingerprint);
    expect(await problemOf(scene.client.devices.get({ id: "r4-new" }))).toMatchObject({ code: "devices_missing" });
  });

  test("where it is asked for, an import pins what devices show, device by device, and says which showed nothing", async () => {
    await scene.device("r4").fault({ kind: "unreachable", how: "refuse" });
    const content = csv({ "r3-new": "", "r4-new": "" });
    const wish = { format: "csv" as const, content, trustHostKeys: { reason: "in the rack, on a cable of ours" } };
    expect(await scene.client.devices.import({ ...wish, dryRun: true })).toMatchObject({ trusted: [], untrusted: [] });
    const report = await scene.client.devices.import(wish);
    expect(report).toMatchObject({ created: ["r3-new", "r4-new"], trusted: ["r3-new"], untrusted: [{ device: "r4-new" }], errors: [] });
    expect(await trustsOf("r3-new")).toMatchObject([{ actor: "user:ada", reason: "in the rack, on a cable of ours" }]);
    expect((await scene.client.devices.get({ id: "r3-new" })).hostKey).toBe(scene.device("r3").fingerprint);
    expect(await trustsOf("r4-new")).toEqual([]);
    const { items } = await scene.client.audit.list({ action: "devices.host_keys.trust" });
    expect(items).toMatchObject([
      { severity: "warning", actor: "user:ada", after: { devices: ["r3-new"], untrusted: 1 }, reason: wish.trustHostKeys.reason },
    ]);
    await scene.device("r4").clearFaults();
    for (const name of ["r3-new", "r4-new"]) await remove(name);
  });

  test("bastions that go round in a circle are refused as soon as they would", async () => {
    const { client } = scene;
    const content = "name,platform,address,bastion\na,jump_host,10.0.0.1,\nb,jump_host,10.0.0.2,a\nc,jump_host,10.0.0.3,b\n";
    await client.devices.import({ format: "csv", content });
    const { etag } = await client.devices.get({ id: "a" });
    const refused = await problemOf(client.devices.update({ id: "a", bastion: "c" }, { context: { ifMatch: etag } }));
    expect(refused).toMatchObject({ code: "devices_bastion_loop", message: "The bastions of a go round in a circle: a → c → b → a." });
    expect((await client.devices.get({ id: "a" })).bastion).toBeUndefined();
  });

  test("a jump host is not looked at, and what was never read may become one", async () => {
    const { client } = scene;
    expect((await client.devices.backup({})).items.map((item) => item.deviceName)).toEqual(["r1", "r2", "r3", "r4"]);
    expect(await problemOf(client.devices.revertDrift({ id: "a" }))).toMatchObject({ code: "devices_jump_host" });
    expect((await client.system.overview({})).devices.total).toBe(4);
    await client.devices.create({ name: "late", platform: "frr", address: "127.0.0.1", port: 1, credential: "lab/device" });
    await client.devices.backup({ devices: ["late"] });
    expect(await scene.openFindings("late")).toHaveLength(1);
    const { etag } = await client.devices.get({ id: "late" });
    await client.devices.update({ id: "late", platform: "jump_host" }, { context: { ifMatch: etag } });
    expect(await scene.openFindings("late")).toEqual([]);
    expect((await client.devices.get({ id: "late" })).lastProblem).toBeUndefined();
    const r1 = await client.devices.get({ id: "r1" });
    const refused = await problemOf(client.devices.update({ id: "r1", platform: "jump_host" }, { context: { ifMatch: r1.etag } }));
    expect(refused).toMatchObject({ code: "devices_jump_host", status: 409 });
  });

  test("an address that a program would take for an option is refused at the door", async () => {
    const refused = await problemOf(scene.client.devices.create({ name: "x", platform: "frr", address: "-oProxyCommand=x" }));
    expect(refused).toMatchObject({ status: 400 });
    expect(JSON.stringify(refused.places)).toContain("an IP address or a host name");
  });
});
