/** The command lines of acts about people, machines, keys, secrets and certificates (`packages/cli`). Pure. */
import type { Grant } from "@holdfast/contract";
import { writeGrant } from "@holdfast/kit";
import type { RouteInput } from "./api.ts";
import { quote } from "./quote.ts";
import { option, type Commands, type Words } from "./words-of.ts";

/** The command line calls things by their names; an act that knows only an id has no line. */
const named =
  (words: (called: string) => Words) =>
  (_input: unknown, called: string | undefined): Words | undefined =>
    called === undefined ? undefined : words(called);

/** `--role a --role b --at site=lyon`; undefined where roles count in different places, for which there is no one line. */
function grantWords(grants: readonly Grant[]): Words | undefined {
  const places = new Set(grants.map(({ selector }) => selector ?? ""));
  if (places.size > 1) return undefined;
  return [...grants.flatMap(({ role }) => ["--role", role]), ...option("--at", [...places][0])];
}

function withGrants(words: Words, grants: readonly Grant[]): Words | undefined {
  const given = grantWords(grants);
  return given && [...words, ...given];
}

function scopesAndDays({ scopes = [], expiresInDays }: Pick<RouteInput<"identity.createKey">, "scopes" | "expiresInDays">): Words {
  return [...option("--scopes", scopes.join(",")), ...option("--days", expiresInDays)];
}

