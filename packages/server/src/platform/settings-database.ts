/** The settings of the database: where it is, and how connections to it are protected. Read by `settings.ts` with all others. */
import { resolve } from "node:path";
import { Secret } from "@holdfast/kit";
import { z } from "zod";

const addressProtocols = ["postgres:", "postgresql:"];

/** Each setting once, as in `settingsShape`. */
export const databaseSettingsShape = {
  DATABASE_URL: address().describe("A PostgreSQL server (15 or newer); without it one runs inside HOLDFAST_HOME"),
  DATABASE_OWNER_URL: address().describe(
    "The same database as the owner of its tables, for upgrades alone; DATABASE_URL then names a user who owns none",
  ),
  HOLDFAST_DATABASE_TLS: z
    .enum(["verify-full", "off"], "must be verify-full or off")
    .optional()
    .describe(
      "Connections to DATABASE_URL: verify-full (TLS 1.3, the server's certificate and name are checked) or off; off for a server on this machine, else verify-full, unless told",
    ),
  HOLDFAST_DATABASE_CA_FILE: z
    .string()
    .optional()
    .describe("File of authorities (PEM) that the database server's certificate is checked against, in place of the system's"),
  HOLDFAST_DATABASE_CERTIFICATE: z
    .string()
    .optional()
    .describe("PEM file of the certificate that we show the database server; read again for each connection"),
  HOLDFAST_DATABASE_KEY: z.string().optional().describe("PEM file of its private key"),
};

type Values = z.output<z.ZodObject<typeof databaseSettingsShape>>;

/** Absolute paths. */
export interface DatabaseTlsFiles {
  ca?: string;
  own?: { certificate: string; key: string };
}

export interface DatabaseSettings {
  /** Absent: the embedded PostgreSQL. */
  databaseUrl?: Secret;
  /** Absent: `databaseUrl` is the owner's. */
  databaseOwnerUrl?: Secret;
  /** Absent: in plain text, to a server on this machine or because the operator said so. */
  databaseTls?: DatabaseTlsFiles;
}

/** Words of libpq for what our own settings say. */
const tlsWords = ["ssl", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation", "uselibpqcompat"];

/** What contradicts what. */
export function databaseFaults(values: Partial<Values>): { at: string; say: string }[] {
  const { DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl, HOLDFAST_DATABASE_TLS: mode } = values;
  const { HOLDFAST_DATABASE_CERTIFICATE: certificate, HOLDFAST_DATABASE_KEY: key } = values;
  const more = ["HOLDFAST_DATABASE_CA_FILE", "HOLDFAST_DATABASE_CERTIFICATE", "HOLDFAST_DATABASE_KEY"] as const;
  const given = more.filter((name) => values[name] !== undefined);
  const faults: [wrong: boolean, at: string, say: string][] = [
    [
      ownerUrl !== undefined && url === undefined,
      "DATABASE_OWNER_URL",
      "needs DATABASE_URL, the user that the server works as; alone, DATABASE_URL may name the owner",
    ],
    [
      mode !== undefined && url === undefined,
      "HOLDFAST_DATABASE_TLS",
      "has no meaning without DATABASE_URL: the embedded one has a Unix socket",
    ],
    [certificate !== undefined && key === undefined, "HOLDFAST_DATABASE_KEY", "is needed with HOLDFAST_DATABASE_CERTIFICATE"],
    [key !== undefined && certificate === undefined, "HOLDFAST_DATABASE_CERTIFICATE", "is needed with HOLDFAST_DATABASE_KEY"],
    ...given.map((name): [boolean, string, string] => [url === undefined, name, "has no meaning without DATABASE_URL"]),
    ...given.map((name): [boolean, string, string] => [mode === "off", name, "has no meaning with HOLDFAST_DATABASE_TLS=off"]),
    ...[url, ownerUrl].map((one, at): [boolean, string, string] => [
      one !== undefined && tlsWords.some((word) => new URL(one.reveal()).searchParams.has(word)),
      at === 0 ? "DATABASE_URL" : "DATABASE_OWNER_URL",
      "may not say how TLS is done (sslmode and the like); HOLDFAST_DATABASE_TLS and HOLDFAST_DATABASE_CA_FILE say it",
    ]),
  ];
  return faults.filter(([wrong]) => wrong).map(([, at, say]) => ({ at, say }));
}

/** Values that fit together, as what they mean. */
export function arrangeDatabase(values: Values, workingDirectory: string): DatabaseSettings {
  const { DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl } = values;
  const { HOLDFAST_DATABASE_CA_FILE: ca, HOLDFAST_DATABASE_CERTIFICATE: certificate, HOLDFAST_DATABASE_KEY: key } = values;
  const away = [url, ownerUrl].some((one) => one !== undefined && !isHere(one.reveal()));
  const usual = away || ca !== undefined || certificate !== undefined ? "verify-full" : "off";
  const files: DatabaseTlsFiles = {
    ...(ca === undefined ? {} : { ca: resolve(workingDirectory, ca) }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { own: { certificate: resolve(workingDirectory, certificate), key: resolve(workingDirectory, key) } }),
  };
  return {
    ...(url && { databaseUrl: url }),
    ...(ownerUrl && { databaseOwnerUrl: ownerUrl }),
    ...(url && (values.HOLDFAST_DATABASE_TLS ?? usual) === "verify-full" ? { databaseTls: files } : {}),
  };
}

/** The host that a connection goes to; a path is the directory of a Unix socket. */
function databaseHostOf(url: string): string {
  const { hostname, searchParams } = new URL(url);
  return decodeURIComponent(searchParams.get("host") ?? hostname).replace(/^\[(.*)\]$/, "$1");
}

/** Nothing of it leaves this machine. A URL without a host may be led anywhere by the environment (PGHOST). */
function isHere(url: string): boolean {
  const host = databaseHostOf(url);
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function address() {
  return z
    .string()
    .transform((text, context) => {
      const url = URL.parse(text);
      if (url && addressProtocols.includes(url.protocol)) return new Secret(text);
      context.addIssue({ code: "custom", message: `must be a URL that begins with ${addressProtocols.join("// or ")}//` });
      return z.NEVER;
    })
    .optional();
}
