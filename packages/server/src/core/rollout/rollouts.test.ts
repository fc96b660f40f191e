import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@holdfast/kit";
import type { Plan, Strategy } from "@holdfast/contract";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "#core/audit";
import { createSecrets, type Secrets } from "#core/secrets";
import { inTransaction } from "#platform/db";
import { silentLog } from "#platform/log";
import { testDatabase, type TestDatabase } from "#test/database";
import { createRollouts, type Carrier, type Change, type Rollouts, type RolloutsDeps } from "./index.ts";

/** A world of lamps: each target has a colour. The carrier is real in all that the engine can see. */
class Lamps {
  readonly colours = new Map<string, string>();
  readonly done: string[] = [];
  readonly broken = new Map<string, string>();
  /** Steps that wait until they are let go. */
  readonly held = new Map<string, PromiseWithResolvers<void>>();
  readonly reached = new Map<string, PromiseWithResolvers<void>>();

  hold(step: string): { reached: Promise<void>; release: () => void } {
    const [gate, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.held.set(step, gate);
    this.reached.set(step, seen);
    return { reached: seen.promise, release: () => gate.resolve() };
  }

  async at(step: string): Promise<string | undefined> {
    this.done.push(step);
    this.reached.get(step)?.resolve();
    await this.held.get(step)?.promise;
    return this.broken.get(step);
  }

  carrier(): Carrier<{ from: string; to: string }> {
    const colourOf = (id: string): string => this.colours.get(id) ?? "dark";
    return {
      kind: "test.lamp",
      payload: z.object({ from: z.string(), to: z.string() }),
      prepare: async ({ change }) => {
        const say = await this.at(`prepare ${change.target.name}`);
        if (say !== undefined) return { outcome: "unreachable", say };
        if (colourOf(change.target.id) === change.payload.to) return { outcome: "unchanged" };
        return colourOf(change.target.id) === change.payload.from
          ? { outcome: "ready", memo: {} }
          : { outcome: "refused", say: "it changed since" };
      },
      apply: async ({ change, note, stillMine }) => {
        const say = await this.at(`apply ${change.target.name}`);
        note("takes the brush");
        await stillMine();
        this.colours.set(change.target.id, say === undefined ? change.payload.to : "flickering");
        return say === undefined ? { outcome: "applied" } : { outcome: "refused", say, touched: true };
      },
      verify: async ({ change }) => {
        const say = await this.at(`verify ${change.target.name}`);
        return say === undefined && colourOf(change.target.id) === change.payload.to
          ? { ok: true, gate: [] }
          : { ok: false, say: say ?? "wrong colour", gate: [] };
      },
      confirm: async ({ change }) => {
        const say = await this.at(`confirm ${change.target.name}`);
        return say === undefined ? { ok: true } : { ok: false, say };
      },
      revert: async ({ change }) => {
        const say = await this.at(`revert ${change.target.name}`);
        if (say !== undefined) return { ok: false, unreachable: true, say };
        this.colours.set(change.target.id, change.payload.from);
        return { ok: true };
      },
      observe: async ({ change }) => {
        const say = await this.at(`observe ${change.target.name}`);
        if (say !== undefined) return { reached: false, say };
        const side =
          colourOf(change.target.id) === change.payload.to ? "new" : colourOf(change.target.id) === change.payload.from ? "old" : "other";
        return { reached: true, side, pending: false, gate: [] };
      },
      back: async ({ change }) => {
        await this.at(`back ${change.target.name}`);
        const now = colourOf(change.target.id);
        return {
          ok: true,
          change: now === change.payload.from ? undefined : { ...change, payload: { from: now, to: change.payload.from } },
        };
      },
      describe: ({ payload }) => ({ commands: [`paint ${payload.to}`] }),
    };
  }
}

const ada = { actor: "user:ada", access: "unlimited" as const };
const bob = { actor: "user:bob", access: "unlimited" as const };
const oneByOne: Strategy = { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 };

let database: TestDatabase;
let home: string;
let secrets: Secrets;
let lamps: Lamps;
const running: Rollouts[] = [];

beforeAll(async () => {
  database = await testDatabase();
  home = await mkdtemp(join(tmpdir(), "holdfast-rollouts-"));
  secrets = await createSecrets({
    db: database.db,
    audit: createAudit({ db: database.db }),
    keys: { file: join(home, "keys.json") },
    log: silentLog,
  });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

function engine(more: Partial<RolloutsDeps> = {}): Rollouts {
  const { db } = database;
  const metrics = { duration: () => undefined, ended: () => undefined };
  const made = createRollouts({
    db,
    log: silentLog,
    clock: systemClock,
    audit: createAudit({ db }),
    secrets,
    metrics,
    carriers: [lamps.carrier() as Carrier],
    leaseMs: 3000,
    ...more,
  });
  running.push(made);
  return made;
}

let number = 0;
/** A plan that paints fresh lamps red. */
async function planRed(rollouts: Rollouts, names: string[]): Promise<Plan> {
  number += 1;
  const changes = names.map((name): Change => ({
    kind: "test.lamp",
    target: { id: `lamp${number}-${name}`, name, labels: {} },
    summary: "dark → red",
    diff: [],
    added: 1,
    removed: 1,
    baseHash: "dark",
    payload: { from: "dark", to: "red" },
  }));
  return inTransaction(database.db, (tx) =>
    rollouts.proposePlan(tx, { origin: "test", title: "red lamps", createdBy: ada.actor, changes, unchanged: 0, problems: [] }, ada),
  );
}

async function until(rollouts: Rollouts, id: string, states: string[]): Promise<Awaited<ReturnType<Rollouts["get"]>>> {
  return expect
    .poll(async () => rollouts.get(id, ada), { timeout: 15_000, interval: 20 })
    .toSatisfy((rollout: { state: string }) => states.includes(rollout.state))
    .then(() => rollouts.get(id, ada));
}

async function colours(plan: Plan): Promise<string[]> {
  return plan.changes.map((change) => lamps.colours.get(change.target) ?? "dark");
}

describe("a rollout on the database", () => {
  test("changes every target, and its journal tells each step before and after", async () => {
    lamps = new Lamps();
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a", "b"]);
    const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    const ended = await until(rollouts, id, ["succeeded"]);
    expect(await colours(plan)).toEqual(["red", "red"]);
    expect(ended.say).toBe("Done: 2 of 2 targets have the change.");
    const journal = await rollouts.journal(id, { limit: 100, target: plan.changes[0]!.target }, ada);
    expect(journal.map((line) => `${line.step} ${line.phase}`)).toEqual([
      "prepare begin",
      "prepare end",
      "apply begin",
      "apply note",
      "apply end",
      "verify begin",
      "verify end",
      "confirm begin",
      "confirm end",
    ]);
    expect(new Set(journal.map((line) => line.fencing)).size).toBe(1);
  });

  test("that fails takes back every target that it touched, the one that failed included, and says why", async () => {
    lamps = new Lamps();
    lamps.broken.set("apply b", "line 3 was refused");
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a", "b", "c"]);
    const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    const ended = await until(rollouts, id, ["reverted"]);
    expect(await colours(plan)).toEqual(["dark", "dark", "dark"]);
    expect(ended.haltReason).toBe("b: line 3 was refused");
    expect(ended.targets.map((target) => [target.targetName, target.outcome, target.side])).toEqual([
      ["a", "reverted", "old"],
      ["b", "reverted", "old"],
      ["c", undefined, "old"],
    ]);
    expect(lamps.done.filter((step) => step.startsWith("revert"))).toEqual(["revert b", "revert a"]);
  });

  test("keeps a pending revert for a target that does not answer, and does it as soon as it answers", async () => {
    lamps = new Lamps();
    lamps.broken.set("verify a", "no route");
    lamps.broken.set("revert a", "no answer");
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a"]);
    const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    const waiting = await until(rollouts, id, ["needs_attention"]);
    expect(waiting.targets[0]).toMatchObject({ state: "pending_revert", outcome: "unreachable", side: "unknown" });
    lamps.broken.delete("revert a");
    await until(rollouts, id, ["reverted"]);
    expect(await colours(plan)).toEqual(["dark"]);
  });

  test("may have a target only while no other rollout has it", async () => {
    lamps = new Lamps();
    const apply = lamps.hold("apply a");
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a"]);
    const first = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await apply.reached;
    await expect(rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, bob)).rejects.toThrow(
      `a is held by rollout ${first.id}`,
    );
    apply.release();
    await until(rollouts, first.id, ["succeeded"]);
    expect(await rollouts.held([plan.changes[0]!.target])).toEqual(new Map());
  });

  test("of a plan that is not the reviewed one is refused", async () => {
    lamps = new Lamps();
    const rollouts = engine();
    const plan = await planRed(rollouts, ["a"]);
    await expect(rollouts.propose({ planId: plan.id, planHash: "f00", strategy: oneByOne }, ada)).rejects.toThrow(
      "is not the one that was reviewed",
    );
  });

  test("waits for the approval of somebody other than its author", async () => {
    lamps = new Lamps();
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a"]);
    const { id, state } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne, requireApproval: true }, ada);
    expect(state).toBe("awaiting_approval");
    await expect(rollouts.approve(id, ada)).rejects.toThrow("somebody else has to approve it");
    await rollouts.approve(id, bob);
    expect((await until(rollouts, id, ["succeeded"])).approvedBy).toBe("user:bob");
  });

  test("that is aborted goes back, and can be tried again for what is missing", async () => {
    lamps = new Lamps();
    const second = lamps.hold("prepare b");
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a", "b"]);
    const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await second.reached;
    await rollouts.abort(id, ada, "wrong day");
    second.release();
    expect((await until(rollouts, id, ["reverted"])).haltReason).toBe("aborted by user:ada: wrong day");
    const again = await rollouts.retry(id, ada);
    await until(rollouts, again.id, ["succeeded"]);
    expect(await colours(plan)).toEqual(["red", "red"]);
  });

  test("follows a rotation of keys: its plan can be carried out after its old key is gone from use", async () => {
    lamps = new Lamps();
    const rollouts = engine();
    const plan = await planRed(rollouts, ["a"]);
    await secrets.rotate(ada);
    const stale = await secrets.rotation();
    expect(stale.stale.find((one) => one.table === "rollout.plan_change")?.rows).toBeGreaterThan(0);
    await secrets.reseal();
    expect((await secrets.rotation()).stale.every((one) => one.rows === 0)).toBe(true);
    expect((await rollouts.planChange(plan.id, plan.changes[0]!.target, ada)).commands).toEqual(["paint red"]);
  });

  test("that succeeded can be rolled back to what was there before it", async () => {
    lamps = new Lamps();
    const rollouts = engine();
    rollouts.start();
    const plan = await planRed(rollouts, ["a", "b"]);
    const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await until(rollouts, id, ["succeeded"]);
    const back = await rollouts.rollback(id, ada, "the colour is wrong");
    expect((await until(rollouts, back.id, ["succeeded"])).revertOf).toBe(id);
    expect(await colours(plan)).toEqual(["dark", "dark"]);
    const { items } = await createAudit({ db: database.db }).list({ subject: `rollout:${back.id}`, action: "rollout.rollout.create" });
    expect(items[0]?.reason).toBe("the colour is wrong");
  });
});

