/**
 * The crash matrix: at every journal point of a small rollout the worker process is killed, another one takes over, and in the
 * end the devices, the rollout's row, the holds and the audit trail all say the same.
 */
import type { Rollout } from "@holdfast/contract";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { photo } from "./expectations.ts";
import { globalData, groupedInventory } from "./network.ts";
import { oneByOne, setScene, type Scene } from "./scene.ts";
import { workerProcess, type WorkerProcess } from "./worker-process.ts";

/** A change that both devices take, and one that the second refuses after the first has it. */
type Kind = "good" | "bad";

/** One network with its database and its workers; points are tried one after the other. */
interface Lane {
  scene: Scene;
  worker: WorkerProcess;
  /** Ready to take over. */
  spare: Promise<WorkerProcess>;
  changes: number;
}

interface Tried {
  kind: Kind;
  point: number;
  /** From the restart to the rollout's end. */
  recoveredMs: number;
  died: boolean;
}

const recoverWithinMs = 60_000;

async function openLane(): Promise<Lane> {
  const scene = await setScene({ roles: "api" });
  const worker = await workerProcess(scene);
  await worker.order({ do: "start" });
  // Every refused line of the bad change is this one.
  await scene.plan(groupedInventory(scene.fleet, ["r1", "r2"], "pair"));
  await scene.device("r2").fault({ kind: "refuse", at: "description bad" });
  return { scene, worker, spare: workerProcess(scene), changes: 0 };
}

async function closeLane({ scene, worker, spare }: Lane): Promise<void> {
  await Promise.all([worker.kill(), (await spare).kill()]);
  await scene.stop();
}

async function begin(lane: Lane, kind: Kind): Promise<{ rollout: Rollout; description: string }> {
  lane.changes += 1;
  const description = `${kind} ${lane.changes}`;
  const plan = await lane.scene.plan({ "data/global.yaml": globalData({ description }) });
  expect(plan.problems).toEqual([]);
  return { rollout: await lane.scene.roll(plan, oneByOne), description };
}

/** The journal points of a rollout that nothing interrupts. */
async function pointsOf(lane: Lane, kind: Kind): Promise<string[]> {
  await lane.worker.order({ do: "watch" });
  const { rollout } = await begin(lane, kind);
  await lane.scene.end(rollout);
  return (await lane.worker.order({ do: "tell" })).points;
}

async function tryPoint(lane: Lane, kind: Kind, point: number): Promise<Tried> {
  const { scene } = lane;
  const before = ["r1", "r2"].map((name) => photo(scene.device(name)));
  await lane.worker.order({ do: "watch", dieAt: point });
  const { rollout, description } = await begin(lane, kind);
  await Promise.race([lane.worker.ended, scene.end(rollout, recoverWithinMs)]);
  const died = await hasDied(lane.worker, point);
  if (died) {
    lane.worker = await lane.spare;
    await lane.worker.order({ do: "start" });
    lane.spare = workerProcess(scene);
  }
  const restartedAt = Date.now();
  const ended = await scene.end(rollout, recoverWithinMs);
  const recoveredMs = Date.now() - restartedAt;
  await expectTold(lane, { kind, ended, description, before });
  return { kind, point, recoveredMs, died };
}

/** At the last points the rollout may be seen at its end a moment before the worker is seen at its own. */
async function hasDied(worker: WorkerProcess, point: number): Promise<boolean> {
  const alive = await worker.order({ do: "tell" }).catch(() => undefined);
  return alive === undefined || alive.points.length >= point ? (await worker.ended) === "SIGKILL" : false;
}

/** What the devices show and what everything written down says of them. */
async function expectTold(
  { scene }: Lane,
  { kind, ended, description, before }: { kind: Kind; ended: Rollout; description: string; before: ReturnType<typeof photo>[] },
): Promise<void> {
  expect([ended.state, kind === "good" ? ended.haltReason : ""]).toEqual(kind === "good" ? ["succeeded", undefined] : ["reverted", ""]);
  for (const [index, name] of ["r1", "r2"].entries()) {
    const now = photo(scene.device(name));
    const target = ended.targets.find((one) => one.targetName === name);
    expect(now.armed).toBeUndefined();
    expect(target?.state).toMatch(/^(done|waiting)$/);
    if (kind === "good") {
      expect(target?.side).toBe("new");
      expect(now.running).toBe(before[index]!.running.replace(/description .*/, `description ${description}`));
      expect(now.startup).toBe(now.running);
    } else {
      expect(target?.side).toBe("old");
      expect(now).toEqual(before[index]);
    }
  }
  const held = await scene.holdfast.rollouts.held(ended.targets.map((target) => target.target));
  expect([...held]).toEqual([]);
  const groups = await sql`select * from rollout.group_hold`.execute(scene.holdfast.database.db);
  expect(groups.rows).toEqual([]);
}

/** `sample`: evenly spread points, so many of each kind of change. */
function chosen(count: number, which: "all" | number): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  if (which === "all" || which >= count) return all;
  return Array.from({ length: which }, (_, index) => all[Math.floor(((index + 0.5) * count) / which)]!);
}

export function crashMatrix(which: "all" | number): void {
  describe("a worker that is killed at a journal point", () => {
    const open: Lane[] = [];
    beforeAll(async () => {
      const opening = Array.from({ length: which === "all" ? 3 : 2 }, async () => void open.push(await openLane()));
      // All have ended before one's failure is told, so that what was opened is closed.
      await Promise.allSettled(opening);
      await Promise.all(opening);
    }, 120_000);
    afterAll(async () => {
      await Promise.all(open.map(closeLane));
    }, 60_000);

    test.each(["good", "bad"] as const)(
      "of a %s change leaves every device all old or all new, and everything written down says which",
      async (kind) => {
        const points = await pointsOf(open[0]!, kind);
        const queue = chosen(points.length, which);
        const tried: Tried[] = [];
        const begunAt = Date.now();
        const drain = async (lane: Lane): Promise<void> => {
          for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
            try {
              tried.push(await tryPoint(lane, kind, point));
            } catch (thrown) {
              throw new Error(`killed at point ${point} (${points[point - 1]}) of a ${kind} change`, { cause: thrown });
            }
          }
        };
        await Promise.all(open.map(drain));
        const slowest = Math.max(...tried.map((one) => one.recoveredMs));
        console.log(
          `${kind} change: killed at ${tried.filter((one) => one.died).length} of ${points.length} journal points in ${Math.round((Date.now() - begunAt) / 1000)} s; slowest recovery ${slowest} ms`,
        );
        expect(tried.every((one) => one.died)).toBe(true);
        expect(slowest).toBeLessThan(recoverWithinMs);
        for (const { scene } of open) expect(await scene.client.audit.verify()).toMatchObject({ ok: true });
      },
      which === "all" ? 600_000 : 120_000,
    );
  });
}
