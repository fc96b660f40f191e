/** The Holdfast of the demonstration: a home of its own, an administrator, an API key for the script and the CLI. */
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createClient, type Client } from "@holdfast/contract";
import { Problem, Secret } from "@holdfast/kit";
import { isHeld } from "#platform/directory-lock";
import type { Log } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../compose.ts";

export interface DemoServer {
  holdfast: Holdfast;
  url: string;
  client: Client;
  /** Where the CLI finds the address and the key. */
  cliProfile: string;
  /** A one-time link that signs a browser in. */
  signInLink(): Promise<string>;
}

const admin = "ada";
const usualPort = 7450;

export interface DemoServerOptions {
  directory: string;
  log: Log;
  anyPort: boolean;
  /** Where the console was built; the checkout's own build unless told. */
  consoleDirectory?: string;
}

/** `directory` is emptied first. The settings of the environment do not count here: nothing of yours is touched. */
export async function openDemoServer({ directory, log, ...options }: DemoServerOptions): Promise<DemoServer> {
  const { consoleDirectory } = options;
  const port = options.anyPort || !(await isFree(usualPort)) ? 0 : usualPort;
  const settings = loadSettings({ HOLDFAST_HOME: join(directory, "home"), HOLDFAST_PORT: String(port) });
  const holdfast = await compose({
    settings,
    log,
    localRepositories: true,
    ...(consoleDirectory === undefined ? {} : { consoleDirectory }),
  });
  const url = (await holdfast.start()) ?? "";
  const apiKey = await firstKey(holdfast, url);
  const cliProfile = join(directory, "cli.json");
  await writeFile(cliProfile, JSON.stringify({ url, apiKey: apiKey.reveal() }), { mode: 0o600 });
  return {
    holdfast,
    url,
    client: createClient({ url, apiKey }),
    cliProfile,
    signInLink: async () => `${url}/link#token=${(await holdfast.identity.createSignInLink(admin, { actor: "system:demo" })).token}`,
  };
}

/** @throws Problem `demo_runs` when a demonstration that still runs keeps its things there */
async function refuseWhileRunning(directory: string): Promise<void> {
  if (!(await isHeld(join(directory, "home", "postgres.lock")))) return;
  throw new Problem("demo_runs", {
    kind: "conflict",
    say: `one runs in ${directory} already; look at that one, or end it with Ctrl-C first.`,
  });
}

/** A directory of its own for the demonstration, empty, that other users may pass through (PostgreSQL, when we are root). */
export async function emptyDirectory(directory: string): Promise<void> {
  await refuseWhileRunning(directory);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
}

/** Makes the administrator as the setup page would, with a password that nobody knows: people come in by link. */
async function firstKey(holdfast: Holdfast, url: string): Promise<Secret> {
  const token = (await holdfast.identity.setupToken()) ?? "";
  let cookie = "";
  const browser = createClient({
    url,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (cookie !== "") request.headers.set("cookie", cookie);
      const response = await fetch(request);
      cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
      return response;
    },
  });
  const { permissions } = await browser.identity.setup({ token, name: admin, password: `${crypto.randomUUID()}${crypto.randomUUID()}` });
  const { key } = await browser.identity.createKey({ name: "demonstration", scopes: permissions, expiresInDays: 7 });
  return new Secret(key);
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once("error", () => resolve(false));
  probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  return promise;
}
