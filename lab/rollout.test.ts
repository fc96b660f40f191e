/** The whole product on real routers: the demonstration's acts, and a worker that is killed at points of the journal. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerProcess, type WorkerProcess } from "../packages/server/test/journeys/worker-process.ts";
import { playActs } from "./demo.ts";
import { inside, razeLab, runningOf, type Lab } from "./lab.ts";
import { openSite, type Site } from "./site.ts";
import { sum } from "./pings.ts";
import { skippedBecause, testLab } from "./test-lab.ts";

const unavailable = skippedBecause();
const pair = ["lyon-1", "lyon-2"];

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

      const before = (): Promise<string[]> => Promise.all(pair.map((name) => runningOf(lab, name)));
      const points = async (network: string, refused: boolean): Promise<string[]> => {
        await worker.order({ do: "watch" });
        await site.end(await site.begin(network, refused));
        return (await worker.order({ do: "tell" })).points;
      };

      test.each([
        { kind: "good", refused: false, state: "succeeded", side: "new", kills: 6 },
        { kind: "bad", refused: true, state: "reverted", side: "old", kills: 5 },
      ])(
        "of a $kind change leaves every router all old or all new, and the journal says which",
        async ({ refused, state, side, kills, kind }) => {
          const all = await points(`192.0.2.${refused ? 128 : 0}/32`, refused);
          const recoveries: number[] = [];
          for (let kill = 0; kill < kills; kill++) {
            const dieAt = 1 + Math.floor(((kill + 0.5) * all.length) / kills);
            const [network, old] = [`192.0.2.${(refused ? 129 : 1) + kill}/32`, await before()];
            await worker.order({ do: "watch", dieAt });
            const rollout = await site.begin(network, refused);
            expect(await worker.ended, all[dieAt - 1]).toBe("SIGKILL");
            const begun = Date.now();
            worker = await spare;
            spare = workerProcess(site);
            await worker.order({ do: "start" });
            const ended = await site.end(rollout);
            recoveries.push(Date.now() - begun);
            expect(ended.state, all[dieAt - 1]).toBe(state);
            for (const target of ended.targets)
              expect([target.side, target.state]).toEqual([side, expect.stringMatching(/^(done|waiting)$/)]);
            const now = await before();
            if (refused) expect(now, all[dieAt - 1]).toEqual(old);
            else for (const text of now) expect(text, all[dieAt - 1]).toContain(`ip route ${network} blackhole`);
            for (const name of pair)
              expect(await inside(lab, name, ["/run/holdfast/holdfast-switch", "status"])).not.toMatch(/^(armed|reverting)/);
          }
          console.log(
            `${kind}: killed at ${kills} of ${all.length} journal points, slowest end ${Math.max(...recoveries)} ms after the restart`,
          );
        },
      );
    });
  },
);
