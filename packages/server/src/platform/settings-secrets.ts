/** The settings of secrets: which engine, how the key ring is protected, how Vault is reached. Read by `settings.ts` with all others. */
import { resolve } from "node:path";
import { Secret } from "@holdfast/kit";
import { z } from "zod";

/** A text from the environment, or from a file that is read when it is needed (it may be replaced meanwhile). */
export type Given = { text: Secret } | { file: string };

export type VaultSignIn =
  | { by: "token"; token: Given }
  /** `wrapped`: what is given is not the secret id but the single-use token that wraps it. */
  | { by: "approle"; mount: string; roleId: string; secretId: Given; wrapped: boolean }
  | { by: "kubernetes"; mount: string; role: string; jwtFile: string };

export interface VaultSettings {
  /** Origin, e.g. `https://vault.example.net:8200`. */
  address: string;
  namespace?: string;
  /** PEM file of the certificate authorities to trust in place of the system's. */
  caFile?: string;
  signIn: VaultSignIn;
  /** `<mount>/<path>` below which named secrets are kept. */
  keepAt: string;
  /** Beginnings of paths that a reference may name; none: references are refused. */
  references: readonly string[];
  /** `<mount>/<role>` that signs device sign-ins by certificate; our own authority does unless told. */
  ssh?: string;
  /** Mount of a PKI engine whose authority may stand above our intermediate. */
  pki?: string;
}

export interface SecretsSettings {
  engine: "builtin" | "vault";
  /** What the key ring's file is wrapped with, if with anything. `key`: `<mount>/<name>` of a transit key in Vault. */
  keyProtection?: { by: "passphrase"; passphrase: Given } | { by: "transit"; key: string };
  vault?: VaultSettings;
}

const kubernetesToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const secret = () =>
  z
    .string()
    .transform((text) => new Secret(text))
    .optional();
const vaultPath = z.string().regex(/^[\w-]+(\/[\w.-]*\w)+$/, "must be MOUNT/PATH");

/** Each setting once, as in `settingsShape`. */
export const secretsSettingsShape = {
  HOLDFAST_SECRETS_ENGINE: z
    .enum(["builtin", "vault"], "must be builtin or vault")
    .default("builtin")
    .describe("Where values of new secrets go: builtin (our own database, sealed) or vault"),
  HOLDFAST_KEY_PASSPHRASE: secret().describe("The passphrase that protects the file of the key ring"),
  HOLDFAST_KEY_PASSPHRASE_FILE: z.string().optional().describe("A file that holds it"),
  HOLDFAST_VAULT_ADDR: z
    .string()
    .transform(toVaultAddress)
    .optional()
    .describe("A HashiCorp Vault or OpenBao server, e.g. https://vault.example.net:8200"),
  HOLDFAST_VAULT_NAMESPACE: z.string().optional().describe("Namespace in Vault"),
  HOLDFAST_VAULT_CA_FILE: z.string().optional().describe("PEM file of the certificate authority of Vault; the system's unless told"),
  HOLDFAST_VAULT_AUTH: z
    .enum(["token", "approle", "kubernetes"], "must be token, approle or kubernetes")
    .default("approle")
    .describe("How we sign in to Vault: token, approle or kubernetes"),
  HOLDFAST_VAULT_AUTH_MOUNT: z.string().optional().describe("Where that method is mounted in Vault; under its own name unless told"),
  HOLDFAST_VAULT_ROLE: z.string().optional().describe("The role id (approle) or the name of the role (kubernetes)"),
  HOLDFAST_VAULT_SECRET_ID: secret().describe("The secret id (approle)"),
  HOLDFAST_VAULT_SECRET_ID_FILE: z.string().optional().describe("A file that holds it"),
  HOLDFAST_VAULT_SECRET_ID_WRAPPED: z
    .enum(["yes", "no"], "must be yes or no")
    .default("no")
    .describe("yes: what is given is the single-use token that wraps the secret id"),
  HOLDFAST_VAULT_TOKEN: secret().describe("The token (token)"),
  HOLDFAST_VAULT_TOKEN_FILE: z.string().optional().describe("A file that holds it, such as the sink of a Vault Agent"),
  HOLDFAST_VAULT_JWT_FILE: z.string().default(kubernetesToken).describe("The service account's token (kubernetes)"),
  HOLDFAST_VAULT_KEEP_AT: vaultPath.default("kv/holdfast").describe("Where in Vault named secrets are kept: MOUNT/PATH"),
  HOLDFAST_VAULT_REFERENCES: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((path) => path.trim())
        .filter((path) => path !== ""),
    )
    .describe("Paths in Vault that references (vault:…) may begin with, separated by commas; none: references are refused"),
  HOLDFAST_VAULT_SSH: vaultPath
    .optional()
    .describe("The role of an SSH engine in Vault, MOUNT/ROLE, that signs certificates for devices; our own authority unless told"),
  HOLDFAST_VAULT_PKI: z
    .string()
    .regex(/^[\w-]+(\/[\w.-]*\w)*$/, "must be a MOUNT")
    .optional()
    .describe("The mount of a PKI engine in Vault whose authority signs our intermediate when that is asked for"),
  HOLDFAST_VAULT_TRANSIT_KEY: vaultPath.optional().describe("The transit key in Vault, MOUNT/NAME, that protects the file of the key ring"),
};

export type SecretsValues = z.output<z.ZodObject<typeof secretsSettingsShape>>;

