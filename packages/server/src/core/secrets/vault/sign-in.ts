/** The three ways to get a token: given, by AppRole, by a Kubernetes service account. */
import { readFile } from "node:fs/promises";
import { isProblem } from "@holdfast/kit";
import { z } from "zod";
import { dataOf, type VaultAnswer, type VaultClient } from "./client.ts";
import { malformed, signedOut } from "./problems.ts";
import type { Given, VaultSignIn } from "#platform/settings-secrets";
import { createWrapping } from "./wrapping.ts";

export interface Token {
  value: string;
  /** Milliseconds it still lives; 0: for ever (a root token). */
  ttlMs: number;
  renewable: boolean;
  /** We made it by signing in, so it is ours to revoke. */
  ours: boolean;
}

const self = z.object({ ttl: z.number(), renewable: z.boolean().optional() });

/** Signs in anew each time it is called. @throws Problem `secrets_vault_signed_out`, or what Vault says while it cannot be used */
export function createSignIn(client: VaultClient, how: VaultSignIn): () => Promise<Token> {
  if (how.by === "token") return () => adopt(client, how.token);
  if (how.by === "kubernetes") {
    const path = `auth/${how.mount}/login`;
    return async () => logIn(client, path, { role: how.role, jwt: await textOf({ file: how.jwtFile }, "HOLDFAST_VAULT_JWT_FILE") });
  }
  const path = `auth/${how.mount}/login`;
  const secretId = createSecretIdReader(client, how);
  return async () => logIn(client, path, { role_id: how.roleId, secret_id: await secretId() });
}

/** A token that somebody made for us, perhaps kept fresh in its file by Vault Agent. */
async function adopt(client: VaultClient, given: Given): Promise<Token> {
  const value = await textOf(given, "HOLDFAST_VAULT_TOKEN");
  const path = "auth/token/lookup-self";
  const answer = await client.call({ method: "GET", path, token: value }).catch((thrown: unknown) => {
    throw isProblem(thrown) && thrown.code === "secrets_vault_forbidden"
      ? signedOut("the token that it was given does not count (any more). Give it a new one.", thrown)
      : thrown;
  });
  const { ttl, renewable = false } = dataOf(self, answer, path);
  return { value, ttlMs: ttl * 1000, renewable, ours: false };
}

async function logIn(client: VaultClient, path: string, body: Record<string, string>): Promise<Token> {
  const answer = await client.call({ method: "POST", path, body }).catch((thrown: unknown) => {
    const refused =
      isProblem(thrown) && ["secrets_vault_forbidden", "secrets_vault_refused", "secrets_vault_missing"].includes(thrown.code);
    throw refused ? signedOut(`${path} refuses what it was given. See its role and credentials.`, thrown) : thrown;
  });
  return tokenOf(answer, path);
}

/** The token in an answer to a sign-in or renewal. */
export function tokenOf({ auth }: VaultAnswer, path: string): Token {
  if (!auth) throw malformed(path);
  return { value: auth.client_token, ttlMs: auth.lease_duration * 1000, renewable: auth.renewable, ours: true };
}

/** A wrapped secret id is unwrapped once, and kept in memory for the sign-ins that follow. */
function createSecretIdReader(client: VaultClient, how: Extract<VaultSignIn, { by: "approle" }>): () => Promise<string> {
  let unwrapped: { from: string; secretId: string } | undefined;
  return async () => {
    const given = await textOf(how.secretId, "HOLDFAST_VAULT_SECRET_ID");
    if (!how.wrapped) return given;
    if (unwrapped?.from !== given) unwrapped = { from: given, secretId: await unwrapSecretId(client, how.mount, given) };
    return unwrapped.secretId;
  };
}

async function unwrapSecretId(client: VaultClient, mount: string, token: string): Promise<string> {
  const wrapping = createWrapping(client);
  // Somebody who took the token from the way may have wrapped something of their own for us: only what the role's own path wrapped counts.
  const { creationPath } = await wrapping.lookUp(token);
  const fair = creationPath.startsWith(`auth/${mount}/role/`) && /\/(custom-)?secret-id$/.test(creationPath);
  if (!fair) throw signedOut("the wrapped secret id was not wrapped by its AppRole. Somebody may have taken it on the way: look into it.");
  const { data } = await wrapping.unwrap(token);
  const parsed = z.object({ secret_id: z.string() }).safeParse(data);
  if (!parsed.success) throw malformed("sys/wrapping/unwrap");
  return parsed.data.secret_id;
}

async function textOf(given: Given, setting: string): Promise<string> {
  if ("text" in given) return given.text.reveal();
  const text = await readFile(given.file, "utf8").catch((thrown: unknown) => {
    throw signedOut(`${given.file} (of ${setting}) cannot be read.`, thrown);
  });
  if (text.trim() === "") throw signedOut(`${given.file} (of ${setting}) is empty.`);
  return text.trim();
}
