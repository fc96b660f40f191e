/** Sets a scene: a whole Holdfast over HTTP, a database of its own, a small simulated network and its repository. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client, type Finding, type JournalEntry, type Plan, type Rollout, type Strategy } from "@holdfast/contract";
import { Secret } from "@holdfast/kit";
import { expect, vi } from "vitest";
import { sessionCookie } from "#core/identity";
import { createLog, silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { testDatabase, type TestDatabase } from "#test/database";
import { opened } from "#test/identity";
import type { SimulatedDevice } from "#world/device";
import type { Fleet } from "#world/fleet";
import { compose, type ComposeOptions, type Holdfast } from "../../src/apps/compose.ts";
import { createDemoRepository, type DemoRepository } from "../../src/apps/demo/repository.ts";
import { filesOf, startNetwork, user, type NetworkSpec } from "./network.ts";

export interface SceneSpec extends NetworkSpec {
  /** Parts that this process plays; all unless told. */
  roles?: string;
  /** What differs from a quiet Holdfast that looks at nothing by itself. */
  options?: Omit<Partial<ComposeOptions>, "settings" | "log">;
  /** Settings beside the scene's own. */
  settings?: Record<string, string>;
  /** A database other than one of the test run's. */
  databaseUrl?: string;
}

export interface Scene {
  fleet: Fleet;
  holdfast: Holdfast;
  url: string;
  /** As the administrator `ada`. */
  client: Client;
  /** Called at every journal point of this process, such as `after apply:begin:<target>`. */
  atPoint: Set<(point: string) => void>;
  repository: DemoRepository;
  repositoryDirectory: string;
  home: string;
  databaseUrl: string;
  device(name: string): SimulatedDevice;
  /** Commits, fetches and plans. */
  plan(files: Record<string, string>, selector?: string): Promise<Plan>;
  /** Proposes a rollout that starts at once; all devices together unless told. */
  roll(plan: Plan, strategy?: Strategy): Promise<Rollout>;
  /** The rollout once it rests. */
  end(rollout: { id: string }, timeoutMs?: number): Promise<Rollout>;
  /** `plan`, `roll` and `end`. */
  carryOut(files: Record<string, string>, strategy?: Strategy): Promise<Rollout>;
  journal(rollout: { id: string }): Promise<JournalEntry[]>;
  /** Findings about a device or repository that are open. */
  openFindings(subjectName: string): Promise<Finding[]>;
  /** The id by which rollouts know a device. */
  idOf(name: string): Promise<string>;
  /** A client of another user with this role. */
  as(role: "operator" | "approver" | "viewer"): Promise<Client>;
  stop(): Promise<void>;
}

export const allAtOnce: Strategy = { kind: "direct", reason: "a journey" };
export const oneByOne: Strategy = { kind: "rolling", batch: { count: 1 }, healthyPercent: 100, pauseMs: 0 };

const never = 3_600_000;
/** Long enough for a busy machine, short enough that a silent device does not hold a test up. */
const patience = { connectMs: 2000, handshakeMs: 2000, authMs: 3000, promptMs: 3000, timeoutMs: 2000 };

