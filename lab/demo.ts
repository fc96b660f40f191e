/** The demonstration on real routers: the same script, pings between the far ends all the time, and a look into every kernel. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play, type Check } from "../packages/server/src/apps/demo/play.ts";
import { createDemoRepository } from "../packages/server/src/apps/demo/repository.ts";
import { emptyDirectory, openDemoServer } from "../packages/server/src/apps/demo/server.ts";
import { createTeller, printChecks, type Teller } from "../packages/server/src/apps/demo/show.ts";
import { createLog } from "../packages/server/src/platform/log.ts";
import { converge, inside, vtysh, type Lab } from "./lab.ts";
import { discarded, networkOfLab } from "./network-of-lab.ts";
import { startPings, sum, type Loss } from "./pings.ts";

export interface Act {
  title: string;
  seconds: number;
  losses: Loss[];
}

type Write = (text: string) => void;

/** Plays it, prints every outcome; true when all are as they should be. The routers are as before afterwards. */
export async function playOnLab(lab: Lab, write: Write = (text) => void process.stdout.write(text)): Promise<boolean> {
  const { checks, acts } = await playActs(lab, write);
  write(`\n${"Act".padEnd(52)}  seconds  pings  lost\n`);
  for (const { title, seconds, losses } of acts) {
    const { sent, lost } = sum(losses);
    write(`${title.padEnd(52)}  ${seconds.toFixed(1).padStart(7)}  ${String(sent).padStart(5)}  ${String(lost).padStart(4)}\n`);
    const hit = losses.filter((one) => one.lost > 0).map((one) => `${one.from} to ${one.to}: ${one.lost} of ${one.sent}`);
    if (hit.length > 0) write(`  lost ${hit.join(", ")}\n`);
  }
  return printChecks(write, checks);
}

export async function playActs(lab: Lab, write: Write): Promise<{ checks: Check[]; acts: Act[] }> {
  const directory = await mkdtemp(join(tmpdir(), `${lab.name}-demo-`));
  await emptyDirectory(directory);
  const network = networkOfLab(lab);
  const log = createLog({ level: "warn", to: { write: (line) => void process.stderr.write(line) } });
  const teller = createTeller(write, process.stdout.isTTY);
  const clock = watchActs(lab, teller);
  teller.act("Start PostgreSQL and the server");
  const server = await openDemoServer({ directory, log, anyPort: true });
  const end = async (): Promise<void> => {
    await clock.end();
    await server.holdfast.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const interrupted = (): void => void end().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    const repository = await createDemoRepository(join(directory, "repository"));
    const checks = await play({ client: server.client, network, repository, ...teller, act: (title) => clock.act(title) });
    const acts = await clock.end();
    checks.push(await kernelsDiscard(lab), goodLostNothing(acts, network.good.title), await sessionsUp(lab));
    await tidyUp(lab, network.hand.device);
    return { checks, acts };
  } finally {
    process.off("SIGINT", interrupted);
    await end();
  }
}

/** Times the acts and counts pings in each. */
function watchActs(lab: Lab, teller: Teller): { act(title: string): void; end(): Promise<Act[]> } {
  const acts: Promise<Act>[] = [];
  let endLast: (() => void) | undefined;
  const watch = async (title: string, until: Promise<void>): Promise<Act> => {
    const begun = Date.now();
    const stop = await startPings(lab);
    await until;
    const seconds = (Date.now() - begun) / 1000;
    return { title, seconds, losses: await stop() };
  };
  return {
    act(title) {
      endLast?.();
      teller.act(title);
      const { promise, resolve } = Promise.withResolvers<void>();
      endLast = resolve;
      acts.push(watch(title, promise));
    },
    end() {
      endLast?.();
      return Promise.all(acts);
    },
  };
}

async function kernelsDiscard(lab: Lab): Promise<Check> {
  const names = lab.topology.routers.map((router) => router.name);
  const routes = await Promise.all(names.map((name) => inside(lab, name, ["ip", "route", "show", "type", "blackhole"])));
  const having = routes.filter((text) => text.includes(discarded)).length;
  return { what: "the good change is in every kernel's routes", ok: having === names.length, saw: `${having} of ${names.length}` };
}

function goodLostNothing(acts: readonly Act[], title: string): Check {
  const { sent, lost } = sum(acts.find((act) => act.title.endsWith(title))?.losses ?? []);
  return { what: "the good change cost no packet between the far ends", ok: sent > 0 && lost === 0, saw: `${lost} of ${sent} lost` };
}

async function sessionsUp(lab: Lab): Promise<Check> {
  const what = "every OSPF and BGP session is up";
  try {
    await converge(lab, 20_000);
    return { what, ok: true, saw: "as before" };
  } catch (thrown) {
    return { what, ok: false, saw: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** The routers go back to what they booted with, so that the demonstration can be played again. */
async function tidyUp(lab: Lab, edited: string): Promise<void> {
  for (const { name, ports } of lab.topology.routers) {
    await vtysh(lab, name, "configure terminal", `no ip route ${discarded} blackhole`);
    const [first] = ports;
    if (name === edited && first)
      await vtysh(lab, name, "configure terminal", "interface eth1", `description to ${first.peer} ${first.peerPort}`);
  }
}
