import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@holdfast/kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "#core/audit";
import { createSecrets } from "#core/secrets";
import { inTransaction, openDatabase, type Database } from "#platform/db";
import { silentLog } from "#platform/log";
import { layWire, type Wire } from "#test/cut-wire";
import { testDatabase, type TestDatabase } from "#test/database";
import { createRollouts, type Carrier, type Change, type Rollouts } from "./index.ts";

const ada = { actor: "user:ada", access: "unlimited" as const };
const leaseMs = 1500;

let database: TestDatabase;
let wire: Wire;
let parted: Database;
let home: string;

beforeAll(async () => {
  database = await testDatabase();
  wire = await layWire(database.ownerUrl);
  parted = await openDatabase({ url: wire.url, home: "", log: silentLog, connections: 4 });
  home = await mkdtemp(join(tmpdir(), "holdfast-parted-"));
});
afterAll(async () => {
  await parted.stop();
  await wire.remove();
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

/** Lamps that anybody can paint; what each controller does to them, in order. */
const colours = new Map<string, string>();
const done: string[] = [];

/** @param apply what painting does besides, e.g. hang until it is told to stop */
function carrierOf(who: string, apply: (signal: AbortSignal) => Promise<void>): Carrier {
  const tell = (what: string): void => void done.push(`${who}: ${what}`);
  const carrier: Carrier<{ to: string }> = {
    kind: "test.lamp",
    payload: z.object({ to: z.string() }),
    prepare: async ({ change }) => {
      tell(`prepare ${change.target.name}`);
      return colours.get(change.target.id) === change.payload.to ? { outcome: "unchanged" } : { outcome: "ready", memo: {} };
    },
    apply: async ({ change, signal }) => {
      tell(`apply ${change.target.name}`);
      await apply(signal);
      colours.set(change.target.id, change.payload.to);
      return { outcome: "applied" };
    },
    verify: async ({ change }) =>
      colours.get(change.target.id) === change.payload.to ? { ok: true, gate: [] } : { ok: false, say: "dark", gate: [] },
    confirm: async () => ({ ok: true }),
    revert: async ({ change }) => {
      tell(`revert ${change.target.name}`);
      colours.set(change.target.id, "dark");
      return { ok: true };
    },
    observe: async ({ change }) => ({
      reached: true,
      side: colours.get(change.target.id) === change.payload.to ? "new" : "old",
      pending: false,
      gate: [],
    }),
    back: async () => ({ ok: true, change: undefined }),
    describe: () => ({ commands: [] }),
  };
  return carrier as Carrier;
}

async function controller({ db }: Database, carrier: Carrier): Promise<Rollouts> {
  const audit = createAudit({ db });
  const secrets = await createSecrets({ db, audit, keys: { file: join(home, "keys.json") }, log: silentLog });
  const metrics = { duration: () => undefined, ended: () => undefined };
  return createRollouts({ db, log: silentLog, clock: systemClock, audit, secrets, metrics, carriers: [carrier], leaseMs });
}

test("a controller that is cut off from the database stops what it has in flight before another one can take it up", async () => {
  const applying = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<number>();
  const first = await controller(
    parted,
    carrierOf("first", async (signal) => {
      applying.resolve();
      await new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          done.push("first: stopped");
          stopped.resolve(performance.now());
          reject(new Error("the session was closed"));
        });
      });
    }),
  );
  const second = await controller(
    database,
    carrierOf("second", async () => undefined),
  );
  try {
    first.start();
    const change: Change = {
      kind: "test.lamp",
      target: { id: "lamp-1", name: "a", labels: {} },
      summary: "dark → red",
      diff: [],
      added: 1,
      removed: 1,
      baseHash: "dark",
      payload: { to: "red" },
    };
    const plan = await inTransaction(database.db, (tx) =>
      second.proposePlan(tx, { origin: "test", title: "red", createdBy: ada.actor, changes: [change], unchanged: 0, problems: [] }, ada),
    );
    const strategy = { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 } as const;
    const { id } = await second.propose({ planId: plan.id, planHash: plan.hash, strategy }, ada);
    await applying.promise;
    const cutAt = performance.now();
    wire.cut();
    second.start();
    expect((await stopped.promise) - cutAt).toBeLessThan(leaseMs + 500);
    const state = () => second.get(id, ada).then((rollout) => rollout.state);
    await expect.poll(state, { timeout: 15_000, interval: 20 }).toBe("succeeded");
    expect(done.indexOf("first: stopped")).toBeLessThan(done.findIndex((line) => line.startsWith("second: ")));

    const journal = await second.journal(id, { limit: 100 }, ada);
    wire.mend();
    const again = () => parted.db.selectNoFrom((of) => of.val(1).as("n")).execute();
    await expect.poll(() => again().then(() => "answers", String), { timeout: 15_000 }).toBe("answers");
    await first.stop();
    expect(await second.journal(id, { limit: 100 }, ada)).toEqual(journal);
    expect(colours.get("lamp-1")).toBe("red");
    expect(done.filter((line) => line.startsWith("first: "))).toEqual(["first: prepare a", "first: apply a", "first: stopped"]);
  } finally {
    wire.mend();
    await Promise.all([first.stop(), second.stop()]);
  }
});
