/** The kinds of secrets, as people say them. */
import type { SecretSummary, SecretValue } from "@holdfast/contract";

export const kindWords: Record<SecretSummary["kind"], string> = {
  password: "User and password",
  ssh_key: "SSH key",
  ssh_ca: "SSH certificate, made for each sign-in",
  git_https: "Git over HTTPS",
  git_ssh: "Git over SSH",
};

export interface SecretFields {
  name: string;
  kind: SecretSummary["kind"];
  username: string;
  password: string;
  enablePassword: string;
  privateKey: string;
  passphrase: string;
  token: string;
  knownHosts: string;
  /** In how many days it is to be replaced; empty: no date. */
  dueDays: number | string;
}

export const blankSecret: SecretFields = {
  name: "",
  kind: "password",
  username: "",
  password: "",
  enablePassword: "",
  privateKey: "",
  passphrase: "",
  token: "",
  knownHosts: "",
  dueDays: "",
};

/** In how many days a secret was to be replaced when it was stored last: the new version gets as many. Empty where no date was set. Pure. */
export function termOf({ updatedAt, expiresAt }: Pick<SecretSummary, "updatedAt"> & { expiresAt?: string | undefined }): number | "" {
  if (expiresAt === undefined) return "";
  return Math.max(1, Math.round((Date.parse(expiresAt) - Date.parse(updatedAt)) / 86_400_000));
}

/** When it is to be replaced; undefined where no days are told. Pure. */
export function dueOf({ dueDays }: Pick<SecretFields, "dueDays">, nowMs: number): string | undefined {
  const days = Number(dueDays);
  return dueDays === "" || !(days >= 1) ? undefined : new Date(nowMs + days * 86_400_000).toISOString();
}

/** What the fields say, for their kind. Pure. */
export function valueOf(fields: SecretFields): SecretValue {
  const { username, password, privateKey, passphrase, enablePassword, token, knownHosts } = fields;
  const enable = enablePassword === "" ? {} : { enablePassword };
  switch (fields.kind) {
    case "password":
      return { kind: "password", username, password, ...enable };
    case "ssh_key":
      return { kind: "ssh_key", username, privateKey, ...(passphrase === "" ? {} : { passphrase }), ...enable };
    case "ssh_ca":
      return { kind: "ssh_ca", username, ...enable };
    case "git_https":
      return { kind: "git_https", username, token };
    case "git_ssh":
      return { kind: "git_ssh", privateKey, knownHosts };
  }
}
