/** The key ring that the settings name, with what opens it. */
import { readFileSync } from "node:fs";
import { Problem, Secret } from "@holdfast/kit";
import type { KeySource, Protection, Vault } from "#core/secrets";
import type { Settings } from "#platform/settings";
import type { Given } from "#platform/settings-secrets";

/** @throws Problem `secrets_passphrase_unreadable` */
export function keySourceOf(settings: Settings, vault: Vault | undefined): KeySource {
  if (settings.keys) return { inline: settings.keys };
  return { file: settings.keyRingFile, protection: protectionOf(settings, vault) };
}

/** What the settings say that the key ring's file is protected with; undefined: with nothing. */
export function protectionOf({ secrets: { keyProtection } }: Settings, vault: Vault | undefined): Protection | undefined {
  if (keyProtection?.by === "passphrase") return { by: "passphrase", passphrase: textOf(keyProtection.passphrase) };
  if (!keyProtection || !vault) return undefined;
  return transitProtection(vault, keyProtection.key);
}

/** `key`: `<mount>/<name>`. */
function transitProtection(vault: Vault, key: string): Protection {
  const [mount, name] = [key.slice(0, key.lastIndexOf("/")), key.slice(key.lastIndexOf("/") + 1)];
  const transit = vault.transit(mount);
  return {
    by: "transit",
    transit: {
      key,
      encrypt: (plaintext) => transit.encrypt(name, plaintext),
      decrypt: (ciphertext) => transit.decrypt(name, ciphertext),
    },
  };
}

function textOf(given: Given): Secret {
  if ("text" in given) return given.text;
  try {
    return new Secret(readFileSync(given.file, "utf8").replace(/\r?\n$/, ""));
  } catch (thrown) {
    throw new Problem("secrets_passphrase_unreadable", {
      kind: "not_ready",
      say: `HOLDFAST_KEY_PASSPHRASE_FILE names ${given.file}, which cannot be read.`,
      because: thrown,
    });
  }
}
