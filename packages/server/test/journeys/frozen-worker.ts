/** Two workers, of which the first stops (SIGSTOP) until it has lost its rollout to the second. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { photo, targetOf } from "./expectations.ts";
import type { PlatformName, SimulatedDevice } from "#world/device";
import type { HistoryEntry } from "#world/state-file";
import { deviceData, globalData } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";
import { workerProcess } from "./worker-process.ts";

/** Journal points at which the first worker stops. */
export const freezePoints = ["after apply:begin", "after verify:begin", "before confirm:end"];

export function frozenWorker(points: string[]): void {
  describe("a worker that stands still, loses its rollout to another one, and then goes on", () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await setScene({ roles: "api" });
    });
    afterAll(() => scene.stop());

    test.each(points)(
      "%s: the other one ends the rollout, and the first neither writes nor touches anything",
      async (freezeAt) => {
        const [first, second] = await Promise.all([workerProcess(scene), workerProcess(scene)]);
        try {
          await first.order({ do: "start" });
          await first.order({ do: "watch", freezeAt });
          const description = `frozen ${freezeAt.replaceAll(":", " ")}`;
          const rollout = await scene.roll(await scene.plan({ "data/global.yaml": globalData({ description }) }), oneByOne);
          await expect.poll(() => first.frozen(), { timeout: 10_000, interval: 20 }).toBe(true);
          await second.order({ do: "start" });
          const ended = await scene.end(rollout, 20_000);
          const devices = ["r1", "r2"].map((name) => scene.device(name));
          expect([ended.state, ended.haltReason]).toEqual(["succeeded", undefined]);
          const [photos, journal] = [devices.map(photo), await scene.journal(rollout)];
          const typed = devices.map((device) => device.history.length);

          await second.kill();
          first.thaw();
          // It is about its last step until it finds that the rollout is lost; then it takes up the next one like any other.
          const next = await scene.roll(await scene.plan({ "data/global.yaml": globalData({ description: `${description}, next` }) }));
          const journalled = async (): Promise<number> => (await scene.journal(next)).length;
          await expect.poll(journalled, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
          expect((await scene.end(next)).state).toBe("succeeded");
          expect(await scene.journal(rollout)).toEqual(journal);
          expect(photos.map((one) => one.armed)).toEqual([undefined, undefined]);
          for (const [index, device] of devices.entries()) {
            const since = device.history.slice(typed[index]);
            expect(since.filter(({ event }) => event === "arm")).toHaveLength(1);
            expect(since.filter(({ event, text }) => event === "line" && text.includes("description") && !text.endsWith("next"))).toEqual(
              [],
            );
            expect(targetOf(ended, device.name).side).toBe("new");
            expect(device.running()).toContain(`description ${description}, next\n`);
            expect(device.armed).toBeUndefined();
          }
        } finally {
          await Promise.all([first.kill(), second.kill()]);
        }
      },
      60_000,
    );
  });
}

/** What a device has just done for the first worker when that stops: the answer waits for it. */
export type Moment = Extract<HistoryEntry["event"], "arm" | "confirm" | "revert">;
export const frozenMoments: [Moment, PlatformName][] = [
  ["arm", "frr"],
  ["arm", "ios"],
  ["confirm", "frr"],
  ["confirm", "ios"],
  ["revert", "frr"],
  ["revert", "ios"],
];
const meanwhile = {
  frr: ["interface eth1", "description meanwhile"],
  ios: ["interface GigabitEthernet1", "description meanwhile"],
};

function onceRecorded(device: SimulatedDevice, moment: Moment, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    const tell = ({ event }: HistoryEntry): void => {
      if (event !== moment) return;
      device.router.onRecord.delete(tell);
      act();
      resolve();
    };
    device.router.onRecord.add(tell);
  });
}

/** Whoever asks about a rollout waits until the work is done. */
async function whileHeld(database: pg.Pool, work: () => Promise<void>): Promise<void> {
  const client = await database.connect();
  try {
    await client.query("begin");
    await client.query("lock table rollout.rollout in access exclusive mode");
    await work();
  } finally {
    await client.query("rollback");
    client.release();
  }
}

async function untilRenewalsWait(database: pg.Pool): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    and query like 'update "rollout"."rollout" set "leased_until"%'`;
  await expect.poll(async () => (await database.query(waiting)).rowCount, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
}

/** Stops in the middle of a step, where it knows nothing of its lease but what it knew before. */
export function frozenInStep(moments: [Moment, PlatformName][]): void {
  describe("a worker that stands still in the middle of a step, and goes on when another one has its rollout", () => {
    let scene: Scene;
    let database: pg.Pool;
    beforeAll(async () => {
      scene = await setScene({ roles: "api" });
      database = new pg.Pool({ connectionString: scene.databaseUrl });
    });
    afterAll(async () => {
      await database.end();
      await scene.stop();
    });

    test.each(moments)(
      "right after %s on %s: nothing that it meant to do next reaches the device",
      async (moment, platform) => {
        const [first, second] = await Promise.all([workerProcess(scene), workerProcess(scene)]);
        const [device, other] = (platform === "frr" ? ["r1", "r2"] : ["r2", "r1"]).map((name) => scene.device(name)) as [
          SimulatedDevice,
          SimulatedDevice,
        ];
        const change = (which: SimulatedDevice, description: string) =>
          scene.plan(deviceData(which, `description: ${description}\n`), `device=${which.name}`);
        try {
          await first.order({ do: "start" });
          const plan = await change(device, `stopped at ${moment}`);
          const stopped = onceRecorded(device, moment, first.freeze);
          // A change that is not there goes back.
          if (moment === "revert") await device.fault({ kind: "ignore", at: "description stopped at revert" });
          const rollout = await scene.roll(plan);
          await stopped;
          await second.order({ do: "start" });
          expect((await scene.end(rollout)).state).toBe(moment === "revert" ? "reverted" : "succeeded");
          // What it meant to do next would show: it finds another configuration than it left.
          if (moment !== "confirm") device.edit(meanwhile[platform]);
          const [before, typed, journal] = [photo(device), [...device.history], await scene.journal(rollout)];

          await second.kill();
          await whileHeld(database, async () => {
            first.thaw();
            // It asks for the lease, and is not told yet that it is lost; or its own clock tells it so before it asks.
            await Promise.race([untilRenewalsWait(database), first.lapsed]);
            expect(device.history).toEqual(typed);
          });
          const next = await scene.roll(await change(other, `after ${moment} of ${platform}`));
          expect((await scene.end(next)).state).toBe("succeeded");
          expect(device.history).toEqual(typed);
          expect(await scene.journal(rollout)).toEqual(journal);
          expect(photo(device)).toEqual(before);
          expect(before.armed).toBeUndefined();
        } finally {
          await device.clearFaults();
          await Promise.all([first.kill(), second.kill()]);
        }
      },
      120_000,
    );
  });
}
