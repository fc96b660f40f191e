/** A database that stops for a while in the middle of a rollout: its server is told SIGSTOP, then SIGCONT. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { silentLog } from "../../src/platform/log.ts";
import { onceAt, targetOf } from "./expectations.ts";
import { globalData } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";

/** Journal points at which the database stops, and what goes on there. */
export const outagePoints = {
  "while a device is changed": "after apply:begin",
  "while a change is made to last": "after confirm:begin",
  "while the gate is looked at": "after gate:begin",
};

/** @param stoppedMs longer than a statement waits (5 s) before it is told that the database is gone */
export function databaseOutage(stoppedMs: number, points: [string, string][]): void {
  const patienceMs = stoppedMs + 40_000;

  describe(`a database that stands still for ${stoppedMs / 1000} s in the middle of a rollout`, () => {
    let home: string;
    let postgres: EmbeddedPostgres;
    let scene: Scene;
    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), "holdfast-journey-database-"));
      postgres = await startEmbeddedPostgres({ home, log: silentLog, durable: false });
      scene = await setScene({ databaseUrl: postgres.url, options: { leaseMs: 3000 } });
    }, 60_000);
    afterAll(async () => {
      await scene.stop();
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    });

    /** Signals the server and all its children. */
    function signalAll(signal: "STOP" | "CONT"): void {
      const pid = String(postgres.pid());
      const children = spawnSync("pgrep", ["-P", pid], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
      spawnSync("kill", [`-${signal}`, pid, ...children]);
    }

    /** Stands still from the first such point on; resolves when it goes on again. */
    function stopAt(begins: string): Promise<void> {
      return new Promise((resolve) => {
        onceAt(scene.atPoint, begins, () => {
          signalAll("STOP");
          setTimeout(() => {
            signalAll("CONT");
            resolve();
          }, stoppedMs);
        });
      });
    }

    const devices = () => ["r1", "r2"].map((name) => scene.device(name));
    const answers = () => scene.client.repositories.list({}).then(() => "answers", String);

    test.each(points)(
      "%s: the rollout goes on when it is back, and ends as the devices are",
      async (_, point) => {
        await expect.poll(answers, { timeout: patienceMs }).toBe("answers");
        const description = `through an outage ${point.replaceAll(":", " ")}`;
        const plan = await scene.plan({ "data/global.yaml": globalData({ description }) });
        expect(plan.problems).toEqual([]);
        const over = stopAt(point);
        const rollout = await scene.roll(plan, oneByOne);
        await over;
        await expect.poll(answers, { timeout: patienceMs }).toBe("answers");
        const ended = await scene.end(rollout, patienceMs);
        expect(ended.state).toBe("succeeded");
        for (const device of devices()) {
          expect(targetOf(ended, device.name)).toMatchObject({ outcome: "applied", side: "new" });
          expect(device.running()).toContain(`description ${description}\n`);
          expect(device.startup()).toBe(device.running());
          expect(device.armed).toBeUndefined();
        }
        expect(await scene.client.audit.verify()).toMatchObject({ ok: true });
      },
      patienceMs + 60_000,
    );
  });
}