export async function setScene(spec: SceneSpec = {}): Promise<Scene> {
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let close = closing.pop(); close; close = closing.pop()) await close();
  };
  try {
    return { ...(await build(spec, closing)), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function build(spec: SceneSpec, closing: (() => Promise<unknown>)[]): Promise<Omit<Scene, "stop">> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-journey-"));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  const databaseUrl = spec.databaseUrl ?? (await ownDatabase(closing)).ownerUrl;
  const fleet = await startNetwork(spec);
  closing.push(() => fleet.stop());
  const home = join(directory, "home");
  const log = process.env["JOURNEY_LOG"] ? createLog({ level: "info" }) : silentLog;
  const own = { HOLDFAST_HOME: home, HOLDFAST_PORT: "0", HOLDFAST_ROLES: spec.roles, DATABASE_URL: databaseUrl };
  // Tests ask over and over how far a rollout is.
  const settings = loadSettings({ HOLDFAST_RATE_LIMIT_USER: "0", ...spec.settings, ...own });
  const atPoint: Scene["atPoint"] = new Set();
  const quiet = {
    atPoint: (point: string): void => atPoint.forEach((tell) => tell(point)),
    localRepositories: true,
    driftEveryMs: never,
    pollEveryMs: never,
    patience,
  };
  const holdfast = await compose({ settings, log, ...quiet, ...spec.options });
  closing.push(() => holdfast.stop());
  const url = (await holdfast.start()) ?? "";
  const client = await administrator(holdfast, url);
  const repositoryDirectory = join(directory, "repository");
  const repository = await createDemoRepository(repositoryDirectory);
  await connect({ client, fleet, repository });
  const parts = { atPoint, fleet, holdfast, url, client, repository, repositoryDirectory, home, databaseUrl };
  return { ...parts, ...actsOf(parts) };
}

async function ownDatabase(closing: (() => Promise<unknown>)[]): Promise<TestDatabase> {
  const database = await testDatabase();
  closing.push(() => database.drop());
  return database;
}

async function administrator(holdfast: Holdfast, url: string): Promise<Client> {
  const user = await holdfast.identity.createUser(
    { name: "ada", grants: [{ role: "admin" }], password: crypto.randomUUID() },
    { actor: "system:test", access: "unlimited" },
  );
  return clientOf(holdfast, url, user);
}

async function clientOf(holdfast: Holdfast, url: string, { name }: { name: string }): Promise<Client> {
  const { identity } = holdfast;
  const { token } = await identity.createSignInLink(name, { actor: "system:test" });
  const signedIn = opened(await identity.redeemLink(token, { address: "127.0.0.1", userAgent: "journey" }));
  const caller = await identity.authenticate({ headers: {}, cookies: { [sessionCookie]: signedIn.token } });
  if (!caller) throw new Error(`${name} is not signed in`);
  const { key } = await identity.createKey({ name: "journey", scopes: [...caller.access.keys()], expiresInDays: 1 }, caller);
  return createClient({ url, apiKey: new Secret(key) });
}

async function connect({ client, fleet, repository }: Pick<Scene, "client" | "fleet" | "repository">): Promise<void> {
  await repository.commit("The network as it is", filesOf(fleet));
  await client.secrets.create({ name: "lab/device", value: { kind: "password", ...user } });
  const connected = await client.repositories.create({ name: "net", url: repository.url });
  expect(connected.problem).toBeUndefined();
  for (const { name, fingerprint } of fleet.devices.values())
    await client.devices.trustHostKey({ id: name, fingerprint, reason: "read from the device itself" });
  const { items } = await client.devices.backup({});
  expect(items.map((item) => item.problem).filter(Boolean)).toEqual([]);
}

type ActParts = Pick<Scene, "fleet" | "holdfast" | "url" | "client" | "repository">;

const resting = new Set(["succeeded", "reverted", "needs_attention"]);

function actsOf({ fleet, holdfast, url, client, repository }: ActParts) {
  const commitAndPlan: Scene["plan"] = async (files, selector) => {
    const revision = await repository.commit("A change", files);
    await client.repositories.sync({ id: "net" });
    return client.plans.create({ repository: "net", revision, ...(selector === undefined ? {} : { selector }) });
  };
  // One after the other: a repository has one working copy.
  let last: Promise<unknown> = Promise.resolve();
  const plan: Scene["plan"] = (files, selector) => {
    const next = last.then(() => commitAndPlan(files, selector));
    last = next.catch(() => undefined);
    return next;
  };
  const roll: Scene["roll"] = ({ id, hash }, strategy = allAtOnce) => client.rollouts.create({ planId: id, planHash: hash, strategy });
  const end: Scene["end"] = async ({ id }, timeoutMs = 20_000) => {
    let rollout = await client.rollouts.get({ id });
    const state = async (): Promise<boolean> => {
      rollout = await client.rollouts.get({ id });
      return resting.has(rollout.state);
    };
    await vi.waitUntil(state, { timeout: timeoutMs, interval: 50 });
    return rollout;
  };
  return {
    plan,
    roll,
    end,
    device: (name: string) => fleet.device(name),
    carryOut: async (files: Record<string, string>, strategy?: Strategy) => end(await roll(await plan(files), strategy)),
    journal: async ({ id }: { id: string }) => (await client.rollouts.journal({ id, limit: 500 })).items,
    openFindings: async (subjectName: string) =>
      (await client.findings.list({ state: "open", limit: 500 })).items.filter((finding) => finding.subjectName === subjectName),
    idOf: async (name: string) => (await client.devices.get({ id: name })).id,
    as: async (role: "operator" | "approver" | "viewer") => {
      const made = { name: role, grants: [{ role }], password: crypto.randomUUID() };
      return clientOf(holdfast, url, await holdfast.identity.createUser(made, { actor: "system:test", access: "unlimited" }));
    },
  };
}
