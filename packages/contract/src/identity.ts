/** Users, sessions, API keys. */
import { z } from "zod";
import { idParam, instant, pageOf, pageQuery, permissions, route, selector } from "./route.ts";

/** The roles that are always there. Further ones are made by administrators. */
export const builtInRoles = ["admin", "operator", "approver", "viewer", "auditor"] as const;
export type BuiltInRole = (typeof builtInRoles)[number];
export const roleName = z
  .string()
  .regex(/^(?!preview$)[a-z][a-z0-9-]{0,62}$/, "a lower-case name of letters, digits and dashes, not `preview`");

/** A role that somebody has: everywhere, or for what carries the labels that the selector names. */
export const grant = z.object({ role: roleName, selector: selector.optional().describe("Where the role counts; everywhere when absent") });
export type Grant = z.infer<typeof grant>;
export const grants = z.array(grant).max(50);

export const user = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["person", "service"]),
  email: z.string().optional(),
  grants,
  disabled: z.boolean(),
  createdAt: instant,
  etag: z.string(),
});
export type User = z.infer<typeof user>;

export const me = z.object({
  user: user.omit({ etag: true }).describe("Who is calling"),
  permissions: z.array(z.enum(permissions)),
  limited: z
    .array(z.object({ permission: z.enum(permissions), selectors: z.array(z.string()) }))
    .optional()
    .describe("Which of these count only for what carries the labels that one of the selectors asks for"),
  via: z.enum(["session", "token", "api_key", "certificate"]),
  must: z
    .array(z.enum(["second-factor"]))
    .optional()
    .describe("What comes before anything else: enrol a second factor, because a role needs one"),
});

/** A second factor is still to be shown. */
export const challenged = z.object({
  challenge: z.object({
    token: z.string().describe("Finds this sign-in again; good for five minutes and five tries"),
    methods: z.array(z.enum(["totp", "passkey", "backup-code"])),
    expiresAt: instant,
  }),
});
export type Challenged = z.infer<typeof challenged>;
export const signInAnswer = z.union([me, challenged]);

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe("The first characters of the key, to recognise it"),
  scopes: z.array(z.enum(permissions)).describe("Empty: all that its owner may do"),
  createdAt: instant,
  expiresAt: instant,
  lastUsedAt: instant.optional(),
});

export const userName = z.string().trim().min(1).max(100);
export const newPassword = z.string().min(12).max(256);
const name = userName;
const password = newPassword;
const tags = ["identity"];

export const identityContract = {
  setupState: route("GET", "/setup", { permission: "public", summary: "Whether the first administrator is still to be made", tags }).output(
    z.object({ needed: z.boolean() }),
  ),
  setup: route("POST", "/setup", {
    permission: "public",
    summary: "Make the first administrator with the one-time setup token",
    tags,
    status: 201,
  })
    .input(z.object({ token: z.string().max(200), name, password }))
    .output(me),
  signIn: route("POST", "/auth/sign-in", {
    permission: "public",
    summary: "Sign in with name and password: sets the session cookie, or asks for the second factor",
    tags,
  })
    .input(z.object({ name, password: z.string().max(256) }))
    .output(signInAnswer),
  redeemLink: route("POST", "/auth/link", { permission: "public", summary: "Sign in with a one-time link; sets the session cookie", tags })
    .input(z.object({ token: z.string().max(200) }))
    .output(signInAnswer),
  signOut: route("POST", "/auth/sign-out", {
    permission: "self",
    summary: "End this session",
    tags,
    status: 204,
    meanwhile: true,
    idempotency: "accepted",
  }).output(z.void()),
  me: route("GET", "/auth/me", { permission: "self", summary: "Who am I, and what may I do", tags, meanwhile: true }).output(me),

  listUsers: route("GET", "/users", { permission: "users:read", summary: "List users", tags: ["users"] })
    .input(pageQuery)
    .output(pageOf(user)),
  createUser: route("POST", "/users", {
    permission: "users:write",
    stepUp: true,
    summary: "Create a user",
    tags: ["users"],
    status: 201,
    idempotency: "accepted",
  })
    .input(z.object({ name, password, grants }))
    .output(user),
  updateUser: route("PATCH", "/users/{id}", {
    permission: "users:write",
    stepUp: true,
    summary: "Change what a user may do, or disable",
    tags: ["users"],
    precondition: "if-match",
  })
    .input(idParam.extend({ grants: grants.optional(), disabled: z.boolean().optional() }))
    .output(user),

  listKeys: route("GET", "/api-keys", { permission: "self", summary: "List your API keys", tags }).output(
    z.object({ items: z.array(apiKey) }),
  ),
  createKey: route("POST", "/api-keys", {
    permission: "self",
    stepUp: true,
    summary: "Create an API key; the key is shown this once",
    tags,
    status: 201,
    idempotency: "once",
  })
    .input(
      z.object({
        name,
        scopes: z.array(z.enum(permissions)).max(100).default([]),
        expiresInDays: z.number().int().min(1).max(365).default(90),
      }),
    )
    .output(apiKey.extend({ key: z.string() })),
  revokeKey: route("DELETE", "/api-keys/{id}", { permission: "self", summary: "Revoke one of your API keys", tags, status: 204 })
    .input(idParam)
    .output(z.void()),
};
