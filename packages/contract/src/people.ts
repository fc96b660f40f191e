/** How people get in, and how they are looked over. */
import { z } from "zod";
import { apiKey, grant, grants, newPassword, signInAnswer, user, userName } from "./identity.ts";
import { idParam, instant, pageOf, pageQuery, permissions, route } from "./route.ts";

/** RFC 5321 without quotes and literals; the host as RFC 1123 names hosts. */
const mailAddress =
  /^(?=.{1,64}@)(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;
const email = z.email({ pattern: mailAddress }).max(254);
const token = z.string().max(200);
const tags = ["users"];

/** Where a one-time link went. */
const sent = {
  mailed: z.boolean(),
  expiresAt: instant,
  link: z.string().optional().describe("When it was not mailed: hand it on yourself; a path where no public URL is set"),
  because: z.string().optional().describe("Why the mail could not be sent"),
};
export const forcedReset = z.object({ name: z.string(), ...sent });
export type ForcedReset = z.infer<typeof forcedReset>;

export const inactiveUser = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["person", "service"]),
  days: z.number().int().describe("Since the last request, or since the user was made when there was none"),
  lastSeenAt: instant.optional().describe("To the hour"),
});
export type InactiveUser = z.infer<typeof inactiveUser>;

export const grantReport = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["person", "service"]),
  disabled: z.boolean(),
  lastSeenAt: instant.optional(),
  secondFactor: z.enum(["enrolled", "missing", "none"]).describe("`missing`: a role needs one, and there is none"),
  grants: z.array(grant.extend({ permissions: z.array(z.enum(permissions)) })),
});
export type GrantReport = z.infer<typeof grantReport>;

const admin = { permission: "users:write", tags, stepUp: true } as const;

export const peopleContract = {
  get: route("GET", "/users/{id}", { permission: "users:read", summary: "Show a user", tags }).input(idParam).output(user),
  invite: route("POST", "/users/invite", {
    ...admin,
    summary: "Make a user who chooses the password by a one-time link, mailed or handed on",
    status: 201,
    idempotency: "once",
  })
    .input(z.object({ name: userName, email: email.optional(), grants }))
    .output(z.object({ user, ...sent })),
  inviteAgain: route("POST", "/users/{id}/invite", {
    ...admin,
    summary: "Make a new link for somebody who has not used theirs",
    idempotency: "once",
  })
    .input(idParam)
    .output(z.object({ user, ...sent })),
  acceptInvitation: route("POST", "/auth/invitation", {
    permission: "public",
    summary: "Choose a password by the link of an invitation; sets the session cookie",
    tags: ["identity"],
  })
    .input(z.object({ token, password: newPassword }))
    .output(signInAnswer),

  requestReset: route("POST", "/auth/reset-request", {
    permission: "public",
    summary: "Ask for a mail with a link to set a new password; the answer is the same for everybody",
    tags: ["identity"],
    status: 202,
  })
    .input(z.object({ who: z.string().trim().min(1).max(254).describe("Name or mail address") }))
    .output(z.object({ say: z.string() })),
  redeemReset: route("POST", "/auth/reset", {
    permission: "public",
    summary: "Set a new password by a link; ends all sessions",
    tags: ["identity"],
    status: 204,
  })
    .input(z.object({ token, password: newPassword }))
    .output(z.void()),

  forceReset: route("POST", "/users/{id}/reset", {
    ...admin,
    summary: "End the password and the sessions of a user; a one-time link leads to a new password",
    idempotency: "once",
  })
    .input(idParam)
    .output(forcedReset),
  forceAllResets: route("POST", "/users/reset-all", {
    ...admin,
    summary: "The same for all people but you",
    idempotency: "once",
  })
    .input(z.object({ dryRun: z.boolean().default(false).describe("Only who it would be") }))
    .output(z.object({ items: z.array(forcedReset.partial().required({ name: true })) })),
  changeEmail: route("PUT", "/users/{id}/email", { ...admin, summary: "Change a user's mail address", precondition: "if-match" })
    .input(idParam.extend({ email }))
    .output(user),

  listKeys: route("GET", "/users/{id}/api-keys", {
    permission: "users:read",
    summary: "List the API keys of a person or a service account",
    tags,
  })
    .input(idParam)
    .output(z.object({ items: z.array(apiKey) })),
  revokeKey: route("DELETE", "/users/{id}/api-keys/{key}", {
    permission: "users:write",
    summary: "Revoke an API key of a person or a service account",
    tags,
    status: 204,
  })
    .input(idParam.extend({ key: z.string().max(64) }))
    .output(z.void()),

  inactive: route("GET", "/users/inactive", { permission: "users:read", summary: "Who has made no request for some days", tags })
    .input(z.object({ days: z.coerce.number().int().min(1).max(3650).default(30) }))
    .output(z.object({ items: z.array(inactiveUser) })),
  reviewGrants: route("GET", "/users/grants", { permission: "users:read", summary: "Who may do what, for a review", tags })
    .input(pageQuery)
    .output(pageOf(grantReport)),
};
