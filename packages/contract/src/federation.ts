/** Identity providers: where people prove who they are elsewhere, and what that makes of them here. */
import { z } from "zod";
import { roleName, signInAnswer } from "./identity.ts";
import { idParam, instant, route, selector } from "./route.ts";

const text = z.string().trim().min(1).max(500);
const tags = ["identity providers"];

export const oidcSettings = z.object({
  kind: z.literal("oidc"),
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .describe("As the provider's own discovery document says it, to the letter"),
  clientId: text,
  clientAuthentication: z.enum(["basic", "post", "none"]).default("basic").describe("How the client secret is shown"),
  scopes: z.array(text.max(100)).max(20).default(["openid", "profile"]),
  nameClaim: text.max(100).default("preferred_username").describe("Names a user who is made at the first sign-in"),
  groupsClaim: text.max(100).default("groups"),
});

export const ldapSettings = z.object({
  kind: z.literal("ldap"),
  url: z
    .url({ protocol: /^ldaps?$/ })
    .max(500)
    .describe("ldaps://…, or ldap://… which is turned to TLS (StartTLS) before anything is said"),
  bindDn: text.describe("Who looks people up; its password is the provider's secret"),
  baseDn: text.describe("Under which people are"),
  userFilter: text.default("(uid={name})").describe("{name} is what the person typed, escaped"),
  idAttribute: text.max(100).default("entryUUID").describe("Never given to another person; objectGUID in Active Directory"),
  nameAttribute: text.max(100).default("uid"),
  groupBaseDn: text.optional().describe("Under which groups are; without it the person's memberOf counts"),
  groupFilter: text.default("(member={dn})").describe("{dn} is the person's, escaped"),
});

export const groupGrant = z.object({
  group: text.describe("As the provider names it, to the letter; of a directory its distinguished name"),
  role: roleName,
  selector: selector.optional(),
});
export type GroupGrant = z.infer<typeof groupGrant>;

export const providerSettings = z.discriminatedUnion("kind", [oidcSettings, ldapSettings]);
export type ProviderSettings = z.infer<typeof providerSettings>;
export type OidcSettings = z.infer<typeof oidcSettings>;
export type LdapSettings = z.infer<typeof ldapSettings>;

const providerParts = z.object({
  name: text.max(100).describe("On the button of the sign-in page"),
  settings: providerSettings,
  createUsers: z
    .boolean()
    .default(true)
    .describe("Whoever comes first gets a user of their own; otherwise only whom somebody linked comes in"),
  groupGrants: z.array(groupGrant).max(200).default([]).describe("What members of a group may do; counts anew with each sign-in"),
  enabled: z.boolean().default(true),
});
const providerId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a lower-case name of letters, digits and dashes");
const secret = z.string().min(1).max(2000).describe("Client secret or bind password; kept sealed and never shown");

export const provider = providerParts.extend({ id: z.string(), hasSecret: z.boolean(), createdAt: instant, etag: z.string() });
export type Provider = z.infer<typeof provider>;

export const externalIdentity = z.object({
  provider: z.string(),
  subject: z.string().describe("Who it is at the provider"),
  name: z.string().describe("As the provider named the person last"),
  createdAt: instant,
  lastSeenAt: instant.optional(),
});
export type ExternalIdentity = z.infer<typeof externalIdentity>;

const identities = z.object({ items: z.array(externalIdentity) });
const started = z.object({ url: z.string().describe("Where the browser goes now") });
const came = z.object({
  provider: z.string().max(64).describe("Of the address that the provider sent the browser to"),
  query: z.string().max(8000).describe("What that address ends with, after the question mark"),
});
const byPassword = idParam.extend({ name: z.string().trim().min(1).max(256), password: z.string().min(1).max(256) });

export const federationContract = {
  doors: route("GET", "/auth/providers", { permission: "public", summary: "Where people may sign in", tags }).output(
    z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), kind: z.enum(["oidc", "ldap"]) })) }),
  ),
  start: route("POST", "/auth/providers/{id}/start", { permission: "public", summary: "Begin a sign-in at an identity provider", tags })
    .input(idParam)
    .output(started),
  finish: route("POST", "/auth/providers/finish", {
    permission: "public",
    summary: "Sign in with what the identity provider sent back",
    tags,
  })
    .input(came)
    .output(signInAnswer),
  signIn: route("POST", "/auth/providers/{id}/sign-in", {
    permission: "public",
    summary: "Sign in with a name and password of a directory",
    tags,
  })
    .input(byPassword)
    .output(signInAnswer),

  identities: route("GET", "/auth/identities", { permission: "self", summary: "Who you are elsewhere", tags }).output(identities),
  startLink: route("POST", "/auth/identities/{id}/start", {
    idempotency: "once",
    permission: "self",
    stepUp: true,
    summary: "Begin to link yourself to who you are at an identity provider",
    tags,
  })
    .input(idParam)
    .output(started),
  finishLink: route("POST", "/auth/identities/finish", {
    idempotency: "accepted",
    permission: "self",
    stepUp: true,
    summary: "Link yourself with what it sent back",
    tags,
  })
    .input(came)
    .output(externalIdentity),
  linkByPassword: route("POST", "/auth/identities/{id}/link", {
    idempotency: "accepted",
    permission: "self",
    stepUp: true,
    summary: "Link yourself to who you are in a directory",
    tags,
  })
    .input(byPassword)
    .output(externalIdentity),

  list: route("GET", "/identity-providers", { permission: "users:read", summary: "List identity providers", tags }).output(
    z.object({ items: z.array(provider) }),
  ),
  create: route("POST", "/identity-providers", {
    permission: "users:write",
    stepUp: true,
    summary: "Add an identity provider; only who may do everything may say who people are",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(providerParts.extend({ id: providerId, secret: secret.optional() }))
    .output(provider),
  update: route("PUT", "/identity-providers/{id}", {
    permission: "users:write",
    stepUp: true,
    summary: "Replace what an identity provider is; without a secret the one it has stays",
    tags,
    precondition: "if-match",
  })
    .input(providerParts.extend({ id: providerId, secret: secret.optional() }))
    .output(provider),
  remove: route("DELETE", "/identity-providers/{id}", {
    permission: "users:write",
    stepUp: true,
    summary: "Remove an identity provider, all links to it, and the sessions that began there",
    tags,
    status: 204,
    precondition: "if-match",
  })
    .input(idParam)
    .output(z.void()),
  identitiesOf: route("GET", "/users/{id}/identities", { permission: "users:read", summary: "Who a user is elsewhere", tags })
    .input(idParam)
    .output(identities),
  link: route("POST", "/users/{id}/identities", {
    permission: "users:write",
    stepUp: true,
    summary: "Link a user to who they are at an identity provider",
    tags,
    status: 201,
    idempotency: "accepted",
  })
    .input(idParam.extend({ provider: z.string().max(64), subject: z.string().min(1).max(255) }))
    .output(externalIdentity),
  unlink: route("DELETE", "/users/{id}/identities/{provider}", {
    permission: "users:write",
    stepUp: true,
    summary: "End a user's links to an identity provider, and the sessions that began there",
    tags,
    status: 204,
  })
    .input(idParam.extend({ provider: z.string().max(64) }))
    .output(z.void()),
};
