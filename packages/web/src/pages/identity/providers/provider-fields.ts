/** An identity provider as the fields of a form, and back. Pure. */
import type { GroupGrant, LdapSettings, OidcSettings, Provider, ProviderSettings, SamlSettings } from "@holdfast/contract";
import type { RouteInput } from "../../../app/api.ts";

export type ProviderKind = ProviderSettings["kind"];
export type ProviderInput = RouteInput<"federation.create">;

/** Flat, with every kind's fields: what is typed stays while the kind is looked through. */
export interface ProviderFields {
  id: string;
  name: string;
  kind: ProviderKind;
  enabled: boolean;
  createUsers: boolean;
  signOutThere: boolean;
  trustedContexts: string[];
  secret: string;
  groups: GroupGrant[];
  oidc: Omit<OidcSettings, "kind">;
  ldap: Omit<LdapSettings, "kind" | "groupBaseDn"> & { groupBaseDn: string };
  saml: Omit<SamlSettings, "kind" | "certificates" | "sloUrl" | "nameAttribute"> & {
    certificates: string;
    sloUrl: string;
    nameAttribute: string;
  };
}

export const kindWords: Record<ProviderKind, string> = {
  oidc: "OpenID Connect",
  ldap: "Directory (LDAP)",
  saml: "SAML 2.0",
};

export const blankProvider: ProviderFields = {
  id: "",
  name: "",
  kind: "oidc",
  enabled: true,
  createUsers: true,
  signOutThere: false,
  trustedContexts: [],
  secret: "",
  groups: [],
  oidc: {
    issuer: "",
    clientId: "",
    clientAuthentication: "basic",
    scopes: ["openid", "profile"],
    nameClaim: "preferred_username",
    groupsClaim: "groups",
  },
  ldap: {
    url: "",
    bindDn: "",
    baseDn: "",
    userFilter: "(uid={name})",
    idAttribute: "entryUUID",
    nameAttribute: "uid",
    groupBaseDn: "",
    groupFilter: "(member={dn})",
  },
  saml: {
    entityId: "",
    ssoUrl: "",
    sloUrl: "",
    certificates: "",
    signed: "assertion",
    nameIdFormat: "persistent",
    nameAttribute: "",
    groupsAttribute: "groups",
    allowUnasked: false,
  },
};

export function fieldsOf(provider: Provider): ProviderFields {
  const { id, name, enabled, createUsers, signOutThere, trustedContexts, groupGrants, settings } = provider;
  const common = {
    ...blankProvider,
    id,
    name,
    kind: settings.kind,
    enabled,
    createUsers,
    signOutThere,
    trustedContexts,
    groups: groupGrants,
  };
  switch (settings.kind) {
    case "oidc":
      return { ...common, oidc: without(settings) };
    case "ldap":
      return { ...common, ldap: { ...without(settings), groupBaseDn: settings.groupBaseDn ?? "" } };
    case "saml":
      return {
        ...common,
        saml: {
          ...without(settings),
          sloUrl: settings.sloUrl ?? "",
          nameAttribute: settings.nameAttribute ?? "",
          certificates: settings.certificates.join("\n"),
        },
      };
  }
}

function without<S extends { kind: unknown }>(settings: S): Omit<S, "kind"> {
  const { kind: _kind, ...rest } = settings;
  return rest;
}

export function inputOf(fields: ProviderFields): ProviderInput {
  const { id, name, enabled, createUsers, signOutThere, trustedContexts, groups, secret } = fields;
  return {
    id,
    name: name.trim(),
    enabled,
    createUsers,
    signOutThere,
    trustedContexts,
    groupGrants: groups.map(({ group, role, selector }) => ({
      group,
      role,
      ...(selector !== undefined && selector !== "" && { selector }),
    })),
    settings: settingsOf(fields),
    ...(secret !== "" && { secret }),
  };
}

function settingsOf({ kind, oidc, ldap, saml }: ProviderFields): ProviderSettings {
  if (kind === "oidc") return { kind, ...oidc };
  if (kind === "ldap") {
    const { groupBaseDn, ...rest } = ldap;
    return { kind, ...rest, ...(groupBaseDn.trim() !== "" && { groupBaseDn: groupBaseDn.trim() }) };
  }
  const { sloUrl, nameAttribute, certificates, ...rest } = saml;
  return {
    kind,
    ...rest,
    certificates: certificatesIn(certificates),
    ...(sloUrl.trim() !== "" && { sloUrl: sloUrl.trim() }),
    ...(nameAttribute.trim() !== "" && { nameAttribute: nameAttribute.trim() }),
  };
}

/** One or several PEM certificates in a text, or the base64 of one as metadata has it. */
export function certificatesIn(text: string): string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  if (found) return found;
  return text
    .split(/\n\s*\n|\n(?=MII)/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** What is missing, by field. */
export function providerProblems(fields: ProviderFields): Record<string, string> {
  const { kind, oidc, ldap, saml } = fields;
  const errors: Record<string, string> = {};
  const need = (at: string, value: string, say: string): void => {
    if (value.trim() === "") errors[at] = say;
  };
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(fields.id)) errors["id"] = "A lower-case name of letters, digits and dashes";
  need("name", fields.name, "What the button of the sign-in page says");
  if (kind === "oidc") {
    if (!/^https?:\/\//.test(oidc.issuer)) errors["oidc.issuer"] = "https://…";
    need("oidc.clientId", oidc.clientId, "What the provider calls us");
  }
  if (kind === "ldap") {
    if (!/^ldaps?:\/\//.test(ldap.url)) errors["ldap.url"] = "ldaps://… or ldap://…";
    need("ldap.bindDn", ldap.bindDn, "Who looks people up");
    need("ldap.baseDn", ldap.baseDn, "Under which people are");
  }
  if (kind === "saml") {
    need("saml.entityId", saml.entityId, "What the provider calls itself");
    if (!/^https?:\/\//.test(saml.ssoUrl)) errors["saml.ssoUrl"] = "https://…";
    if (certificatesIn(saml.certificates).length === 0) errors["saml.certificates"] = "What the provider signs with";
  }
  if (fields.groups.some(({ group, role }) => group.trim() === "" || role === "")) errors["groups"] = "Each line needs a group and a role.";
  return errors;
}
