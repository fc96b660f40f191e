/** What an operator can set, from the environment. The only reader of process.env. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { parseDuration, Problem, sayError, Secret } from "@holdfast/kit";
import { z } from "zod";
import { arrangeAudit, auditFaults, auditSettingsShape, type AuditSettings } from "./settings-audit.ts";
import { arrangeDatabase, databaseFaults, databaseSettingsShape, type DatabaseSettings } from "./settings-database.ts";
import { arrangeSecrets, secretsFaults, secretsSettingsShape, type SecretsSettings } from "./settings-secrets.ts";
import { arrangeTls, tlsFaults, tlsSettingsShape, type TlsSettings } from "./settings-tls.ts";
import { isEgressEntry } from "./egress.ts";
import { gitProtocols, type GitProtocol } from "./git-url.ts";

/** Parts of the program that one process can play. */
export const roles = ["api", "worker", "gateway", "ingest"] as const;
export type Role = (typeof roles)[number];

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Exit code of a process whose settings are wrong (EX_CONFIG of sysexits.h). */
export const settingsExitCode = 78;

/** Each setting once: its name, what it means, its shape. `holdfast config explain` and the documents are made from it. */
export const settingsShape = {
  HOLDFAST_HOME: z.string().default(".holdfast").describe("Directory of everything Holdfast keeps: database, key ring, working copies"),
  ...databaseSettingsShape,
  HOLDFAST_HOST: z.string().default("127.0.0.1").describe("Address to listen on; 0.0.0.0 or :: for all"),
  HOLDFAST_PORT: z.string().default("7450").transform(toPort).describe("Port to listen on; 0 takes any free one"),
  HOLDFAST_PUBLIC_URL: z
    .string()
    .transform(toOrigin)
    .optional()
    .describe("Where browsers and agents reach this server, e.g. https://holdfast.example.net"),
  HOLDFAST_TRUSTED_PROXIES: z
    .string()
    .transform(toProxies)
    .optional()
    .describe(
      "Addresses and networks (10.0.0.0/8) of proxies in front of this server, as a list; X-Forwarded-… headers count from these alone",
    ),
  HOLDFAST_CORS_ORIGINS: z
    .string()
    .transform(toOrigins)
    .optional()
    .describe(
      "Origins whose pages may call the API with a token, as a list, e.g. https://tools.example.net; none unless told, and never all",
    ),
  HOLDFAST_RATE_LIMIT_USER: perMinute(1000).describe("Most API requests a minute of one user, 0 for no limit; counted by each process"),
  HOLDFAST_RATE_LIMIT_ADDRESS: perMinute(100).describe(
    "Most API requests a minute of one address without a caller that counts, 0 for no limit; counted by each process",
  ),
  HOLDFAST_SMTP_URL: secretUrl(["smtp:", "smtps:"])
    .optional()
    .describe(
      "The mail server, e.g. smtps://name:password@mail.example.net; without it one-time links are shown to the administrator who makes them",
    ),
  HOLDFAST_SMTP_FROM: z.email("must be a mail address").optional().describe("Sender of mails; holdfast@ the public URL's host unless told"),
  HOLDFAST_PASSWORD_PROFILE: z
    .enum(["default", "asvs"], "must be default or asvs")
    .default("default")
    .describe("What passwords must be. default: 12 characters of three kinds, or 16 of any; asvs: 15 of any (OWASP ASVS 5.0)"),
  HOLDFAST_ORGANISATION: z.string().trim().min(1).max(100).optional().describe("The organisation's name, which no password may be made of"),
  HOLDFAST_GIT_CA_FILE: z
    .string()
    .optional()
    .describe("File of authorities (PEM) that certificates of Git servers are checked against, in place of the system's"),
  HOLDFAST_GIT_PROTOCOLS: z
    .string()
    .default("https,ssh")
    .transform(toGitProtocols)
    .describe(
      "How repositories may be reached, as a list of https, ssh and file; file opens this server's own repositories to who connects one",
    ),
  HOLDFAST_EGRESS_ALLOW: z
    .string()
    .transform(toEgress)
    .optional()
    .describe(
      "Hosts, addresses and networks (10.0.0.0/8) beside the public internet that this server may call where a user or a foreign document says so, e.g. a Git server or an identity provider, as a list",
    ),
  HOLDFAST_EGRESS_CA_FILE: z
    .string()
    .optional()
    .describe("File of authorities (PEM) that certificates of identity providers and the like are checked against, beside the usual ones"),
  HOLDFAST_LOG_LEVEL: z
    .enum(levels, `must be one of ${levels.join(", ")}`)
    .default("info")
    .describe("Least level of the log lines"),
  HOLDFAST_ROLES: z
    .string()
    .default("all")
    .transform(toRoles)
    .describe("Parts this process plays: all, or a list of api, worker, gateway, ingest"),
  HOLDFAST_DRIFT_EVERY: every("60s", { least: "5s" }).describe("How often drift is looked for, e.g. 60s or 5m"),
  HOLDFAST_BACKUP_EVERY: every("24h", { least: "1m" }).describe("How often every running configuration is backed up, e.g. 6h or 1d"),
  HOLDFAST_KEY_RING: z.string().optional().describe("File of the keys that seal secrets; keys.json in HOLDFAST_HOME unless told"),
  HOLDFAST_TOKEN_ALGORITHM: z
    .enum(["EdDSA", "HS256"], "must be EdDSA or HS256")
    .default("EdDSA")
    .describe("What access tokens are signed with: EdDSA, or HS256 for verifiers that know nothing else; one alone counts"),
  HOLDFAST_API_KEYS_PER_HOUR: z
    .string()
    .default("3")
    .transform(toKeysPerHour)
    .describe("Most API keys that one user may make in an hour, 1 to 1000"),
  HOLDFAST_KEYS: z
    .string()
    .transform((text) => new Secret(text))
    .optional()
    .describe("The key ring itself, in place of a file"),
  ...auditSettingsShape,
  ...secretsSettingsShape,
  ...tlsSettingsShape,
};

