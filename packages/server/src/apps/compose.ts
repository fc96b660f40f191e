/** The one file that knows every module: makes them, top to bottom in the order of their dependencies, and wires them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contract } from "@holdfast/contract";
import { systemClock, type Clock } from "@holdfast/kit";
import { implement } from "@orpc/server";
import {
  createAudit,
  createAuditKeeping,
  createAuditRoutes,
  createPrivacyRoutes,
  type Audit,
  type AuditKeeping,
  type Privacy,
} from "#core/audit";
import { createFindings, createFindingsRoutes, type Findings } from "#core/findings";
import {
  createIdentity,
  createFactorRoutes,
  createFederationRoutes,
  createIdentityRoutes,
  createPeopleRoutes,
  createRoleRoutes,
  createLogoutRoute,
  createSamlRoutes,
  createOAuthRoutes,
  createServiceAccountRoutes,
  createSessionRoutes,
  createTokenRoutes,
  type Identity,
  type TokenSettings,
} from "#core/identity";
import { createPki, createPkiRoutes, type Pki } from "#core/pki";
import { createPlanRoutes, createRolloutRoutes, createRollouts, type Rollouts } from "#core/rollout";
import { createSecrets, createSecretsRoutes, createVault, createVaultSsh, type Secrets } from "#core/secrets";
import {
  createCredentialRoutes,
  createDeviceReach,
  createDeviceRoutes,
  createDevices,
  createDeviceWork,
  createPlanningRoute,
  createRepositoryRoutes,
  type DeviceReachDeps,
  type Devices,
} from "#domains/devices";
import { openDatabase, type Database } from "#platform/db";
import { createEgress, type Egress } from "#platform/egress";
import { createEvents, type Events } from "#platform/events";
import { createGit } from "#platform/git";
import { callerOf, createHttp, type Http, type HttpSettings, type RequestContext } from "#platform/http";
import { createJobs, type Jobs } from "#platform/jobs";
import { liveSourceOf } from "#platform/live";
import type { Log } from "#platform/log";
import { createMail, type Mail } from "#platform/mail";
import { createMetrics, type Metrics } from "#platform/metrics";
import { prepareSchema } from "#platform/schema";
import type { Settings } from "#platform/settings";
import { readOverview } from "#views/overview";
import { keepDatabaseCertificate } from "./database-certificate.ts";
import { assembleRouter } from "./http.ts";
import { keySourceOf } from "./key-source.ts";
import { privacyOf } from "./people.ts";
import { recordRefusals } from "./refusals.ts";
import { runSchedules } from "./schedules.ts";
import { createSight } from "./sight.ts";
import { openTls } from "./tls.ts";

export interface ComposeOptions {
  settings: Settings;
  log: Log;
  clock?: Clock;
  /** Where the console was built; the checkout's own build unless told. */
  consoleDirectory?: string;
  /** Repositories at file paths are allowed: for the demonstration and tests, where the caller is the operator. */
  localRepositories?: boolean;
  /** How often drift is looked for, in place of the setting. */
  driftEveryMs?: number;
  /** How often every running configuration is backed up, in place of the setting. */
  backUpEveryMs?: number;
  /** How often it is asked whether a repository is due; 5 s unless told. */
  pollEveryMs?: number;
  switchMs?: number;
  /** How often revoked certificates are looked for; 15 s unless told. */
  revocationsEveryMs?: number;
  /** How long sessions wait for a device; see `DeviceReachDeps`. */
  patience?: DeviceReachDeps["patience"];
  leaseMs?: number;
  /** Called at every journal point of rollouts, before and after the write; for crash tests. */
  atPoint?: (point: string) => void;
}

export interface Holdfast {
  database: Database;
  metrics: Metrics;
  events: Events;
  jobs: Jobs;
  audit: Audit;
  keeping: AuditKeeping;
  privacy: Privacy;
  secrets: Secrets;
  pki: Pki;
  identity: Identity;
  findings: Findings;
  rollouts: Rollouts;
  devices: Devices;
  http: Http;
  /** Begins all that this process's roles do; the address where the API answers, if it has that role. */
  start(): Promise<string | undefined>;
  /** Stops in the reverse order; safe to call twice. */
  stop(): Promise<void>;
}

