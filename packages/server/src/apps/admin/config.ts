/** The settings as this process has them. */
import { loadSettings, settingsShape, type Settings } from "#platform/settings";
import type { AdminCall, AdminCommand } from "./command.ts";
import { secretsValueOf } from "./config-secrets.ts";
import { tlsValueOf } from "./config-tls.ts";

export const configCommands: AdminCommand[] = [
  {
    words: "config explain",
    takes: [],
    options: {},
    say: "Show every setting with its value and its meaning; secret ones stay hidden.",
    run: explain,
  },
];

type Name = keyof typeof settingsShape;

/** What each setting came to; undefined: not set, and without a default. */
const valueOf: Record<Name, (settings: Settings) => string | undefined> = {
  HOLDFAST_HOME: (settings) => settings.home,
  DATABASE_URL: (settings) => settings.databaseUrl && "(set; hidden)",
  DATABASE_OWNER_URL: (settings) => settings.databaseOwnerUrl && "(set; hidden)",
  HOLDFAST_DATABASE_TLS: ({ databaseUrl, databaseTls }) => databaseUrl && (databaseTls ? "verify-full" : "off"),
  HOLDFAST_DATABASE_CA_FILE: ({ databaseTls }) => databaseTls?.ca,
  HOLDFAST_DATABASE_CERTIFICATE: ({ databaseTls }) => databaseTls?.own?.certificate,
  HOLDFAST_DATABASE_KEY: ({ databaseTls }) => databaseTls?.own?.key,
  HOLDFAST_HOST: (settings) => settings.host,
  HOLDFAST_PORT: (settings) => String(settings.port),
  HOLDFAST_PUBLIC_URL: (settings) => settings.publicUrl,
  HOLDFAST_TRUSTED_PROXIES: (settings) => settings.trustedProxies?.join(","),
  HOLDFAST_CORS_ORIGINS: (settings) => settings.corsOrigins?.join(","),
  HOLDFAST_RATE_LIMIT_USER: (settings) => String(settings.rateLimits.user),
  HOLDFAST_RATE_LIMIT_ADDRESS: (settings) => String(settings.rateLimits.address),
  HOLDFAST_SMTP_URL: (settings) => settings.smtp && "(set; hidden)",
  HOLDFAST_SMTP_FROM: (settings) => settings.smtp?.from,
  HOLDFAST_PASSWORD_PROFILE: (settings) => settings.passwordProfile,
  HOLDFAST_ORGANISATION: (settings) => settings.organisation,
  HOLDFAST_GIT_CA_FILE: (settings) => settings.gitCaFile,
  HOLDFAST_GIT_PROTOCOLS: ({ gitProtocols }) => [...gitProtocols].join(","),
  HOLDFAST_EGRESS_ALLOW: (settings) => settings.egressAllow?.join(","),
  HOLDFAST_EGRESS_CA_FILE: (settings) => settings.egressCaFile,
  HOLDFAST_LOG_LEVEL: (settings) => settings.logLevel,
  HOLDFAST_ROLES: (settings) => [...settings.roles].join(","),
  HOLDFAST_DRIFT_EVERY: (settings) => sayEvery(settings.driftEveryMs),
  HOLDFAST_BACKUP_EVERY: (settings) => sayEvery(settings.backUpEveryMs),
  HOLDFAST_AUDIT_SYSLOG: ({ auditSyslog: to }) => to && `${to.transport}://${to.host}:${to.port}`,
  HOLDFAST_AUDIT_SYSLOG_CA_FILE: (settings) => settings.auditSyslogCaFile,
  HOLDFAST_AUDIT_RETENTION_DAYS: (settings) => settings.auditRetentionDays?.toString(),
  HOLDFAST_TOKEN_ALGORITHM: (settings) => settings.tokenAlgorithm,
  HOLDFAST_API_KEYS_PER_HOUR: (settings) => String(settings.apiKeysPerHour),
  HOLDFAST_KEY_RING: (settings) => settings.keyRingFile,
  HOLDFAST_KEYS: (settings) => settings.keys && "(set; hidden)",
  ...secretsValueOf,
  ...tlsValueOf,
};

/** In the largest unit that says it whole. */
function sayEvery(ms: number): string {
  const [unit, size] = (
    [
      ["h", 3_600_000],
      ["m", 60_000],
      ["s", 1000],
    ] as const
  ).find((one) => ms % one[1] === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

async function explain({ settings, terminal }: AdminCall): Promise<void> {
  const defaults = loadSettings({});
  for (const name of Object.keys(settingsShape) as Name[]) {
    const value = valueOf[name](settings);
    const unset = value === undefined ? "(not set)" : value;
    const note = value !== undefined && value === valueOf[name](defaults) ? "  (default)" : "";
    await terminal.out(`${name}=${unset}${note}\n    ${settingsShape[name].description ?? ""}\n`);
  }
}
