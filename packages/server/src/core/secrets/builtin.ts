/** The built-in engine: values sealed in our own database, under the key ring. */
import { secretValue } from "@holdfast/contract";
import type { Engine } from "./engine.ts";
import type { Sealer } from "./sealer.ts";
import { destroyed } from "./secret.ts";
import { versionPlace } from "./store.ts";
import type { SecretTable, VersionTable } from "./tables.ts";

export function createBuiltinEngine(sealer: Sealer): Engine {
  const open = (secret: SecretTable, { version, sealed }: VersionTable) => {
    if (sealed === null) throw destroyed(secret.name, version);
    return secretValue.parse(JSON.parse(sealer.open(versionPlace(secret.id, version), sealed).toString("utf8")));
  };
  return {
    name: "builtin",
    pathOf: () => null,
    put(secret, value) {
      const sealed = sealer.seal(versionPlace(secret.id, secret.version), JSON.stringify(value));
      return Promise.resolve({ engine: "builtin", sealed, vault_version: null });
    },
    async get(secret, version) {
      return open(secret, version);
    },
    async newest(secret, version) {
      return { value: open(secret, version) };
    },
    // The row is what holds the value, and whoever asks for this empties or deletes the row.
    destroy: () => Promise.resolve(),
    forget: () => Promise.resolve(),
    keepsVersions: () => Promise.resolve(true),
  };
}
