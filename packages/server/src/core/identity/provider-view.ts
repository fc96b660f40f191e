/** Identity providers as the API and the audit trail show them, and where they find us. */
import type { Provider, ProviderSettings } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { Parts } from "./deps.ts";
import { shownCertificate } from "./saml-metadata.ts";
import type { ProviderRow } from "./store-providers.ts";

type Reached = Pick<Parts, "publicUrl">;

/** An address of ours. @throws Problem `identity_public_url_missing` */
export function ownUrl({ publicUrl }: Reached, path: string): string {
  if (publicUrl !== undefined) return publicUrl + path;
  throw new Problem("identity_public_url_missing", {
    kind: "not_ready",
    say: "This server does not know where people reach it; set HOLDFAST_PUBLIC_URL.",
  });
}

/** Where an OpenID Connect provider sends people back to; the console's page there passes it on. */
export const callbackPath = (id: string): string => `/sign-in/callback/${id}`;

/** Where a SAML provider finds us; each has its own, so that one cannot pass off another's answer as its own. */
export function samlUrls(reached: Reached, id: string) {
  const at = ownUrl(reached, `/saml/${id}`);
  return { entityId: `${at}/metadata`, acsUrl: `${at}/acs`, sloUrl: `${at}/slo` };
}

export function providerOf(row: ProviderRow, reached: Reached): Provider {
  const ours = reached.publicUrl === undefined ? undefined : oursOf(row, reached);
  return {
    id: row.id,
    ...shownProvider(row),
    hasSecret: row.sealed_secret !== null,
    ...(ours === undefined ? {} : { ours }),
    certificates: row.settings.kind === "saml" ? row.settings.certificates.flatMap(shownCertificate) : [],
    createdAt: row.created_at.toISOString(),
    etag: etagOf(row),
  };
}

function oursOf({ id, settings, own_certificate: own }: ProviderRow, reached: Reached): Provider["ours"] {
  if (settings.kind === "saml") return { ...samlUrls(reached, id), ...(own === null ? {} : { certificate: own }) };
  if (settings.kind === "ldap") return undefined;
  return { redirectUrl: ownUrl(reached, callbackPath(id)), backchannelLogoutUrl: ownUrl(reached, "/oauth/backchannel-logout") };
}

export function shownProvider(row: ProviderRow) {
  const { name, settings, create_users: createUsers, group_grants: groupGrants, enabled } = row;
  return { name, settings, createUsers, groupGrants, enabled, trustedContexts: row.trusted_contexts, signOutThere: row.sign_out_there };
}

export const etagOf = ({ version }: { version: number }): string => `v${version}`;

/** What says who people are: an issuer, an entity, a directory. */
export function whereOf(settings: ProviderSettings): string {
  if (settings.kind === "oidc") return settings.issuer;
  return settings.kind === "saml" ? settings.entityId : settings.url;
}
