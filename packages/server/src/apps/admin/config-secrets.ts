/** What the settings of secrets came to, for `config explain`. */
import type { Settings } from "#platform/settings";
import type { Given, secretsSettingsShape, VaultSignIn } from "#platform/settings-secrets";

const hidden = "(set; hidden)";

type SignIn<By extends VaultSignIn["by"]> = Extract<VaultSignIn, { by: By }>;

function signIn<By extends VaultSignIn["by"]>({ secrets }: Settings, by: By): SignIn<By> | undefined {
  const found = secrets.vault?.signIn;
  return found?.by === by ? (found as SignIn<By>) : undefined;
}

function text(given: Given | undefined): string | undefined {
  return given && "text" in given ? hidden : undefined;
}

function file(given: Given | undefined): string | undefined {
  return given && "file" in given ? given.file : undefined;
}

function passphrase({ secrets: { keyProtection } }: Settings): Given | undefined {
  return keyProtection?.by === "passphrase" ? keyProtection.passphrase : undefined;
}

/** Each setting, or undefined where it is not set or has no meaning without others. */
export const secretsValueOf: Record<keyof typeof secretsSettingsShape, (settings: Settings) => string | undefined> = {
  HOLDFAST_SECRETS_ENGINE: ({ secrets }) => secrets.engine,
  HOLDFAST_KEY_PASSPHRASE: (settings) => text(passphrase(settings)),
  HOLDFAST_KEY_PASSPHRASE_FILE: (settings) => file(passphrase(settings)),
  HOLDFAST_VAULT_ADDR: ({ secrets }) => secrets.vault?.address,
  HOLDFAST_VAULT_NAMESPACE: ({ secrets }) => secrets.vault?.namespace,
  HOLDFAST_VAULT_CA_FILE: ({ secrets }) => secrets.vault?.caFile,
  HOLDFAST_VAULT_AUTH: ({ secrets }) => secrets.vault?.signIn.by,
  HOLDFAST_VAULT_AUTH_MOUNT: (settings) => (signIn(settings, "approle") ?? signIn(settings, "kubernetes"))?.mount,
  HOLDFAST_VAULT_ROLE: (settings) => signIn(settings, "approle")?.roleId ?? signIn(settings, "kubernetes")?.role,
  HOLDFAST_VAULT_SECRET_ID: (settings) => text(signIn(settings, "approle")?.secretId),
  HOLDFAST_VAULT_SECRET_ID_FILE: (settings) => file(signIn(settings, "approle")?.secretId),
  HOLDFAST_VAULT_SECRET_ID_WRAPPED: (settings) => signIn(settings, "approle") && (signIn(settings, "approle")?.wrapped ? "yes" : "no"),
  HOLDFAST_VAULT_TOKEN: (settings) => text(signIn(settings, "token")?.token),
  HOLDFAST_VAULT_TOKEN_FILE: (settings) => file(signIn(settings, "token")?.token),
  HOLDFAST_VAULT_JWT_FILE: (settings) => signIn(settings, "kubernetes")?.jwtFile,
  HOLDFAST_VAULT_KEEP_AT: ({ secrets }) => secrets.vault?.keepAt,
  HOLDFAST_VAULT_REFERENCES: ({ secrets }) => secrets.vault?.references.join(","),
  HOLDFAST_VAULT_SSH: ({ secrets }) => secrets.vault?.ssh,
  HOLDFAST_VAULT_PKI: ({ secrets }) => secrets.vault?.pki,
  HOLDFAST_VAULT_TRANSIT_KEY: ({ secrets }) => (secrets.keyProtection?.by === "transit" ? secrets.keyProtection.key : undefined),
};
