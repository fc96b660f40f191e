/** Reads what references name: key/value secrets at each use, dynamic credentials through a lease. */
import type { SecretValue } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { isAllowed, isReference, parseReference, toValue, type Reference } from "./reference.ts";
import type { Vault } from "./vault/index.ts";

/** A dynamic credential that was taken. `longestMs` null: Vault decides when renewals end. */
export interface TakenCredential {
  value: SecretValue;
  version: null;
  engine: "vault";
  vaultLease: string;
  ttlMs: number;
  longestMs: null;
}

export interface DynamicSource {
  /** Undefined: `secret` names no dynamic credential. */
  take(secret: string): Promise<TakenCredential | undefined>;
  /** Of a lease that this process took. */
  valueOf(vaultLease: string): SecretValue | undefined;
  /** @see Dynamic.renew */
  renew(vaultLease: string, ttlMs: number): Promise<number>;
  revoke(vaultLease: string): Promise<void>;
}

export interface References {
  /** The reference may be used. Asks Vault nothing. @throws Problem `secrets_reference_*`, `secrets_vault_unset` */
  check(text: string): void;
  /** Undefined: what it names is a dynamic credential. */
  readKept(text: string): Promise<SecretValue | undefined>;
  dynamic: DynamicSource;
}

export function createReferences(vault: Vault | undefined): References {
  const values = new Map<string, SecretValue>();

  function allowed(text: string): { vault: Vault; reference: Reference } {
    const reference = parseReference(text);
    if (!vault) throw vaultUnset();
    if (!isAllowed(reference.path, vault.settings.references)) throw notAllowed(reference);
    return { vault, reference };
  }

  async function isKept(vault: Vault, path: string): Promise<boolean> {
    const { type } = await vault.kv.mountOf(path);
    return type === "kv" || type === "generic";
  }

  return {
    check: (text) => void allowed(text),
    async readKept(text) {
      const { vault, reference } = allowed(text);
      if (!(await isKept(vault, reference.path))) return undefined;
      const found = await vault.kv.read(reference.path, reference.version);
      if (found) return toValue(found.fields, reference);
      throw new Problem("secrets_reference_missing", { kind: "missing", say: `Vault holds nothing to read at ${reference.path}.` });
    },
    dynamic: {
      async take(text) {
        if (!isReference(text)) return undefined;
        const { vault, reference } = allowed(text);
        if (await isKept(vault, reference.path)) return undefined;
        const { leaseId, ttlMs, fields } = await vault.dynamic.take(reference.path);
        const value = toValue(fields, reference);
        values.set(leaseId, value);
        return { value, version: null, engine: "vault", vaultLease: leaseId, ttlMs, longestMs: null };
      },
      valueOf: (vaultLease) => values.get(vaultLease),
      renew: (vaultLease, ttlMs) => needed(vault).dynamic.renew(vaultLease, ttlMs),
      async revoke(vaultLease) {
        await needed(vault).dynamic.revoke(vaultLease);
        values.delete(vaultLease);
      },
    },
  };
}

function needed(vault: Vault | undefined): Vault {
  if (vault) return vault;
  throw vaultUnset();
}

export function vaultUnset(): Problem {
  return new Problem("secrets_vault_unset", {
    kind: "not_ready",
    say: "This needs Vault, and none is set. Set HOLDFAST_VAULT_ADDR and how to sign in to it.",
  });
}

function notAllowed({ path }: Reference): Problem {
  return new Problem("secrets_reference_refused", {
    kind: "invalid",
    say: `References may not name ${path}. The operator lists what they may name in HOLDFAST_VAULT_REFERENCES.`,
  });
}