export interface Settings extends AuditSettings, DatabaseSettings {
  /** Absolute path. */
  home: string;
  host: string;
  port: number;
  /** Origin without a slash at its end; the address listened on unless set. */
  publicUrl?: string;
  /** Addresses and CIDR blocks. */
  trustedProxies?: string[];
  corsOrigins?: string[];
  /** Requests a minute; 0 for no limit. */
  rateLimits: { user: number; address: number };
  /** Absolute path. */
  gitCaFile?: string;
  gitProtocols: ReadonlySet<GitProtocol>;
  /** Hosts, addresses and CIDR blocks. */
  egressAllow?: string[];
  /** Absolute path. */
  egressCaFile?: string;
  /** Absent: nobody can be mailed. */
  smtp?: { url: Secret; from: string };
  passwordProfile: "default" | "asvs";
  organisation?: string;
  logLevel: (typeof levels)[number];
  roles: ReadonlySet<Role>;
  driftEveryMs: number;
  backUpEveryMs: number;
  /** Absolute path. */
  keyRingFile: string;
  tokenAlgorithm: "EdDSA" | "HS256";
  apiKeysPerHour: number;
  /** The key ring's JSON, in place of the file. */
  keys?: Secret;
  secrets: SecretsSettings;
  /** Absent: the API speaks plain HTTP. */
  tls?: TlsSettings;
}

type Environment = Record<string, string | undefined>;

/** The settings of this process. @throws Problem `settings_invalid`; the process then exits with `settingsExitCode`. */
export function settingsFromEnvironment(): Settings {
  return loadSettings(process.env);
}

/** Reads settings; an empty text counts as absent. @throws Problem `settings_invalid` that names every fault at once, never a secret value. */
export function loadSettings(environment: Environment, workingDirectory: string = process.cwd()): Settings {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== "");
  const parsed = z.object(settingsShape).safeParse(Object.fromEntries(given));
  const faults = parsed.success
    ? [...databaseFaults(parsed.data), ...secretsFaults(parsed.data), ...tlsFaults(parsed.data), ...auditFaults(parsed.data)]
    : parsed.error.issues.map(({ path, message }) => ({ at: path.join("."), say: message }));
  const caFiles = ["HOLDFAST_GIT_CA_FILE", "HOLDFAST_EGRESS_CA_FILE", "HOLDFAST_AUDIT_SYSLOG_CA_FILE", "HOLDFAST_DATABASE_CA_FILE"];
  const caFaults = caFiles.flatMap((name) => findUnusable(name, environment[name], workingDirectory));
  const places = [...faults, ...caFaults, ...given.flatMap(([name]) => findMisspelt(name))];
  if (!parsed.success || places.length > 0) throw invalid(places);
  return arrange(parsed.data, workingDirectory);
}

