/** Service accounts: what programs are that belong to nobody in particular. They never sign in; they come with a secret or an API key. */
import { z } from "zod";
import { apiKey, grants, user } from "./identity.ts";
import { idParam, instant, permissions, route } from "./route.ts";

const name = z.string().trim().min(1).max(100);
const tags = ["service accounts"];

export const clientSecret = z.object({
  id: z.string(),
  createdAt: instant,
  expiresAt: instant.optional().describe("Absent: until it is replaced or ended"),
  lastUsedAt: instant.optional(),
});
export type ClientSecretSummary = z.infer<typeof clientSecret>;

/** A client certificate of our authority, by which a machine comes. */
export const machineCertificate = z.object({
  chain: z.string().describe("PEM: the certificate and the intermediates, to be shown with the key of the request"),
  roots: z.array(z.string()).describe("PEM of the authorities that this server is checked against, where it shows a certificate of ours"),
  spiffeId: z.string(),
  notAfter: instant,
  renewAfter: instant.describe("When it is due for renewal: two thirds of its term"),
});
export type MachineCertificate = z.infer<typeof machineCertificate>;
const csr = z.string().max(20_000).describe("PKCS #10 request, PEM; only its public key is taken");

export const serviceAccountsContract = {
  create: route("POST", "/service-accounts", {
    permission: "users:write",
    stepUp: true,
    summary: "Make a service account",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(z.object({ name, grants }))
    .output(user),
  listSecrets: route("GET", "/service-accounts/{id}/secrets", {
    permission: "users:read",
    summary: "List the secrets of a service account, newest first",
    tags,
  })
    .input(idParam)
    .output(z.object({ items: z.array(clientSecret) })),
  createSecret: route("POST", "/service-accounts/{id}/secrets", {
    permission: "users:write",
    stepUp: true,
    summary: "Make a new secret, shown this once; older ones end after the overlap",
    tags,
    status: 201,
    idempotency: "once",
  })
    .input(idParam.extend({ overlapHours: z.number().min(0).max(720).default(24) }))
    .output(clientSecret.extend({ clientId: z.string(), clientSecret: z.string() })),
  revokeSecret: route("DELETE", "/service-accounts/{id}/secrets/{secret}", {
    permission: "users:write",
    summary: "End a secret, and the sessions that it opened",
    tags,
    status: 204,
  })
    .input(idParam.extend({ secret: z.string().max(64) }))
    .output(z.void()),
  createEnrolment: route("POST", "/service-accounts/{id}/enrolments", {
    permission: "users:write",
    stepUp: true,
    summary: "A token by which a machine of the account gets its first certificate, once",
    tags,
    status: 201,
    idempotency: "once",
  })
    .input(idParam.extend({ minutes: z.number().int().min(1).max(1440).default(60) }))
    .output(z.object({ token: z.string(), expiresAt: instant, spiffeId: z.string() })),
  enrol: route("POST", "/machines/enrol", {
    permission: "public",
    summary: "A client certificate for an enrolment token",
    tags,
    status: 201,
  })
    .input(z.object({ token: z.string().max(100), csr }))
    .output(machineCertificate),
  renewCertificate: route("POST", "/machines/renew", {
    permission: "self",
    summary: "The next client certificate, for a machine that comes with the one before",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(z.object({ csr }))
    .output(machineCertificate),
  createKey: route("POST", "/service-accounts/{id}/api-keys", {
    permission: "users:write",
    stepUp: true,
    summary: "Make an API key of a service account; the key is shown this once",
    tags,
    status: 201,
    idempotency: "once",
  })
    .input(
      idParam.extend({
        name,
        scopes: z.array(z.enum(permissions)).max(100).default([]),
        expiresInDays: z.number().int().min(1).max(365).default(90),
      }),
    )
    .output(apiKey.extend({ key: z.string() })),
};
