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

export const secretSummary = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["password", "ssh_key", "git_https", "git_ssh"]),
  username: z.string().optional(),
  version: z.number().int(),
  createdAt: instant,
  updatedAt: instant,
  etag: z.string(),
});
export type SecretSummary = z.infer<typeof secretSummary>;

const name = z.string().regex(/^[a-z0-9][a-z0-9._/-]{0,99}$/, "lower-case letters, digits, . _ - and /");
const tags = ["secrets"];
export const secretsContract = {
  list: route("GET", "/secrets", { permission: "secrets:read", summary: "List secrets (never their values)", tags })
    .input(pageQuery)
    .output(pageOf(secretSummary)),
  create: route("POST", "/secrets", { permission: "secrets:write", summary: "Store a secret", tags, status: 201, idempotency: "accepted" })
    .input(z.object({ name, value: secretValue }))
    .output(secretSummary),
  replace: route("PUT", "/secrets/{id}", { permission: "secrets:write", summary: "Store a new version", tags, precondition: "if-match" })
    .input(idParam.extend({ value: secretValue }))
    .output(secretSummary),
  remove: route("DELETE", "/secrets/{id}", {
    permission: "secrets:write",
    summary: "Delete a secret that nothing uses",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
};
