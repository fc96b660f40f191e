/** Two workers, of which the first stops (SIGSTOP) until it has lost its rollout to the second. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { photo, targetOf } from "./expectations.ts";
import { globalData } from "./network.ts";
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