function arrange(values: z.output<z.ZodObject<typeof settingsShape>>, workingDirectory: string): Settings {
  const home = resolve(workingDirectory, values.HOLDFAST_HOME);
  const tls = arrangeTls(values, workingDirectory);
  return {
    home,
    host: values.HOLDFAST_HOST,
    port: values.HOLDFAST_PORT,
    logLevel: values.HOLDFAST_LOG_LEVEL,
    passwordProfile: values.HOLDFAST_PASSWORD_PROFILE,
    rateLimits: { user: values.HOLDFAST_RATE_LIMIT_USER, address: values.HOLDFAST_RATE_LIMIT_ADDRESS },
    ...(values.HOLDFAST_CORS_ORIGINS && { corsOrigins: values.HOLDFAST_CORS_ORIGINS }),
    roles: values.HOLDFAST_ROLES,
    gitProtocols: values.HOLDFAST_GIT_PROTOCOLS,
    tokenAlgorithm: values.HOLDFAST_TOKEN_ALGORITHM,
    apiKeysPerHour: values.HOLDFAST_API_KEYS_PER_HOUR,
    driftEveryMs: values.HOLDFAST_DRIFT_EVERY,
    backUpEveryMs: values.HOLDFAST_BACKUP_EVERY,
    keyRingFile: values.HOLDFAST_KEY_RING ? resolve(workingDirectory, values.HOLDFAST_KEY_RING) : join(home, "keys.json"),
    ...arrangeDatabase(values, workingDirectory),
    ...(values.HOLDFAST_PUBLIC_URL && { publicUrl: values.HOLDFAST_PUBLIC_URL }),
    ...(values.HOLDFAST_TRUSTED_PROXIES && { trustedProxies: values.HOLDFAST_TRUSTED_PROXIES }),
    ...(values.HOLDFAST_ORGANISATION && { organisation: values.HOLDFAST_ORGANISATION }),
    ...(values.HOLDFAST_SMTP_URL && { smtp: { url: values.HOLDFAST_SMTP_URL, from: senderOf(values) } }),
    ...(values.HOLDFAST_EGRESS_ALLOW && { egressAllow: values.HOLDFAST_EGRESS_ALLOW }),
    ...(values.HOLDFAST_EGRESS_CA_FILE && { egressCaFile: resolve(workingDirectory, values.HOLDFAST_EGRESS_CA_FILE) }),
    ...(values.HOLDFAST_GIT_CA_FILE && { gitCaFile: resolve(workingDirectory, values.HOLDFAST_GIT_CA_FILE) }),
    ...(values.HOLDFAST_KEYS && { keys: values.HOLDFAST_KEYS }),
    ...arrangeAudit(values, workingDirectory),
    secrets: arrangeSecrets(values, workingDirectory),
    ...(tls && { tls }),
  };
}

function senderOf({
  HOLDFAST_SMTP_FROM: from,
  HOLDFAST_PUBLIC_URL: publicUrl,
}: {
  HOLDFAST_SMTP_FROM?: string | undefined;
  HOLDFAST_PUBLIC_URL?: string | undefined;
}): string {
  return from ?? `holdfast@${publicUrl === undefined ? "localhost" : new URL(publicUrl).hostname}`;
}

/** Told at the start, because later it would be a repository that cannot be fetched. */
function findUnusable(name: string, file: string | undefined, workingDirectory: string): { at: string; say: string }[] {
  if (file === undefined || file === "") return [];
  try {
    const whole = readFileSync(resolve(workingDirectory, file), "utf8").includes("-----BEGIN CERTIFICATE-----");
    return whole ? [] : [{ at: name, say: `must be a file of certificates in PEM form; ${file} holds none` }];
  } catch (thrown) {
    return [{ at: name, say: `must be a file that this process may read: ${sayError(thrown)}` }];
  }
}