test("the way back is asked of several targets at one time, never of more than eight", async () => {
  lamps = new Lamps();
  const rollouts = engine();
  rollouts.start();
  const names = "abcdefghijkl".split("");
  const plan = await planRed(rollouts, names);
  const { id } = await rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy: { kind: "direct", reason: "test" } }, ada);
  await until(rollouts, id, ["succeeded"]);
  const asked = names.map((name) => lamps.hold(`back ${name}`));
  const back = rollouts.rollback(id, ada);
  await Promise.all(asked.slice(0, 8).map(({ reached }) => reached));
  expect(lamps.done.filter((step) => step.startsWith("back "))).toHaveLength(8);
  for (const { release } of asked) release();
  expect((await back).targets.map((target) => target.targetName)).toEqual(names);
});

describe("when a controller loses its lease", () => {
  /** As the database sees it when its clock was set forward; the controller's own still says otherwise. */
  const expireLeases = () =>
    database.pool.query("update rollout.rollout set leased_until = now() - interval '1 second' where leased_until is not null");

  test("another one takes the rollout over with a higher fencing token, undoes the interrupted step, and finishes", async () => {
    lamps = new Lamps();
    const apply = lamps.hold("apply a");
    const lost = engine();
    lost.start();
    const plan = await planRed(lost, ["a"]);
    const { id } = await lost.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await apply.reached;
    lamps.held.delete("apply a");
    await expireLeases();
    const next = engine();
    next.start();
    await until(next, id, ["succeeded"]);
    apply.release();
    expect(await colours(plan)).toEqual(["red"]);
    const journal = await next.journal(id, { limit: 200 }, ada);
    const fencing = journal.filter((line) => line.fencing > 0).map((line) => line.fencing);
    expect(fencing).toEqual([...fencing].sort((a, b) => a - b));
    expect(new Set(fencing).size).toBeGreaterThan(1);
    expect(lamps.done).toContain("revert a");
  });

  test("a step of it that goes on is told so before it touches the target, and writes nothing more", async () => {
    lamps = new Lamps();
    const apply = lamps.hold("apply a");
    const lost = engine();
    lost.start();
    const plan = await planRed(lost, ["a"]);
    const { id } = await lost.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await apply.reached;
    lamps.held.delete("apply a");
    await expireLeases();
    const next = engine();
    next.start();
    await until(next, id, ["succeeded"]);
    const journal = await next.journal(id, { limit: 200 }, ada);
    lamps.colours.set(plan.changes[0]!.target, "green");
    apply.release();
    await lost.stop();
    expect(await colours(plan)).toEqual(["green"]);
    expect(await next.journal(id, { limit: 200 }, ada)).toEqual(journal);
    expect(journal.filter((line) => line.phase === "note" && line.step === "apply")).toHaveLength(1);
  });

  test("nobody takes it over from itself: a lease that it was late to prolong interrupts nothing", async () => {
    lamps = new Lamps();
    const apply = lamps.hold("apply a");
    const late = engine();
    late.start();
    const plan = await planRed(late, ["a"]);
    const { id } = await late.propose({ planId: plan.id, planHash: plan.hash, strategy: oneByOne }, ada);
    await apply.reached;
    await expireLeases();
    // Its own search for rollouts comes by while this one is in the middle of a step.
    const other = await planRed(late, ["b"]);
    const second = await late.propose({ planId: other.id, planHash: other.hash, strategy: oneByOne }, ada);
    await until(late, second.id, ["succeeded"]);
    apply.release();
    await until(late, id, ["succeeded"]);
    expect(lamps.done.filter((step) => step.endsWith(" a"))).toEqual(["prepare a", "apply a", "verify a", "confirm a", "observe a"]);
  });
});
