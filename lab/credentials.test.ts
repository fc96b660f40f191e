/** The SSH key of real OpenSSH accounts is exchanged on FRR routers by a rollout, and a worker that is killed meanwhile locks nobody out. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rollout } from "@holdfast/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose, type Holdfast } from "../packages/server/src/apps/compose.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { testDatabase, type TestDatabase } from "../packages/server/test/database.ts";
import { workerProcess, type WorkerProcess } from "../packages/server/test/journeys/worker-process.ts";
import { inside, razeLab, type Lab } from "./lab.ts";
import { networkOfLab } from "./network-of-lab.ts";
import { pause } from "./network.ts";
import { skippedBecause, testLab } from "./test-lab.ts";

const unavailable = skippedBecause();
const by = { actor: "system:test", access: "unlimited" as const };
const pair = ["lyon-1", "lyon-2"];
const secret = "lab/key";

describe.skipIf(unavailable !== undefined)(
  `keys of real OpenSSH accounts${unavailable === undefined ? "" : ` (skipped: ${unavailable})`}`,
  () => {
    let lab: Lab;
    let directory: string;
    let database: TestDatabase;
    let holdfast: Holdfast;
    let worker: WorkerProcess;

    beforeAll(async () => {
      lab = await testLab(6);
      directory = await mkdtemp(join(tmpdir(), `${lab.name}-keys-`));
      database = await testDatabase();
      const home = join(directory, "home");
      const place = { home, databaseUrl: database.ownerUrl };
      const settings = loadSettings({ HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_ROLES: "api", DATABASE_URL: place.databaseUrl });
      holdfast = await compose({ settings, log: silentLog, localRepositories: true });
      await holdfast.start();
      await holdfast.secrets.create({ name: secret, value: { kind: "ssh_key", username: lab.user, privateKey: lab.privateKey } }, by);
      for (const { name, fingerprint } of networkOfLab(lab).devices.filter((one) => pair.includes(one.name))) {
        const door = lab.doors[name];
        if (!door) throw new Error(name);
        const spec = { platform: "frr" as const, site: "lyon", labels: {}, driftMode: "alert" as const, credential: secret };
        await holdfast.devices.inventory.create({ ...spec, name, address: door.address, port: door.port }, by);
        await holdfast.devices.trust({ id: name, fingerprint, reason: "read from the router" }, by);
      }
      worker = await workerProcess(place);
      await worker.order({ do: "start" });
    });
    afterAll(async () => {
      await worker.kill();
      await holdfast.stop();
      await database.drop();
      await razeLab(lab.name);
      await rm(directory, { recursive: true, force: true });
    });

    const begin = async (): Promise<{ rollout: Rollout; to: number }> => {
      const { plan, items, problems } = await holdfast.devices.credentials.rotate({ secret, again: false, dryRun: false }, by);
      expect(problems).toEqual([]);
      if (!plan) throw new Error("no plan");
      const strategy = { kind: "rolling" as const, batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 };
      return { rollout: await holdfast.rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy }, by), to: items[0]?.to ?? 0 };
    };
    const end = async ({ id }: Rollout): Promise<Rollout> => {
      for (const until = Date.now() + 60_000; ; await pause(100)) {
        const now = await holdfast.rollouts.get(id, by);
        if (["succeeded", "reverted", "needs_attention"].includes(now.state)) return now;
        if (Date.now() > until) throw new Error(`The rollout does not end: ${now.say}`);
      }
    };
    /** Whether OpenSSH's own client gets in with this version. */
    const lets = async (router: string, version: number): Promise<boolean> => {
      const value = await holdfast.secrets.reveal(secret, { ...by, purpose: "try it", version });
      if (value.kind !== "ssh_key") throw new Error(value.kind);
      const file = join(directory, `key-${version}`);
      await writeFile(file, value.privateKey, { mode: 0o600 });
      const door = lab.doors[router];
      const options = [
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "IdentitiesOnly=yes",
      ];
      const target = ["-F", "none", "-i", file, "-p", String(door?.port), `${lab.user}@${door?.address}`, "holdfast-switch status"];
      try {
        return (
          execFileSync("ssh", [...options, ...target], { stdio: ["ignore", "pipe", "ignore"] })
            .toString()
            .trim() === "idle"
        );
      } catch {
        return false;
      }
    };
    const keysOf = async (router: string): Promise<string[]> =>
      (await inside(lab, router, ["cat", "/run/holdfast/switch/authorized_keys"])).trim().split("\n");

    test("the new key is what OpenSSH takes, the old one is refused, and nothing else changed", async () => {
      const { rollout, to } = await begin();
      const done = await end(rollout);
      expect(done.targets.map(({ outcome, say }) => [outcome, say])).toEqual([
        ["applied", undefined],
        ["applied", undefined],
      ]);
      for (const router of pair) {
        expect([await lets(router, to), await lets(router, to - 1)]).toEqual([true, false]);
        expect(await keysOf(router)).toHaveLength(1);
        // The account has the uid of frr.
        expect(await inside(lab, router, ["stat", "-c", "%a %U", "/run/holdfast/switch/authorized_keys"])).toBe("600 frr\n");
      }
    });

    test("a worker that is killed at a point of the journal leaves every router with a key that works, and the next one ends it", async () => {
      await worker.order({ do: "watch" });
      await end((await begin()).rollout);
      const { points } = await worker.order({ do: "tell" });
      const some = Array.from({ length: 8 }, (_, index) => Math.floor(((index + 0.5) * points.length) / 8) + 1);
      for (const point of some) {
        const { rollout, to } = await (async () => {
          await worker.order({ do: "watch", dieAt: point });
          return begin();
        })();
        expect(await worker.ended).toBe("SIGKILL");
        for (const router of pair)
          expect([await lets(router, to), await lets(router, to - 1)], `${router} killed at ${points[point - 1]}`).toContain(true);
        worker = await workerProcess({ home: join(directory, "home"), databaseUrl: database.ownerUrl });
        await worker.order({ do: "start" });
        expect((await end(rollout)).state, `killed at ${points[point - 1]}`).toBe("succeeded");
        for (const router of pair) {
          expect([await lets(router, to), await lets(router, to - 1)]).toEqual([true, false]);
          expect(await keysOf(router)).toHaveLength(1);
        }
      }
      console.log(`killed at ${some.length} of ${points.length} points of the journal; nobody was locked out`);
    }, 300_000);
  },
);