function invalid(places: { at: string; say: string }[]): Problem {
  const lines = places.map(({ at, say }) => `${at} ${say}`).join("; ");
  return new Problem("settings_invalid", { kind: "invalid", say: `The settings are wrong: ${lines}.`, places });
}

/** A misspelt setting is an error: it would otherwise be ignored in silence. Other names stay allowed (the CLI has some of its own). */
function findMisspelt(name: string): { at: string; say: string }[] {
  if (!name.startsWith("HOLDFAST_") || name in settingsShape) return [];
  const near = Object.keys(settingsShape).find((known) => distance(known, name) <= 2);
  return near === undefined ? [] : [{ at: name, say: `is no setting; do you mean ${near}?` }];
}

/** Edit distance (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const swap = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next[j] = Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

type Context = z.RefinementCtx;

function refuse(context: Context, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

function secretUrl(protocols: string[]) {
  return z.string().transform((text, context) => {
    const url = URL.parse(text);
    return url && protocols.includes(url.protocol)
      ? new Secret(text)
      : refuse(context, `must be a URL that begins with ${protocols.join("// or ")}//`);
  });
}

/** A duration, at least so long and at most what a timer can count to (24 days). */
function every(usual: string, { least }: { least: string }) {
  return z
    .string()
    .default(usual)
    .transform((text, context) => {
      const ms = parseDuration(text);
      const fits = ms !== undefined && ms >= (parseDuration(least) ?? 0) && ms <= 24 * 86_400_000;
      return fits ? ms : refuse(context, `must be a time such as 30s, 5m or 12h, from ${least} to 24d`);
    });
}

function toPort(text: string, context: Context): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : refuse(context, "must be a number from 0 to 65535");
}

function toKeysPerHour(text: string, context: Context): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 1000 ? count : refuse(context, "must be a number from 1 to 1000");
}

function toOrigin(text: string, context: Context): string {
  const url = URL.parse(text);
  const plain =
    url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && url.search === "" && url.username === "";
  return plain ? url.origin : refuse(context, "must be an http or https address without a path, e.g. https://holdfast.example.net");
}

function toProxies(text: string, context: Context): string[] {
  const proxies = text.split(",").map((proxy) => proxy.trim());
  const strange = proxies.find((proxy) => !isNetwork(proxy));
  return strange === undefined
    ? proxies
    : refuse(context, `must be a list of addresses and networks such as 192.0.2.1,10.0.0.0/8; "${strange}" is neither`);
}

/** An address, or a network that is not all of them. */
function isNetwork(text: string): boolean {
  const [address = "", bits, more] = text.split("/");
  const version = address.includes("%") ? 0 : isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function toEgress(text: string, context: Context): string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  const strange = entries.find((entry) => !isEgressEntry(entry));
  return strange === undefined
    ? entries
    : refuse(context, `must be a list of hosts, addresses and networks such as idp.example.net,10.0.0.0/8; "${strange}" is none`);
}

function toRoles(text: string, context: Context): ReadonlySet<Role> {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("all")) return new Set(roles);
  const strange = names.find((name) => !(roles as readonly string[]).includes(name));
  return strange === undefined
    ? new Set(names as Role[])
    : refuse(context, `must be all, or a list of ${roles.join(", ")}; "${strange}" is neither`);
}

function toGitProtocols(text: string, context: Context): ReadonlySet<GitProtocol> {
  const names = text.split(",").map((name) => name.trim());
  const known = gitProtocols.filter((one) => names.includes(one));
  return known.length === new Set(names).size ? new Set(known) : refuse(context, `must be a list of ${gitProtocols.join(", ")}`);
}

function perMinute(usual: number) {
  return z
    .string()
    .default(String(usual))
    .transform((text, context: Context): number =>
      /^\d{1,7}$/.test(text) ? Number(text) : refuse(context, `must be a whole number of requests a minute, not "${text}"`),
    );
}

function toOrigins(text: string, context: Context): string[] {
  const origins = text.split(",").map((origin) => origin.trim());
  const strange = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  return strange === undefined
    ? origins
    : refuse(context, `must be a list of origins such as https://tools.example.net, without a path or *; "${strange}" is none`);
}
