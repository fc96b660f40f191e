/**
 * `npm run demo`: a network of 24 simulated devices, its Git repository, and Holdfast; plays the main job, then stays up to be looked at.
 * `npm run demo -- --once`: the same, checked against the devices themselves; exit code 0 when everything is as it should be, else 1.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { sayError } from "@holdfast/kit";
import { createLog } from "#platform/log";
import { buildConsole } from "./dev/build-console.ts";
import { play } from "./demo/play.ts";
import { createDemoRepository } from "./demo/repository.ts";
import { emptyDirectory, openDemoServer, type DemoServer } from "./demo/server.ts";
import { createTeller, printChecks } from "./demo/show.ts";
import { openWorld } from "./demo/world.ts";

const [option, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (option !== undefined && option !== "--once")) {
  console.error("npm run demo             plays the main job on 24 simulated devices, then stays up to be looked at");
  console.error("npm run demo -- --once   plays it, checks it on the devices, and ends: 0 when everything is as it should be, else 1");
  process.exit(option === "--help" ? 0 : 4);
}
const once = option === "--once";
const write = (text: string): void => void process.stdout.write(text);

async function demo(): Promise<boolean> {
  const directory = once ? await mkdtemp(join(tmpdir(), "holdfast-demo-")) : resolve(".holdfast/demo");
  await emptyDirectory(directory);
  const teller = createTeller(write, process.stdout.isTTY);
  teller.act("Start PostgreSQL, the server, the console and 24 devices");
  const log = createLog({ level: "warn", to: { write: (line) => void process.stderr.write(line) } });
  const [world, server] = await Promise.all([
    openWorld(join(directory, "world")),
    openDemoServer({ directory, log, anyPort: once }),
    buildConsole(),
  ]);
  const stop = async (): Promise<void> => {
    await server.holdfast.stop();
    await world.stop();
    if (once) await rm(directory, { recursive: true, force: true });
  };
  try {
    teller.tell(`${world.network.devices.length} devices answer over SSH; Holdfast answers at ${server.url}`);
    const repository = await createDemoRepository(join(directory, "repository"));
    const checks = await play({ client: server.client, network: world.network, repository, ...teller });
    const good = printChecks(write, checks);
    if (once) return good;
    await invite(server, directory);
    await untilInterrupted();
    return good;
  } finally {
    await stop();
  }
}

async function invite(server: DemoServer, directory: string): Promise<void> {
  const here = relative(process.cwd(), server.cliProfile);
  write(`
Look around:  ${await server.signInLink()}
              (signs you in once, within 15 minutes; another one: HOLDFAST_HOME=${relative(process.cwd(), join(directory, "home"))} npm run -s admin -- sign-in-link ada)
With the CLI: export HOLDFAST_CONFIG=${here}
              npm run -s holdfast -- devices list
              npm run -s holdfast -- drift list --diff
              npm run -s holdfast -- rollouts list
The API:      ${server.url}/api/v1/docs
The intent:   git -C ${relative(process.cwd(), join(directory, "repository"))} log --oneline

Ctrl-C ends it.
`);
}

function untilInterrupted(): Promise<void> {
  const { promise, resolve: done } = Promise.withResolvers<void>();
  process.once("SIGINT", () => done());
  process.once("SIGTERM", () => done());
  return promise;
}

try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (thrown) {
  console.error(`The demonstration could not be played: ${sayError(thrown)}`);
  process.exit(1);
}
