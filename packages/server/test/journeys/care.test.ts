import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "@holdfast/kit";
import { createDeviceWork } from "#domains/devices";
import { silentLog } from "#platform/log";
import { inTransaction, type Tx } from "#platform/db";
import { photo, problemOf, targetOf } from "./expectations.ts";
import { deviceData, user } from "./network.ts";
import { allAtOnce, setScene, type Scene } from "./scene.ts";

/** A health check of one device, in the repository. */
const healthOf = (name: string, check: string): Record<string, string> => ({
  "policies/reach.yaml": `apiVersion: holdfast/v1
kind: HealthCheck
metadata:
  name: care
spec:
  selector: device=${name}
  settle: 50ms
  patience: 200ms
  checks: [${check}]
`,
});

describe("care before a device is touched", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene({ pairs: 4 });
  });
  afterEach(async () => {
    for (const device of scene.fleet.devices.values()) await device.clearFaults();
  });
  afterAll(() => scene.stop());

  test.each([
    ["r1", "{ kind: ping, targets: [10.9.9.9] }", "ping 10.9.9.9: 0 of 3 answered"],
    ["r2", "{ kind: cpu_below, percent: 50 }", "CPU at 99 % (limit 50 %)"],
  ])("%s that fails its check already is refused, and nothing is typed on it", async (name, check, say) => {
    const device = scene.device(name);
    await device.fault({ kind: "cpu", percent: 99 });
    const before = photo(device);
    const typed = device.history.length;
    const plan = await scene.plan({ ...deviceData(device, "description: never begun\n"), ...healthOf(name, check) }, `device=${name}`);
    const rollout = await scene.end(await scene.roll(plan));
    expect(targetOf(rollout, name)).toMatchObject({ outcome: "refused", side: "old", say: `not healthy before the change: ${say}` });
    expect(photo(device)).toEqual(before);
    expect(device.history.slice(typed).filter(({ event }) => event === "line" || event === "arm")).toEqual([]);
  });

  test("the way back is open to a device that is not healthy", async () => {
    const device = scene.device("r4");
    const before = device.running();
    const { items } = await scene.client.devices.versions({ id: "r4" });
    const check = healthOf("r4", "{ kind: cpu_below, percent: 50 }");
    const plan = await scene.plan({ ...deviceData(device, "description: heavy\n"), ...check }, "device=r4");
    const done = await scene.end(await scene.roll(plan));
    expect(done.state).toBe("succeeded");
    await device.fault({ kind: "cpu", percent: 90 });
    const back = await scene.client.devices.restore({ id: "r4", version: items[0]?.id ?? "" });
    expect((await scene.end(await scene.roll(back))).state).toBe("succeeded");
    expect(device.running()).toBe(before);
  });

  test("a replaced credential counts from the next session on, sessions that are open included", async () => {
    const backUp = async () => (await scene.client.devices.backup({ devices: ["r3"] })).items[0]?.problem;
    const replace = async (password: string): Promise<void> => {
      const secret = (await scene.client.secrets.list({})).items.find((one) => one.name === "lab/device");
      const value = { kind: "password" as const, username: user.username, password };
      await scene.client.secrets.replace({ id: secret?.id ?? "", value }, { context: { ifMatch: secret?.etag ?? "" } });
    };
    expect(await backUp()).toBeUndefined();
    await replace("not-the-password");
    expect(await backUp()).toMatch(/r3 refused the sign-in of holdfast/);
    await replace(user.password);
    expect(await backUp()).toBeUndefined();
  });

  /** Begins `work` while `first` has not ended, and lets `first` end once `work` waits for it. */
  const whileWaiting = async <T>(first: (tx: Tx) => Promise<unknown>, work: () => Promise<T>): Promise<T> => {
    const { db } = scene.holdfast.database;
    let late: Promise<T> | undefined;
    await inTransaction(db, async (tx) => {
      await first(tx);
      late = work();
      late.catch(() => undefined);
      const waiting = async (): Promise<boolean> => {
        const { rows } = await sql`select 1 from pg_locks where not granted`.execute(db);
        return rows.length > 0;
      };
      await expect.poll(waiting, { timeout: 10_000 }).toBe(true);
    });
    return late as Promise<T>;
  };

  test("a device that a rollout takes while it is being removed is not removed", async () => {
    const { id, etag } = await scene.client.devices.get({ id: "r5" });
    const [earlier] = (await scene.client.rollouts.list({})).items;
    const hold = sql`insert into rollout.hold (target_id, rollout_id) values (${id}, ${earlier?.id})`;
    const propose = async (tx: Tx): Promise<void> => {
      await sql`select 1 from devices.device where id = ${id} for key share`.execute(tx);
      await hold.execute(tx);
    };
    const refused = await problemOf(whileWaiting(propose, () => scene.client.devices.remove({ id }, { context: { ifMatch: etag } })));
    expect(refused).toMatchObject({
      code: "devices_in_use",
      message: `Rollout ${earlier?.id} drives r5; wait until it is done, or abort it.`,
    });
    expect((await scene.client.devices.get({ id })).name).toBe("r5");
    await sql`delete from rollout.hold where target_id = ${id}`.execute(scene.holdfast.database.db);
  });

  test("a rollout of a device that is being removed is refused by name, proposed or started", async () => {
    const plan = await scene.plan(deviceData(scene.device("r6"), "description: too late\n"), "device=r6");
    const wish = { planId: plan.id, planHash: plan.hash, strategy: allAtOnce };
    const waiting = await scene.client.rollouts.create({ ...wish, start: false });
    const remove = (tx: Tx) => sql`delete from devices.device where name = 'r6'`.execute(tx);
    const refused = await problemOf(whileWaiting(remove, () => scene.client.rollouts.create(wish)));
    expect(refused).toMatchObject({ code: "devices_gone", message: "r6 is not in the inventory any more; plan again." });
    expect(await problemOf(scene.client.rollouts.start({ id: waiting.id }))).toMatchObject({ code: "devices_gone" });
    const { rows } = await sql`select 1 from rollout.hold`.execute(scene.holdfast.database.db);
    expect(rows).toEqual([]);
  });

  test("drift that cannot be mended on one device is mended on those behind it", async () => {
    const { database, devices, rollouts } = scene.holdfast;
    for (const name of ["r7", "r8"]) {
      const { etag } = await scene.client.devices.get({ id: name });
      await scene.client.devices.update({ id: name, driftMode: "revert" }, { context: { ifMatch: etag } });
    }
    const before = scene.device("r8").running();
    scene.device("r7").edit(["interface eth1", "description by hand"]);
    scene.device("r8").edit(["interface GigabitEthernet1", "description by hand"]);
    const { id, etag } = await scene.client.devices.get({ id: "r7" });
    // r7 is removed by somebody between the look and the mend.
    const undrift: typeof devices.planning.undrift = async (which, asker) => {
      if (which === id) await scene.client.devices.remove({ id }, { context: { ifMatch: etag } });
      return devices.planning.undrift(which, asker);
    };
    const between = { ...devices, planning: { ...devices.planning, undrift } };
    await createDeviceWork({ db: database.db, clock: systemClock, devices: between, rollouts, log: silentLog }).watchDrift();
    await expect.poll(() => scene.device("r8").running(), { timeout: 15_000 }).toBe(before);
  });
});
