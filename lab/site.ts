/** A Holdfast for the crash tests on the lab: the API's part in this process, workers in processes of their own, two routers and their repository. */
import { join } from "node:path";
import type { Rollout } from "@holdfast/contract";
import { compose } from "../packages/server/src/apps/compose.ts";
import { createDemoRepository } from "../packages/server/src/apps/demo/repository.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { loadSettings } from "../packages/server/src/platform/settings.ts";
import { testDatabase } from "../packages/server/test/database.ts";
import { credentialName, globalData } from "./intent.ts";
import type { Lab } from "./lab.ts";
import { networkOfLab } from "./network-of-lab.ts";
import { pause } from "./network.ts";

const asker = { actor: "system:test", access: "unlimited" as const };

export interface Site {
  home: string;
  databaseUrl: string;
  /** Plans and starts discarding a network on the routers of lyon, one after the other; `refused`: the second refuses a line. */
  begin(network: string, refused: boolean): Promise<Rollout>;
  /** The rollout at its rest. */
  end(rollout: Rollout): Promise<Rollout>;
  stop(): Promise<void>;
}

export async function openSite(lab: Lab, directory: string): Promise<Site> {
  const database = await testDatabase();
  const home = join(directory, "home");
  const settings = loadSettings({ HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_ROLES: "api", DATABASE_URL: database.ownerUrl });
  const holdfast = await compose({ settings, log: silentLog, localRepositories: true });
  await holdfast.start();
  const { devices, rollouts } = holdfast;
  const network = networkOfLab(lab);
  const repository = await createDemoRepository(join(directory, "repository"));
  // Neighbours are watched elsewhere: here a change shall be over quickly.
  const policy = network.files["policies/health.yaml"]?.replace(/settle: .*/, "settle: 100ms") ?? "";
  await repository.commit("The network as it is", { ...network.files, "policies/health.yaml": policy });
  const credential = network.secrets[credentialName];
  if (credential) await holdfast.secrets.create({ name: credentialName, value: credential }, asker);
  await devices.repositories.create({ name: "lab", url: repository.url, branch: "main", pollMs: 3_600_000 }, asker);
  for (const { name, fingerprint } of network.devices)
    await devices.trust({ id: name, fingerprint, reason: "read from the router" }, asker);
  const discards: string[] = [];
  return {
    home,
    databaseUrl: database.ownerUrl,
    async begin(wanted, refused) {
      const discard = [...discards, wanted];
      if (!refused) discards.push(wanted);
      const own = { discard: refused ? [...discard, "192.0.2.999/32"] : discard };
      const lyon2 = `${network.files["data/devices/lyon-2.yaml"]}discard: ${JSON.stringify(own.discard)}\n`;
      const revision = await repository.commit(`Discard ${wanted}`, {
        "data/global.yaml": globalData({ discard }),
        "data/devices/lyon-2.yaml": lyon2,
      });
      await devices.repositories.sync("lab", asker);
      const plan = await devices.planning.revision({ repository: "lab", revision, selector: "site=lyon" }, asker);
      if (plan.changes.length !== 2) throw new Error(`${plan.changes.length} changes planned: ${JSON.stringify(plan.problems)}`);
      const strategy = { kind: "rolling" as const, batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 };
      return rollouts.propose({ planId: plan.id, planHash: plan.hash, strategy }, asker);
    },
    async end({ id }) {
      for (const until = Date.now() + 60_000; ; await pause(100)) {
        const now = await rollouts.get(id, asker);
        if (["succeeded", "reverted", "needs_attention"].includes(now.state)) return now;
        if (Date.now() > until) throw new Error(`The rollout does not end: ${now.say}`);
      }
    },
    async stop() {
      await holdfast.stop();
      await database.drop();
    },
  };
}