const builtConsole = fileURLToPath(new URL("../../../web/dist/", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

export async function compose(options: ComposeOptions): Promise<Holdfast> {
  const { settings, log } = options;
  const database = await openDatabase({
    home: settings.home,
    log,
    ...(settings.databaseUrl ? { url: settings.databaseUrl.reveal() } : {}),
    ...(settings.databaseOwnerUrl ? { ownerUrl: settings.databaseOwnerUrl.reveal() } : {}),
    ...(settings.databaseTls ? { tls: settings.databaseTls } : {}),
  });
  try {
    await prepareSchema({ database, log });
    return await composeOn(options, database);
  } catch (thrown) {
    await database.stop();
    throw thrown;
  }
}

async function composeOn(options: ComposeOptions, database: Database): Promise<Holdfast> {
  const { settings, log } = options;
  const clock = options.clock ?? systemClock;
  const { db } = database;
  const metrics = createMetrics();
  const events = createEvents({ database, log, metrics });
  const jobs = createJobs({ database, log, metrics });
  const audit = createAudit({ db, clock });
  const { vault, secrets, above } = await openSecrets({ settings, db, audit, log, clock, metrics });
  const keeping = createAuditKeeping({ db, audit, secrets, log, metrics, clock, ...keepingSettingsOf(settings) });
  const pki = createPki({ db, audit, secrets, clock, metrics, publicUrl: settings.publicUrl, vault: above });
  const means = identityMeansOf(settings, log);
  const identity = createIdentity({ db, audit, secrets, clock, metrics, authority: pki, ...means });
  const findings = createFindings({ db, audit, clock });
  const git = createGit({ ...gitSettingsOf(options), egress: means.egress });
  const { switchMs, patience } = options;
  const reach = createDeviceReach({
    db,
    log,
    secrets,
    ssh: vault?.settings.ssh === undefined ? pki.ssh : { ...pki.ssh, ...createVaultSsh({ vault, db, audit, at: vault.settings.ssh }) },
    findings,
    clock,
    ...(switchMs === undefined ? {} : { switchMs }),
    ...(patience === undefined ? {} : { patience }),
  });
  const rollouts = createRollouts({
    db,
    log,
    clock,
    audit,
    secrets,
    metrics: rolloutMetrics(metrics),
    carriers: [reach.carrier, reach.credentialCarrier],
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    ...(options.atPoint ? { atPoint: options.atPoint } : {}),
  });
  const devices = createDevices({ db, log, secrets, clock, reach, audit, findings, rollouts, git });
  const work = createDeviceWork({ db, clock, devices, rollouts, log });
  const tls = await openTls({ settings, pki, clock, log, everyMs: options.revocationsEveryMs });
  const privacy = privacyOf({ db, audit, clock });
  const http = await createHttp({
    contract,
    router: assembleRouter(routesOf({ db, audit, keeping, privacy, secrets, pki, identity, findings, rollouts, devices }), {
      ...liveSourceOf({ events, db }),
      openSight: createSight({ db, findings, rollouts }),
    }),
    authenticate: (credentials) => identity.authenticate(credentials),
    settings: { ...httpSettingsOf(options), ...(tls ? { tls: tls.http } : {}) },
    publicFiles: { below: "/pki", find: (name) => pki.publicFile(name) },
    db,
    log,
    metrics,
    plain: [...createOAuthRoutes(identity), createLogoutRoute(identity), ...createSamlRoutes(identity)],
    checks: { database: async () => databaseAnswers(database) },
    refused: recordRefusals({ db, audit, log, clock }),
  });
  const parts = { database, metrics, events, jobs, audit, keeping, privacy, secrets, pki, identity, findings, rollouts, devices, http };
  return { ...parts, ...lifeOf({ ...parts, options, reach, work, tls, log, mail: means.mail }) };
}

type SecretsParts = { settings: Settings; db: Database["db"]; audit: Audit; log: Log; clock: Clock; metrics: Metrics };

async function openSecrets({ settings, metrics, ...deps }: SecretsParts) {
  const { log, clock } = deps;
  const vault = settings.secrets.vault && createVault({ settings: settings.secrets.vault, log, clock, metrics });
  const { engine } = settings.secrets;
  const above = vault?.settings.pki === undefined ? undefined : vault.pki(vault.settings.pki);
  return { vault, above, secrets: await createSecrets({ ...deps, keys: keySourceOf(settings, vault), engine, vault }) };
}

function keepingSettingsOf({ home, auditSyslog: syslog, auditRetentionDays: retentionDays }: Settings) {
  return { directory: join(home, "audit"), syslog, retentionDays };
}

/** What identity reaches people and providers with, and the rules it goes by. */
function identityMeansOf(settings: Settings, log: Log) {
  const { passwordProfile: profile, organisation, publicUrl } = settings;
  return {
    mail: settings.smtp && createMail({ ...settings.smtp, log }),
    publicUrl,
    rules: { profile, words: organisation === undefined ? [] : [organisation] },
    tokens: tokenSettingsOf(settings),
    egress: egressOf(settings),
  };
}

/** Every address that a user or a foreign document names goes by it. */
function egressOf({ egressAllow: allow, egressCaFile }: Settings): Egress {
  return createEgress({ allow, ca: egressCaFile === undefined ? undefined : readFileSync(egressCaFile, "utf8") });
}

function gitSettingsOf({ settings: { home, gitCaFile, gitProtocols }, log, localRepositories = false }: ComposeOptions) {
  const protocols = localRepositories ? new Set([...gitProtocols, "file" as const]) : gitProtocols;
  return { home, log, protocols, ...(gitCaFile === undefined ? {} : { caFile: gitCaFile }) };
}

function tokenSettingsOf({ publicUrl, tokenAlgorithm, apiKeysPerHour }: Settings): TokenSettings {
  return { issuer: publicUrl, algorithm: tokenAlgorithm, apiKeysPerHour };
}

function httpSettingsOf({ settings, consoleDirectory }: ComposeOptions): HttpSettings {
  const { host, port, publicUrl, trustedProxies, corsOrigins, rateLimits } = settings;
  return {
    host,
    port,
    consoleDirectory: consoleDirectory ?? builtConsole,
    version: manifest.version,
    rateLimits,
    ...(corsOrigins === undefined ? {} : { corsOrigins }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
  };
}

type RoutesDeps = Pick<Holdfast, "audit" | "keeping" | "privacy" | "secrets" | "pki" | "identity" | "findings" | "rollouts" | "devices"> & {
  db: Database["db"];
};

function routesOf({ db, audit, keeping, privacy, secrets, pki, identity, findings, rollouts, devices }: RoutesDeps) {
  const system = implement(contract.system).$context<RequestContext>();
  return {
    identity: createIdentityRoutes(identity),
    factors: createFactorRoutes(identity),
    federation: createFederationRoutes(identity),
    people: createPeopleRoutes(identity),
    roles: createRoleRoutes(identity),
    sessions: createSessionRoutes(identity),
    serviceAccounts: createServiceAccountRoutes(identity),
    tokens: createTokenRoutes(identity),
    audit: createAuditRoutes({ db, audit, ...keeping }),
    privacy: createPrivacyRoutes(privacy),
    secrets: createSecretsRoutes(secrets),
    pki: createPkiRoutes(pki),
    findings: createFindingsRoutes(findings),
    plans: { ...createPlanRoutes(rollouts), create: createPlanningRoute(devices) },
    rollouts: createRolloutRoutes(rollouts),
    repositories: createRepositoryRoutes(devices),
    devices: createDeviceRoutes({ devices, db, audit }),
    credentials: createCredentialRoutes(devices),
    overview: system.overview.handler(({ context }) => readOverview(db, callerOf(context))),
  };
}

type LifeParts = Omit<Holdfast, "start" | "stop"> & {
  options: ComposeOptions;
  reach: ReturnType<typeof createDeviceReach>;
  work: ReturnType<typeof createDeviceWork>;
  tls: { close(): void } | undefined;
  mail: Mail | undefined;
  log: Log;
};

function lifeOf(parts: LifeParts): Pick<Holdfast, "start" | "stop"> {
  const { settings } = parts.options;
  const [api, worker] = [settings.roles.has("api"), settings.roles.has("worker")];
  let stopping: Promise<void> | undefined;
  const over = new AbortController();
  const databaseTls = settings.databaseTls?.own;
  let keeping: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (api) await parts.http.close();
    parts.tls?.close();
    over.abort();
    await Promise.all([following, keeping]);
    await parts.jobs.stop();
    await parts.rollouts.stop();
    await parts.reach.close();
    await parts.mail?.close();
    await parts.events.stop();
    await parts.secrets.stop();
    await parts.database.stop();
  };
  return {
    async start() {
      await parts.jobs.start([], { work: worker });
      await parts.events.start([]);
      if (databaseTls)
        keeping = keepDatabaseCertificate({ ...parts, own: databaseTls, clock: parts.options.clock ?? systemClock }, over.signal);
      if (worker) {
        runSchedules(parts);
        parts.rollouts.start();
      }
      if (!api) return undefined;
      following = parts.identity.follow(liveSourceOf({ events: parts.events, db: parts.database.db }), {
        signal: over.signal,
        log: parts.log,
      });
      return parts.http.listen();
    },
    stop: () => (stopping ??= stop()),
  };
}

function databaseAnswers(database: Database): void {
  if (!database.answers()) throw new Error("the database does not answer");
}

/** Names of the source system, which names these two. */
function rolloutMetrics(metrics: Metrics) {
  const duration = metrics.histogram({
    name: "catnet_deployment_duration_seconds",
    help: "Time from a rollout's start to its end",
    labels: ["strategy", "result"],
    buckets: [1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400],
  });
  const ended = metrics.counter({ name: "catnet_deployments_total", help: "Rollouts that ended", labels: ["status"] });
  return {
    duration: (labels: { strategy: string; result: string }, seconds: number) => duration.observe(labels, seconds),
    ended: (status: string) => ended.inc({ status }),
  };
}
