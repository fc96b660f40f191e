/** What the console is tried on: the demonstration's network, repository and server, and a second server that is fresh. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { DemoNetwork } from "../../packages/server/src/apps/demo/network.ts";
import { createDemoRepository, type DemoRepository } from "../../packages/server/src/apps/demo/repository.ts";
import { emptyDirectory, openDemoServer, type DemoServer } from "../../packages/server/src/apps/demo/server.ts";
import { openWorld } from "../../packages/server/src/apps/demo/world.ts";
import { compose, type Holdfast } from "../../packages/server/src/apps/compose.ts";
import { buildInto } from "../../packages/server/src/apps/dev/build-console.ts";
import { createLog } from "../../packages/server/src/platform/log.ts";
import { loadSettings } from "../../packages/server/src/platform/settings.ts";

export interface Stage {
  network: DemoNetwork;
  repository: DemoRepository;
  server: DemoServer;
  strike(): Promise<void>;
}

const log = createLog({ level: "error", to: { write: (line) => void process.stderr.write(line) } });

export async function setStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-console-"));
  await emptyDirectory(directory);
  const consoleDirectory = join(directory, "console");
  await buildInto(consoleDirectory);
  const [world, server] = await Promise.all([
    openWorld(join(directory, "world")),
    openDemoServer({ directory, log, anyPort: true, consoleDirectory }),
  ]);
  const repository = await createDemoRepository(join(directory, "repository"));
  await repository.commit("The network as it is", world.network.files);
  return {
    network: world.network,
    repository,
    server,
    async strike() {
      await server.holdfast.stop();
      await world.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface FreshServer {
  url: string;
  /** Of the first administrator. */
  setupLink: string;
  /** As a machine that is switched off, and on again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** As if everybody had proved who they are so many seconds earlier. */
  age(seconds: number): Promise<void>;
  /** Invites somebody whose role needs a second factor; the path of the link. */
  inviteMust(name: string): Promise<string>;
  remove(): Promise<void>;
}

interface FreshOptions {
  /** It may read repositories of this machine's own disk. */
  localRepositories?: boolean;
  /** It knows how it is reached, and may connect to identity providers of this machine. */
  federated?: boolean;
}

export async function openFreshServer({ localRepositories = false, federated = false }: FreshOptions = {}): Promise<FreshServer> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-console-fresh-"));
  await emptyDirectory(directory);
  const consoleDirectory = join(directory, "console");
  await buildInto(consoleDirectory);
  let port = federated ? await freePort() : 0;
  let holdfast: Holdfast | undefined;
  const start = async (): Promise<string> => {
    const reached = federated ? { HOLDFAST_EGRESS_ALLOW: "127.0.0.1", HOLDFAST_PUBLIC_URL: `http://127.0.0.1:${port}` } : {};
    const settings = loadSettings({ HOLDFAST_HOME: join(directory, "home"), HOLDFAST_PORT: String(port), ...reached });
    holdfast = await compose({ settings, log, consoleDirectory, localRepositories });
    const url = (await holdfast.start()) ?? "";
    port = Number(new URL(url).port);
    return url;
  };
  const url = await start();
  const token = (await holdfast?.identity.setupToken()) ?? "";
  return {
    url,
    setupLink: `${url}/setup#token=${token}`,
    stop: async () => holdfast?.stop(),
    start: async () => void (await start()),
    async age(seconds) {
      if (!holdfast) return;
      const { database, identity } = holdfast;
      await sql`update identity.session set stepped_up_at = stepped_up_at - ${seconds} * interval '1 second'`.execute(database.db);
      // What the process remembers of sessions goes with any act at once; with the database's event it would go a moment later.
      await identity.requestReset("nobody", {});
    },
    async inviteMust(name) {
      const by = { actor: "system:lab", access: "unlimited" } as const;
      const viewer = (await holdfast?.identity.listRoles())?.items.find(({ id }) => id === "viewer");
      await holdfast?.identity.updateRole({ id: "viewer", etag: viewer?.etag ?? "", secondFactor: true }, by);
      return (await holdfast?.identity.invite({ name, grants: [{ role: "viewer" }] }, by))?.link ?? "";
    },
    async remove() {
      await holdfast?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
