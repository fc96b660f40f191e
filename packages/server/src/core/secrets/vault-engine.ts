/** The engine over Vault: the values of named secrets in its key/value store, below one path of settings. */
import type { Engine } from "./engine.ts";
import { toFields, toValue } from "./reference.ts";
import { versionMissing } from "./secret.ts";
import type { SecretTable, VersionTable } from "./tables.ts";
import type { Vault } from "./vault/index.ts";
import { encodePath } from "./vault/client.ts";

export function createVaultEngine({ kv, settings }: Pick<Vault, "kv" | "settings">): Engine {
  const pathOf = (name: string) => {
    const path = `${settings.keepAt}/${name}`;
    encodePath(path); // refuses names that would be another path there
    return path;
  };
  const at = (secret: SecretTable) => secret.vault_path ?? pathOf(secret.name);

  async function read(secret: SecretTable, number: number | undefined, asked: number) {
    const found = await kv.read(at(secret), number);
    if (!found) throw versionMissing(secret.name, asked);
    return { value: toValue(found.fields, { text: `the secret "${secret.name}"` }), version: found.version };
  }

  return {
    name: "vault",
    pathOf,
    async put(secret, value, before) {
      const version = await kv.write(at(secret), toFields(value), before?.vault_version ?? 0);
      return { engine: "vault", sealed: null, vault_version: version };
    },
    async get(secret, row) {
      return (await read(secret, row.vault_version ?? undefined, row.version)).value;
    },
    async newest(secret, row) {
      const { value, version } = await read(secret, undefined, row.version);
      return { value, ...(version > (row.vault_version ?? 0) ? { foundVersion: version } : {}) };
    },
    destroy: (secret, row: VersionTable) => kv.destroy(at(secret), row.vault_version ?? 0),
    forget: (secret) => kv.forget(at(secret)),
    keepsVersions: async (secret) => (await kv.mountOf(at(secret))).kvVersion === 2,
  };
}
