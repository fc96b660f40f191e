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

const webAddress = z
  .url({ protocol: /^https?$/ })
  .max(1000)
  .describe("Where a browser is sent");
/** One certificate (PEM), or its base64 alone as metadata writes it. */
const certificate = z.string().trim().min(100).max(10_000);

export const samlSettings = z.object({
  kind: z.literal("saml"),
  entityId: text.max(1024).describe("What the provider calls itself, to the letter"),
  ssoUrl: webAddress.describe("Where people prove who they are (HTTP-Redirect)"),
  sloUrl: webAddress.optional().describe("Where a sign-out is told (HTTP-Redirect); without it nobody is signed out there"),
  certificates: z
    .array(certificate)
    .min(1)
    .max(8)
    .describe("What the provider signs with: RSA; several while it changes from one to the next"),
  signed: z
    .enum(["assertion", "response", "both"])
    .default("assertion")
    .describe("What has to be signed at the least; a signature that is there must hold in any case"),
  nameIdFormat: z
    .enum(["persistent", "emailAddress", "unspecified"])
    .default("persistent")
    .describe("How the provider is asked to name people; what it calls somebody must never become somebody else's"),
  nameAttribute: text.max(300).optional().describe("Names a user who is made at the first sign-in; without it the NameID does"),
  groupsAttribute: text.max(300).default("groups"),
  allowUnasked: z
    .boolean()
    .default(false)
    .describe("Take sign-ins that the provider began (IdP-initiated); anybody can then be signed in as somebody else without noticing"),
});

export const groupGrant = z.object({
  group: text.describe("As the provider names it, to the letter; of a directory its distinguished name"),
  role: roleName,
  selector: selector.optional(),
});
export type GroupGrant = z.infer<typeof groupGrant>;

export const providerSettings = z.discriminatedUnion("kind", [oidcSettings, ldapSettings, samlSettings]);
export type ProviderSettings = z.infer<typeof providerSettings>;
export type OidcSettings = z.infer<typeof oidcSettings>;
export type LdapSettings = z.infer<typeof ldapSettings>;
export type SamlSettings = z.infer<typeof samlSettings>;

const providerParts = z.object({
  name: text.max(100).describe("On the button of the sign-in page"),
  settings: providerSettings,
  createUsers: z
    .boolean()
    .default(true)
    .describe("Whoever comes first gets a user of their own; otherwise only whom somebody linked comes in"),
  groupGrants: z.array(groupGrant).max(200).default([]).describe("What members of a group may do; counts anew with each sign-in"),
  enabled: z.boolean().default(true),
  trustedContexts: z
    .array(text.max(300))
    .max(20)
    .default([])
    .describe(
      "What the provider calls a sign-in with two factors: values of acr or amr (OpenID Connect) or an AuthnContextClassRef (SAML). " +
        "It then counts as the second factor that a role asks for",
    ),
  signOutThere: z.boolean().default(false).describe("Who signs out here is sent to the provider to sign out there, too"),
});
const providerId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a lower-case name of letters, digits and dashes");
const secret = z.string().min(1).max(2000).describe("Client secret or bind password; kept sealed and never shown");

const certificateShown = z.object({ subject: z.string(), sha256: z.string().describe("Fingerprint, hex"), expiresAt: instant });

/** What the provider has to be told of us. Absent where nobody said how we are reached (HOLDFAST_PUBLIC_URL). */
const ours = z.object({
  redirectUrl: z.string().optional().describe("OpenID Connect: where it may send people back to"),
  backchannelLogoutUrl: z.string().optional().describe("OpenID Connect: where it tells of sign-outs"),
  entityId: z.string().optional().describe("SAML: what we call ourselves to this provider; our metadata is there, too"),
  acsUrl: z.string().optional().describe("SAML: where its responses go (assertion consumer service, HTTP-POST)"),
  sloUrl: z.string().optional().describe("SAML: where it tells of sign-outs (HTTP-Redirect and HTTP-POST)"),
  certificate: z.string().optional().describe("SAML: what we sign with, and what it may encrypt with (PEM)"),
});

export const provider = providerParts.extend({
  id: z.string(),
  hasSecret: z.boolean(),
  ours: ours.optional(),
  certificates: z.array(certificateShown).default([]).describe("SAML: what it signs with"),
  createdAt: instant,
  etag: z.string(),
});
export type Provider = z.infer<typeof provider>;

export const providerMetadata = z.object({
  settings: samlSettings.pick({ entityId: true, ssoUrl: true, sloUrl: true, certificates: true }),
  certificates: z.array(certificateShown),
});
export type ProviderMetadata = z.infer<typeof providerMetadata>;

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
  query: z.string().max(8000).describe("What that address ends with, after the question mark; nothing with SAML"),
});
const byPassword = idParam.extend({ name: z.string().trim().min(1).max(256), password: z.string().min(1).max(256) });

export const federationContract = {
  doors: route("GET", "/auth/providers", { permission: "public", summary: "Where people may sign in", tags }).output(
    z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), kind: z.enum(["oidc", "ldap", "saml"]) })) }),
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

  leave: route("DELETE", "/auth/identities/{provider}", {
    permission: "self",
    stepUp: true,
    summary: "End your own links to an identity provider, and the sessions that began there; not your last way in",
    tags,
    status: 204,
  })
    .input(z.object({ provider: z.string().max(64) }))
    .output(z.void()),
  startStepUp: route("POST", "/auth/step-up/provider", {
    idempotency: "once",
    permission: "self",
    meanwhile: true,
    summary: "Begin to prove again who you are where you signed in",
    tags,
  }).output(started),
  finishStepUp: route("POST", "/auth/step-up/provider/finish", {
    idempotency: "accepted",
    permission: "self",
    meanwhile: true,
    summary: "Prove again who you are with what the identity provider sent back. It counts for ten minutes",
    tags,
  })
    .input(came)
    .output(z.object({ until: instant })),
  signOut: route("POST", "/auth/sign-out/provider", {
    idempotency: "once",
    permission: "self",
    meanwhile: true,
    summary: "End this session, and say where the browser goes to sign out at the identity provider, too",
    tags,
  }).output(z.object({ url: z.string().optional().describe("Absent: there is nothing to do elsewhere") })),

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
  readMetadata: route("POST", "/identity-providers/metadata", {
    permission: "users:write",
    stepUp: true,
    summary: "Read what a SAML provider says of itself; changes nothing",
    tags,
    idempotency: "accepted",
  })
    .input(
      z
        .object({ xml: z.string().max(500_000).optional(), url: webAddress.optional() })
        .refine(({ xml, url }) => (xml === undefined) !== (url === undefined), "give xml or url, one of them"),
    )
    .output(providerMetadata),
  renewKey: route("POST", "/identity-providers/{id}/key", {
    permission: "users:write",
    stepUp: true,
    summary: "Make a new key of ours for a SAML provider, which signs from now on; tell the provider the new certificate",
    tags,
    precondition: "if-match",
    idempotency: "accepted",
  })
    .input(idParam)
    .output(provider),
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
