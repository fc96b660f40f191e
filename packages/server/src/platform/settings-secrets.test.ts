import { describe, expect, test } from "vitest";
import { loadSettings } from "./settings.ts";

const faults = (environment: Record<string, string>): string => {
  try {
    loadSettings(environment, "/srv");
    return "";
  } catch (thrown) {
    return (thrown as Error).message;
  }
};
const approle = {
  HOLDFAST_VAULT_ADDR: "https://vault.example.net:8200",
  HOLDFAST_VAULT_ROLE: "r0le",
  HOLDFAST_VAULT_SECRET_ID: "s3cret",
};

describe("settings of secrets", () => {
  test("reach Vault by AppRole, with a text or a file", () => {
    expect(loadSettings(approle, "/srv").secrets.vault).toMatchObject({
      address: "https://vault.example.net:8200",
      signIn: { by: "approle", mount: "approle", roleId: "r0le", wrapped: false },
      keepAt: "kv/holdfast",
      references: [],
    });
    const { HOLDFAST_VAULT_SECRET_ID: _, ...rest } = approle;
    const file = { ...rest, HOLDFAST_VAULT_SECRET_ID_FILE: "id", HOLDFAST_VAULT_SECRET_ID_WRAPPED: "yes" };
    expect(loadSettings(file, "/srv").secrets.vault?.signIn).toMatchObject({ secretId: { file: "/srv/id" }, wrapped: true });
  });

  test("reach it by a token, and by a service account", () => {
    const at = { HOLDFAST_VAULT_ADDR: "https://vault.example.net" };
    expect(
      loadSettings({ ...at, HOLDFAST_VAULT_AUTH: "token", HOLDFAST_VAULT_TOKEN_FILE: "/run/token" }, "/srv").secrets.vault?.signIn,
    ).toEqual({ by: "token", token: { file: "/run/token" } });
    expect(loadSettings({ ...at, HOLDFAST_VAULT_AUTH: "kubernetes", HOLDFAST_VAULT_ROLE: "holdfast" }).secrets.vault?.signIn).toEqual({
      by: "kubernetes",
      mount: "kubernetes",
      role: "holdfast",
      jwtFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    });
  });

  test.each<[string, Record<string, string>, string]>([
    [
      "an engine without its server",
      { HOLDFAST_SECRETS_ENGINE: "vault" },
      "HOLDFAST_VAULT_ADDR is needed where HOLDFAST_SECRETS_ENGINE is vault",
    ],
    ["a server in the clear", { ...approle, HOLDFAST_VAULT_ADDR: "http://vault.example.net" }, "must be an https address"],
    ["a role without its secret id", { ...approle, HOLDFAST_VAULT_SECRET_ID: "" }, "HOLDFAST_VAULT_SECRET_ID_FILE is needed"],
    ["no role", { ...approle, HOLDFAST_VAULT_ROLE: "" }, "HOLDFAST_VAULT_ROLE is needed to sign in by approle"],
    ["no token", { ...approle, HOLDFAST_VAULT_AUTH: "token" }, "HOLDFAST_VAULT_TOKEN_FILE is needed"],
    ["a path that leads elsewhere", { ...approle, HOLDFAST_VAULT_KEEP_AT: "kv/../sys" }, "HOLDFAST_VAULT_KEEP_AT must be MOUNT/PATH"],
    ["two protections at once", { ...approle, HOLDFAST_KEY_PASSPHRASE: "x", HOLDFAST_VAULT_TRANSIT_KEY: "transit/holdfast" }, "choose one"],
    ["a transit key without Vault", { HOLDFAST_VAULT_TRANSIT_KEY: "transit/holdfast" }, "is needed for HOLDFAST_VAULT_TRANSIT_KEY"],
  ])("%s is refused, naming the setting", (_what, environment, say) => {
    expect(faults(environment)).toContain(say);
  });

  test("never show a secret, whatever is wrong", () => {
    expect(faults({ ...approle, HOLDFAST_VAULT_ADDR: "nonsense" })).not.toContain("s3cret");
    expect(JSON.stringify(loadSettings(approle))).not.toContain("s3cret");
  });
});
