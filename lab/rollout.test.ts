/** The whole product on real routers: the demonstration's acts, and a worker that is killed at points of the journal. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rollout } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerProcess, type WorkerProcess } from "../packages/server/test/journeys/worker-process.ts";
import { playActs } from "./demo.ts";
import { inside, razeLab, runningOf, type Lab } from "./lab.ts";
import { openSite, type Site } from "./site.ts";
import { sum } from "./pings.ts";
import { skippedBecause, testLab } from "./test-lab.ts";

const unavailable = skippedBecause();
const pair = ["lyon-1", "lyon-2"];

interface Wanted {
  /** To be discarded on both. */
  network: string;
  /** The second router refuses its change. */
  refused: boolean;
}

describe.skipIf(unavailable !== undefined)(
  `rollouts on real routers${unavailable === undefined ? "" : ` (skipped: ${unavailable})`}`,
  () => {
    let lab: Lab;
    let directory: string;

    beforeAll(async () => {
      lab = await testLab(6);
      directory = await mkdtemp(join(tmpdir(), `${lab.name}-site-`));
    });
    afterAll(async () => {
      await razeLab(lab.name);
      await rm(directory, { recursive: true, force: true });
    });

    test("a good change reaches all of them, a bad one is taken back in its canary, a hand edit is found", async () => {
      const { checks, acts } = await playActs(lab, () => undefined);
      for (const { title, seconds, losses } of acts) {
        const { sent, lost } = sum(losses);
        console.log(`${title}: ${seconds.toFixed(1)} s, ${lost} of ${sent} pings lost`);
      }
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(checks.length).toBeGreaterThan(10);
    });

    describe("a worker that is killed at a journal point", () => {
      let site: Site;
      let worker: WorkerProcess;
      let spare: Promise<WorkerProcess>;

      beforeAll(async () => {
        site = await openSite(lab, directory);
        worker = await workerProcess(site);
        spare = workerProcess(site);
        await worker.order({ do: "start" });
      });
      afterAll(async () => {
        await Promise.all([worker.kill(), (await spare).kill()]);
        await site.stop();
      });

      const both = (): Promise<string[]> => Promise.all(pair.map((name) => runningOf(lab, name)));
      const pointsOf = async ({ network, refused }: Wanted): Promise<string[]> => {
        await worker.order({ do: "watch" });
        await site.end(await site.begin(network, refused));
        return (await worker.order({ do: "tell" })).points;
      };

      const expectTold = async (ended: Rollout, old: string[], { network, refused }: Wanted): Promise<void> => {
        expect(ended.state).toBe(refused ? "reverted" : "succeeded");
        for (const target of ended.targets) {
          expect(target.side).toBe(refused ? "old" : "new");
          expect(target.state).toMatch(/^(done|waiting)$/);
        }
        const now = await both();
        if (refused) expect(now).toEqual(old);
        else for (const text of now) expect(text).toContain(`ip route ${network} blackhole`);
        for (const name of pair)
          expect(await inside(lab, name, ["/run/holdfast/holdfast-switch", "status"])).not.toMatch(/^(armed|reverting)/);
      };

      /** Milliseconds from the restart to the rollout's end. */
      const killAt = async (dieAt: number, wanted: Wanted): Promise<number> => {
        const old = await both();
        await worker.order({ do: "watch", dieAt });
        const rollout = await site.begin(wanted.network, wanted.refused);
        expect(await worker.ended).toBe("SIGKILL");
        const begun = Date.now();
        worker = await spare;
        spare = workerProcess(site);
        await worker.order({ do: "start" });
        const ended = await site.end(rollout);
        await expectTold(ended, old, wanted);
        return Date.now() - begun;
      };

      test.each([
        { kind: "good", refused: false, kills: 6 },
        { kind: "bad", refused: true, kills: 6 },
      ])("of a $kind change leaves every router all old or all new, and the journal says which", async ({ kind, refused, kills }) => {
        const first = refused ? 128 : 0;
        const points = await pointsOf({ network: `192.0.2.${first}/32`, refused });
        const tookMs: number[] = [];
        for (let kill = 0; kill < kills; kill++) {
          const dieAt = 1 + Math.floor(((kill + 0.5) * points.length) / kills);
          try {
            tookMs.push(await killAt(dieAt, { network: `192.0.2.${first + 1 + kill}/32`, refused }));
          } catch (thrown) {
            throw new Error(`killed ${points[dieAt - 1]} of a ${kind} change`, { cause: thrown });
          }
        }
        const slowest = Math.max(...tookMs);
        console.log(`${kind}: killed at ${kills} of ${points.length} journal points, slowest end ${slowest} ms after the restart`);
        expect(slowest).toBeLessThan(60_000);
      });
    });
  },
);
