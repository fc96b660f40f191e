/** What a Holdfast in use has of people, roles, machines, secrets and certificates, so that their pages have something to show. */
import { createHash } from "node:crypto";
import type { Client } from "@holdfast/contract";

/** Views with their details, by name; made with the client's rights. */
export async function furnish(client: Client): Promise<Record<string, string>> {
  await client.roles.create({
    name: "lyon-operator",
    description: "Changes what is in Lyon",
    permissions: ["devices:read", "devices:write"],
  });
  const grants = [{ role: "lyon-operator", selector: "site=lyon" }, { role: "viewer" }];
  const { user } = await client.people.invite({ name: "ines", email: "ines@example.net", grants });
  const machine = await client.serviceAccounts.create({
    name: "nightly-backups",
    grants: [{ role: "operator", selector: "site in (lyon,turin)" }],
  });
  await client.serviceAccounts.createKey({ id: machine.id, name: "cron", scopes: ["devices:read"], expiresInDays: 20 });
  await client.serviceAccounts.createSecret({ id: machine.id });
  const secret = await storeTwice(client);
  await client.pki.init({ trustDomain: "holdfast.example.net" });
  const certificate = await client.pki.issue({ kind: "server", name: "syslog.example.net", dnsNames: ["syslog.example.net"], days: 5 });
  const settings = { kind: "oidc" as const, issuer: "https://idp.example.net/realms/corp", clientId: "holdfast" };
  const groupGrants = [{ group: "net-ops", role: "operator", selector: "site=lyon" }];
  await client.federation.create({ id: "corp", name: "Corp", settings, groupGrants, secret: "a client secret" });
  return {
    person: `/settings/people/${user.id}`,
    "person-at": `/settings/people/${user.id}?at=site=lyon`,
    "person-access": `/settings/people/${user.id}/access`,
    roles: "/settings/roles",
    "role-new": "/settings/roles/new",
    role: "/settings/roles/lyon-operator",
    "role-edit": "/settings/roles/lyon-operator/edit",
    machines: "/settings/machines",
    "machine-new": "/settings/machines/new",
    machine: `/settings/machines/${machine.id}`,
    "machine-key": `/settings/machines/${machine.id}/new-key`,
    providers: "/settings/providers",
    "provider-new": "/settings/providers/new",
    provider: "/settings/providers/corp",
    "signing-keys": "/settings/signing-keys",
    secret: `/settings/secrets/${secret}`,
    "secret-replace": `/settings/secrets/${secret}/replace`,
    certificates: "/settings/certificates",
    certificate: `/settings/certificates/${certificate.id}`,
    "certificate-issue": "/settings/certificates/issue",
    authorities: "/settings/certificates/authorities",
    "authority-import": "/settings/certificates/authorities/import",
    "root-key": "/settings/certificates/authorities/root",
    welcome: "/welcome",
  };
}

/** A secret of two versions that is to be replaced soon; its id. */
async function storeTwice(client: Client): Promise<string> {
  const value = (version: number) => ({
    kind: "password" as const,
    username: "netops",
    password: createHash("sha256").update(String(version)).digest("hex"),
  });
  const expiresAt = new Date(Date.now() + 5 * 86_400_000).toISOString();
  const { id, etag } = await client.secrets.create({ name: "lyon/old-switches", value: value(1), expiresAt });
  await client.secrets.replace({ id, value: value(2), expiresAt }, { context: { ifMatch: etag } });
  return id;
}
