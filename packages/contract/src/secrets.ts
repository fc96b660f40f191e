/** Sealed secrets. Values go in and never come out through the API. */
import { z } from "zod";
import { idParam, instant, pageOf, pageQuery, route } from "./route.ts";

/** What a device is signed in to with. */
export const deviceCredential = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("password"),
    username: z.string().min(1).max(100),
    password: z.string().max(1000),
    enablePassword: z.string().max(1000).optional(),
  }),
  z.object({
    kind: z.literal("ssh_key"),
    username: z.string().min(1).max(100),
    privateKey: z.string().max(20_000).describe("PEM or OpenSSH format"),
    passphrase: z.string().max(1000).optional(),
    enablePassword: z.string().max(1000).optional(),
  }),
  z.object({
    kind: z.literal("ssh_ca"),
    username: z.string().min(1).max(100),
    principal: z.string().min(1).max(100).optional().describe("Of the certificate; the user name unless told"),
    enablePassword: z.string().max(1000).optional(),
  }),
]);
export type DeviceCredential = z.infer<typeof deviceCredential>;
/** What a Git server is signed in to with. */
export const gitCredential = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("git_https"), username: z.string().min(1).max(200), token: z.string().min(1).max(2000) }),
  z.object({
    kind: z.literal("git_ssh"),
    privateKey: z.string().max(20_000),
    knownHosts: z.string().max(20_000).describe("known_hosts lines of the Git server"),
  }),
]);
export type GitCredential = z.infer<typeof gitCredential>;
export const secretValue = z.union([deviceCredential, gitCredential]);
export type SecretValue = z.infer<typeof secretValue>;

/** Where the values of a secret are kept. */
const engine = z.enum(["builtin", "vault"]).describe("builtin: sealed in Holdfast's database; vault: HashiCorp Vault or OpenBao");

export const secretSummary = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["password", "ssh_key", "ssh_ca", "git_https", "git_ssh"]),
  username: z.string().optional(),
  engine,
  version: z.number().int().describe("The newest version; the one in use"),
  versions: z.number().int().describe("How many versions can still be read"),
  createdAt: instant,
  updatedAt: instant,
  expiresAt: instant.optional().describe("When it is due to be replaced; it goes on working"),
  etag: z.string(),
});
export type SecretSummary = z.infer<typeof secretSummary>;

/** What is known of one version; never its value. */
export const secretVersion = z.object({
  version: z.number().int(),
  engine,
  current: z.boolean(),
  createdAt: instant,
  createdBy: z.string().optional(),
  key: z.string().optional().describe("The key of the key ring that seals it"),
  destroyedAt: instant.optional(),
});
export type SecretVersion = z.infer<typeof secretVersion>;

/** A time-limited hand-out of a secret to a part of this system. */
export const secretLease = z.object({
  id: z.string(),
  secret: z.string().describe("A name, or a reference such as vault:database/creds/reader"),
  version: z.number().int().optional(),
  engine,
  state: z.enum(["active", "expired", "revoked"]),
  holder: z.string(),
  purpose: z.string(),
  issuedAt: instant,
  renewedAt: instant.optional(),
  expiresAt: instant,
  endsBy: instant.optional().describe("No renewal goes beyond"),
});
export type SecretLease = z.infer<typeof secretLease>;

export const vaultState = z.enum([
  "active",
  "standby",
  "performance_standby",
  "dr_secondary",
  "sealed",
  "uninitialized",
  "removed",
  "unreachable",
]);
/** How the engines are. */
export const secretsStatus = z.object({
  engine: engine.describe("Where new values go"),
  keyRing: z.object({
    source: z.enum(["file", "settings"]),
    wrappedBy: z.enum(["none", "passphrase", "transit"]).describe("What protects the key ring's file"),
    activeKey: z.string(),
    keys: z.array(z.string()),
    stale: z.array(z.object({ table: z.string(), rows: z.number().int() })).describe("Rows still sealed under older keys"),
  }),
  vault: z
    .object({
      address: z.string(),
      namespace: z.string().optional(),
      state: vaultState,
      version: z.string().optional(),
      signIn: z.enum(["token", "approle", "kubernetes"]),
      tokenExpiresAt: instant.optional(),
      problem: z.string().optional().describe("Why it cannot be used now"),
    })
    .optional(),
  activeLeases: z.number().int(),
});
export type SecretsStatus = z.infer<typeof secretsStatus>;

export const keyRotation = z.object({ activeKey: z.string(), keys: z.array(z.string()), stale: secretsStatus.shape.keyRing.shape.stale });

const name = z.string().regex(/^[a-z0-9][a-z0-9._/-]{0,99}$/, "lower-case letters, digits, . _ - and /");
const stored = z.object({ value: secretValue, expiresAt: instant.optional() });
const tags = ["secrets"];
export const secretsContract = {
  list: route("GET", "/secrets", { permission: "secrets:read", summary: "List secrets (never their values)", tags })
    .input(pageQuery)
    .output(pageOf(secretSummary)),
  status: route("GET", "/secrets/status", { permission: "secrets:read", summary: "How the engines, the key ring and Vault are", tags })
    .input(z.object({}))
    .output(secretsStatus),
  rotateKey: route("POST", "/secrets/rotate-key", {
    stepUp: true,
    permission: "secrets:write",
    summary: "Make a new key and seal everything again with it, in the background",
    tags,
    status: 202,
    idempotency: "accepted",
  })
    .input(z.object({}))
    .output(keyRotation),
  leases: route("GET", "/secrets/leases", { permission: "secrets:read", summary: "List leases, those that end last first", tags })
    .input(pageQuery)
    .output(pageOf(secretLease)),
  renewLease: route("POST", "/secrets/leases/{id}/renew", {
    permission: "secrets:write",
    summary: "Renew a lease",
    tags,
    idempotency: "accepted",
  })
    .input(idParam)
    .output(secretLease),
  revokeLease: route("DELETE", "/secrets/leases/{id}", {
    permission: "secrets:write",
    summary: "End a lease now; a dynamic credential stops working",
    tags,
    status: 204,
  })
    .input(idParam)
    .output(z.void()),
  create: route("POST", "/secrets", { permission: "secrets:write", summary: "Store a secret", tags, status: 201, idempotency: "accepted" })
    .input(stored.extend({ name }))
    .output(secretSummary),
  show: route("GET", "/secrets/{id}", { permission: "secrets:read", summary: "Show a secret (never its value)", tags })
    .input(idParam)
    .output(secretSummary),
  replace: route("PUT", "/secrets/{id}", { permission: "secrets:write", summary: "Store a new version", tags, precondition: "if-match" })
    .input(stored.extend(idParam.shape))
    .output(secretSummary),
  remove: route("DELETE", "/secrets/{id}", {
    stepUp: true,
    permission: "secrets:write",
    summary: "Delete a secret that nothing uses",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  versions: route("GET", "/secrets/{id}/versions", {
    permission: "secrets:read",
    summary: "List the versions of a secret, newest first",
    tags,
  })
    .input(idParam)
    .output(z.object({ items: z.array(secretVersion) })),
  destroyVersion: route("DELETE", "/secrets/{id}/versions/{version}", {
    stepUp: true,
    permission: "secrets:write",
    summary: "Destroy the value of an older version for good",
    tags,
    precondition: "if-match",
  })
    .input(idParam.extend({ version: z.coerce.number().int().min(1) }))
    .output(z.object({ items: z.array(secretVersion) })),
};