export const accessLines: Commands = {
  "identity.createUser": ({ name, grants }) => withGrants(["users", "create", name], grants),
  "identity.updateUser": ({ disabled, grants }, called) =>
    disabled === undefined || grants !== undefined || called === undefined ? undefined : ["users", disabled ? "disable" : "enable", called],
  "people.invite": ({ name, email, grants }) => withGrants(["users", "invite", name, ...option("--email", email)], grants),
  "people.inviteAgain": named((called) => ["users", "invite", called, "--again"]),
  "people.forceReset": named((called) => ["users", "force-reset", called]),
  "people.forceAllResets": () => ["users", "force-reset", "--all"],
  "factors.reset": ({ reason }, called) => (called === undefined ? undefined : ["factors", "reset", called, "--reason", reason]),
  "sessions.revoke": ({ id }) => ["sessions", "revoke", id],
  "sessions.revokeOthers": () => ["sessions", "revoke", "--all"],
  "sessions.revokeOf": ({ session }, called) => (called === undefined ? undefined : ["sessions", "revoke", session, "--user", called]),
  "sessions.revokeAllOf": named((called) => ["sessions", "revoke", "--all", "--user", called]),
  "privacy.show": named((called) => ["gdpr", "export", called]),
  "privacy.erase": ({ confirm, reason }) => ["gdpr", "erase", confirm, "--reason", reason],

  "roles.create": ({ name, permissions, description }) => [
    "roles",
    "create",
    name,
    "--may",
    ...permissions,
    ...option("--description", description),
  ],
  "roles.update": ({ id, secondFactor, description }) =>
    secondFactor === undefined || description !== undefined
      ? undefined
      : ["roles", "set", id, "--second-factor", secondFactor ? "yes" : "no"],
  "roles.setPermissions": ({ id, permissions }) => ["roles", "set", id, "--may", ...permissions],
  "roles.remove": ({ id }) => ["roles", "remove", id],

  "serviceAccounts.create": ({ name, grants }) => ["accounts", "create", name, "--role", ...grants.map(writeGrant)],
  "serviceAccounts.createSecret": ({ overlapHours }, called) =>
    called === undefined ? undefined : ["accounts", "rotate-secret", called, ...option("--overlap-hours", overlapHours)],
  "serviceAccounts.revokeSecret": ({ secret }, called) =>
    called === undefined ? undefined : ["accounts", "revoke-secret", called, secret],
  "serviceAccounts.createKey": ({ name, ...rest }, called) =>
    called === undefined ? undefined : ["keys", "create", name, "--of", called, ...scopesAndDays(rest)],
  "people.revokeKey": ({ key }, called) => (called === undefined ? undefined : ["keys", "revoke", key, "--of", called]),
  "identity.createKey": ({ name, ...rest }) => ["keys", "create", name, ...scopesAndDays(rest)],
  "identity.revokeKey": ({ id }) => ["keys", "revoke", id],

  "tokens.rotateSigningKey": () => ["tokens", "rotate-key"],
  "tokens.revokeAll": ({ apiKeys, reason }) => [
    "tokens",
    "invalidate-all",
    apiKeys === true && "--api-keys",
    ...option("--reason", reason),
  ],
  "federation.remove": ({ id }) => ["providers", "remove", id],
  "federation.renewKey": ({ id }) => ["providers", "renew-key", id],
  "federation.leave": ({ provider }) => ["providers", "leave", provider],
  "federation.link": ({ provider, subject }, called) =>
    called === undefined ? undefined : ["providers", "link", provider, called, "--subject", subject],
  "federation.unlink": ({ provider }, called) => (called === undefined ? undefined : ["providers", "unlink", provider, called]),

  "secrets.create": ({ name, value, expiresAt }) => storing(name, value, expiresAt),
  "secrets.replace": ({ value, expiresAt }, called) => (called === undefined ? undefined : storing(called, value, expiresAt)),
  "secrets.remove": named((called) => ["secrets", "remove", called]),
  "secrets.destroyVersion": ({ version }, called) => (called === undefined ? undefined : ["secrets", "destroy", called, String(version)]),
  "secrets.rotateKey": () => ["secrets", "rotate-key"],
  "credentials.rotate": ({ secret, selector, algorithm, again, dryRun }) => [
    "secrets",
    "rotate-devices",
    secret ?? false,
    ...option("--selector", selector),
    ...option("--algorithm", algorithm),
    again === true && "--again",
    dryRun === true && "--dry-run",
  ],

  "pki.init": ({ trustDomain, name }) => ["pki", "init", "--trust-domain", trustDomain, ...option("--name", name)],
  "pki.importAuthority": ({ trustDomain, passphrase, crls }) => [
    "pki",
    "import-ca",
    "--chain",
    "chain.pem",
    "--key",
    "key.pem",
    "--trust-domain",
    trustDomain,
    ...option("--crls", crls === undefined ? undefined : "crls.pem"),
    passphrase !== undefined && "--locked",
  ],
  "pki.rotateIntermediate": () => ["pki", "rotate-intermediate"],
  "pki.retire": ({ id }) => ["pki", "retire", id],
  "pki.exportRoot": () => ["pki", "export-root", "--out", "holdfast-root.pem"],
  "pki.removeRoot": () => ["pki", "export-root", "--out", "holdfast-root.pem", "--remove"],
  "pki.restoreRoot": () => ["pki", "restore-root", "holdfast-root.pem"],
  "pki.issue": ({ kind, name, dnsNames = [], addresses = [], days, csr }) => [
    "pki",
    "issue",
    kind,
    name,
    ...(dnsNames.length > 0 ? ["--dns", ...dnsNames] : []),
    ...(addresses.length > 0 ? ["--address", ...addresses] : []),
    ...option("--days", days),
    ...option("--csr", csr === undefined ? undefined : "request.pem"),
  ],
  "pki.renew": ({ id }) => ["pki", "renew", id],
  "pki.rotate": () => ["pki", "rotate"],
  "pki.revoke": ({ id, reason }) => ["pki", "revoke", id, "--reason", reason],
  "pki.sshRotate": ({ step }) => ["pki", "rotate-ssh", `--${step}`],
};

/** What gives and takes roles, so that somebody has `after` in place of `before`; undefined where nothing changes. */
export function grantLine(called: string, before: readonly Grant[], after: readonly Grant[]): string | undefined {
  const [was, is] = [before.map(writeGrant), after.map(writeGrant)];
  const given = is.filter((grant) => !was.includes(grant));
  const taken = was.filter((grant) => !is.includes(grant));
  const lines = [
    ...(given.length > 0 ? [["holdfast", "users", "grant", called, ...given]] : []),
    ...(taken.length > 0 ? [["holdfast", "users", "ungrant", called, ...taken]] : []),
  ];
  return lines.length === 0 ? undefined : lines.map((words) => words.map(quote).join(" ")).join(" && ");
}

/** A password is asked for by the command; what else there is comes as JSON. */
function storing(name: string, value: RouteInput<"secrets.create">["value"], due: string | undefined): Words {
  const user = value.kind === "password" || value.kind === "ssh_key" ? value.username : undefined;
  return [
    "secrets",
    "set",
    name,
    ...option("--username", user),
    ...option("--key-file", value.kind === "ssh_key" ? "id_ed25519" : undefined),
    ...option("--due", due?.slice(0, 10)),
  ];
}
