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
