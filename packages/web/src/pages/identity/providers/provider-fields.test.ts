import { provider, providerSettings } from "@holdfast/contract";
import { expect, test } from "vitest";
import { blankProvider, certificatesIn, fieldsOf, inputOf, providerProblems, type ProviderFields } from "./provider-fields.ts";

const pem = `-----BEGIN CERTIFICATE-----\n${"MIIB".repeat(40)}\n-----END CERTIFICATE-----`;
const filled: ProviderFields = {
  ...blankProvider,
  id: "corp",
  name: "Corp",
  secret: "s3cret",
  groups: [{ group: "net", role: "operator", selector: "site=lyon" }],
  oidc: { ...blankProvider.oidc, issuer: "https://idp.example.net", clientId: "holdfast" },
  ldap: { ...blankProvider.ldap, url: "ldaps://dir.example.net", bindDn: "cn=reader", baseDn: "dc=example" },
  saml: { ...blankProvider.saml, entityId: "urn:idp", ssoUrl: "https://idp.example.net/sso", certificates: `${pem}\n${pem}` },
};

test.each(["oidc", "ldap", "saml"] as const)("a form for %s says what the API takes, and comes back as it was", (kind) => {
  const fields = { ...filled, kind };
  expect(providerProblems(fields)).toEqual({});
  const { settings, secret, ...rest } = inputOf(fields);
  expect(providerSettings.parse(settings)).toMatchObject({ kind });
  expect(secret).toBe("s3cret");
  const stored = provider.parse({ ...rest, settings, hasSecret: true, createdAt: "2026-01-01T00:00:00Z", etag: "1" });
  expect(inputOf(fieldsOf(stored))).toEqual({ ...rest, settings });
});

test("what is missing is told at its field", () => {
  expect(Object.keys(providerProblems({ ...blankProvider, kind: "saml", groups: [{ group: "", role: "viewer" }] }))).toEqual([
    "id",
    "name",
    "saml.entityId",
    "saml.ssoUrl",
    "saml.certificates",
    "groups",
  ]);
});

test("certificates are taken from PEM or from metadata", () => {
  expect(certificatesIn(`x ${pem} y\n${pem}`)).toEqual([pem, pem]);
  expect(certificatesIn("MIIAAA\nBBB")).toEqual(["MIIAAA\nBBB"]);
});