/** What does not fit together; for `settings_invalid`. */
export function secretsFaults(values: Partial<SecretsValues>): { at: string; say: string }[] {
  const faults: { at: string; say: string }[] = [];
  const needs = (at: keyof SecretsValues, say: string, met: boolean): void => void (met || faults.push({ at, say }));
  const has = (...names: (keyof SecretsValues)[]): boolean => names.some((name) => values[name] !== undefined);
  const vault = has("HOLDFAST_VAULT_ADDR");
  const passphrase = has("HOLDFAST_KEY_PASSPHRASE", "HOLDFAST_KEY_PASSPHRASE_FILE");
  needs("HOLDFAST_VAULT_ADDR", "is needed where HOLDFAST_SECRETS_ENGINE is vault", vault || values.HOLDFAST_SECRETS_ENGINE !== "vault");
  needs("HOLDFAST_VAULT_ADDR", "is needed for HOLDFAST_VAULT_TRANSIT_KEY", vault || !has("HOLDFAST_VAULT_TRANSIT_KEY"));
  needs("HOLDFAST_VAULT_ADDR", "is needed for HOLDFAST_VAULT_SSH", vault || !has("HOLDFAST_VAULT_SSH"));
  needs("HOLDFAST_VAULT_ADDR", "is needed for HOLDFAST_VAULT_PKI", vault || !has("HOLDFAST_VAULT_PKI"));
  needs("HOLDFAST_VAULT_TRANSIT_KEY", "cannot be set beside a passphrase; choose one", !passphrase || !has("HOLDFAST_VAULT_TRANSIT_KEY"));
  if (!vault) return faults;
  const by = values.HOLDFAST_VAULT_AUTH;
  needs(
    "HOLDFAST_VAULT_TOKEN",
    "or HOLDFAST_VAULT_TOKEN_FILE is needed",
    by !== "token" || has("HOLDFAST_VAULT_TOKEN", "HOLDFAST_VAULT_TOKEN_FILE"),
  );
  needs("HOLDFAST_VAULT_ROLE", `is needed to sign in by ${by}`, by === "token" || has("HOLDFAST_VAULT_ROLE"));
  const secretId = has("HOLDFAST_VAULT_SECRET_ID", "HOLDFAST_VAULT_SECRET_ID_FILE");
  needs("HOLDFAST_VAULT_SECRET_ID", "or HOLDFAST_VAULT_SECRET_ID_FILE is needed to sign in by approle", by !== "approle" || secretId);
  return faults;
}

/** Values that fit together, as what they mean. */
export function arrangeSecrets(values: SecretsValues, workingDirectory: string): SecretsSettings {
  const given = (text: Secret | undefined, file: string | undefined): Given | undefined =>
    text ? { text } : file === undefined ? undefined : { file: resolve(workingDirectory, file) };
  const passphrase = given(values.HOLDFAST_KEY_PASSPHRASE, values.HOLDFAST_KEY_PASSPHRASE_FILE);
  const transit = values.HOLDFAST_VAULT_TRANSIT_KEY;
  const signIn = signInOf(values, given);
  return {
    engine: values.HOLDFAST_SECRETS_ENGINE,
    ...(passphrase && { keyProtection: { by: "passphrase", passphrase } }),
    ...(transit !== undefined && { keyProtection: { by: "transit", key: transit } }),
    ...(values.HOLDFAST_VAULT_ADDR !== undefined &&
      signIn && {
        vault: {
          address: values.HOLDFAST_VAULT_ADDR,
          signIn,
          keepAt: values.HOLDFAST_VAULT_KEEP_AT,
          references: values.HOLDFAST_VAULT_REFERENCES,
          ...(values.HOLDFAST_VAULT_NAMESPACE !== undefined && { namespace: values.HOLDFAST_VAULT_NAMESPACE }),
          ...(values.HOLDFAST_VAULT_SSH !== undefined && { ssh: values.HOLDFAST_VAULT_SSH }),
          ...(values.HOLDFAST_VAULT_PKI !== undefined && { pki: values.HOLDFAST_VAULT_PKI }),
          ...(values.HOLDFAST_VAULT_CA_FILE !== undefined && { caFile: resolve(workingDirectory, values.HOLDFAST_VAULT_CA_FILE) }),
        },
      }),
  };
}

type ReadGiven = (text: Secret | undefined, file: string | undefined) => Given | undefined;

function signInOf(values: SecretsValues, given: ReadGiven): VaultSignIn | undefined {
  const by = values.HOLDFAST_VAULT_AUTH;
  const [mount, role = ""] = [values.HOLDFAST_VAULT_AUTH_MOUNT ?? by, values.HOLDFAST_VAULT_ROLE];
  if (by === "kubernetes") return { by, mount, role, jwtFile: values.HOLDFAST_VAULT_JWT_FILE };
  const token = given(values.HOLDFAST_VAULT_TOKEN, values.HOLDFAST_VAULT_TOKEN_FILE);
  if (by === "token") return token && { by, token };
  const secretId = given(values.HOLDFAST_VAULT_SECRET_ID, values.HOLDFAST_VAULT_SECRET_ID_FILE);
  return secretId && { by, mount, roleId: role, secretId, wrapped: values.HOLDFAST_VAULT_SECRET_ID_WRAPPED === "yes" };
}

/** Its token goes there with every request: never in the clear over a network. */
function toVaultAddress(text: string, context: z.RefinementCtx): string {
  const url = URL.parse(text);
  const local = url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const plain = url !== null && url.pathname === "/" && url.search === "" && url.username === "" && (url.protocol === "https:" || local);
  if (plain) return url.origin;
  context.addIssue({
    code: "custom",
    message: "must be an https address without a path (http only to this machine), e.g. https://vault.example.net:8200",
  });
  return z.NEVER;
}
