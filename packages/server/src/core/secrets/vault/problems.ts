/** What is said when Vault cannot be used. What Vault itself says goes to the log alone. */
import { Problem, type ProblemKind } from "@holdfast/kit";

export function unreachable(address: string, because: unknown): Problem {
  return new Problem("secrets_vault_unreachable", {
    kind: "unavailable",
    say: `Vault at ${address} does not answer. See that it runs and can be reached from here.`,
    because,
  });
}

export function untrusted(address: string, because: unknown): Problem {
  return new Problem("secrets_vault_untrusted", {
    kind: "unavailable",
    say: `The certificate of Vault at ${address} is not trusted. Give its certificate authority with HOLDFAST_VAULT_CA_FILE.`,
    because,
  });
}

export function malformed(path: string, because?: unknown): Problem {
  return new Problem("secrets_vault_malformed", {
    kind: "unavailable",
    say: `What answers for Vault at ${path} does not speak its API. See HOLDFAST_VAULT_ADDR and what stands in between.`,
    because,
  });
}

export function signedOut(why: string, because?: unknown): Problem {
  return new Problem("secrets_vault_signed_out", { kind: "not_ready", say: `Holdfast cannot sign in to Vault: ${why}`, because });
}

interface Meaning {
  code: string;
  kind: ProblemKind;
  say(path: string): string;
}

/** Of the status codes in Vault's API documents ("HTTP status codes", and `sys/health` for standbys). */
const meanings: Record<number, Meaning> = {
  403: {
    code: "secrets_vault_forbidden",
    kind: "not_ready",
    say: (path) => `Vault does not allow Holdfast to use ${path}. Allow it in the policy of its role.`,
  },
  404: { code: "secrets_vault_missing", kind: "missing", say: (path) => `Vault has nothing at ${path}.` },
  405: {
    code: "secrets_vault_refused",
    kind: "not_ready",
    say: (path) => `Vault cannot do that at ${path}; is it the engine that it should be?`,
  },
  412: { code: "secrets_vault_behind", kind: "unavailable", say: () => "This Vault node is behind the others. Try again." },
  429: { code: "secrets_vault_limit", kind: "limit", say: () => "Vault asks for fewer requests. Try again later." },
  472: {
    code: "secrets_vault_standby",
    kind: "unavailable",
    say: () => "This Vault is the secondary for disaster recovery; name the primary.",
  },
  473: {
    code: "secrets_vault_standby",
    kind: "unavailable",
    say: () => "This Vault node is on standby and passes nothing on; name the active one.",
  },
  501: { code: "secrets_vault_uninitialized", kind: "unavailable", say: () => "Vault is not initialized yet. Initialize and unseal it." },
};

/** A reply that is no success, as a Problem. */
export function refusal(status: number, path: string, errors: readonly string[]): Problem {
  if (status === 503 && errors.some((text) => /sealed/i.test(text))) return sealed(errors);
  const meaning = meanings[status];
  const facts = { with: { vaultStatus: status, vaultErrors: errors.slice(0, 5).map((text) => text.slice(0, 300)) } };
  if (meaning) return new Problem(meaning.code, { kind: meaning.kind, say: meaning.say(path), ...facts });
  const ours = status >= 400 && status < 500;
  return new Problem(ours ? "secrets_vault_refused" : "secrets_vault_failed", {
    kind: ours ? "not_ready" : "unavailable",
    say: ours ? `Vault refuses the request at ${path} (${status}).` : `Vault failed at ${path} (${status}). Try again later.`,
    ...facts,
  });
}

function sealed(errors: readonly string[]): Problem {
  return new Problem("secrets_vault_sealed", {
    kind: "unavailable",
    say: "Vault is sealed: what it keeps cannot be read until its operators unseal it.",
    with: { vaultStatus: 503, vaultErrors: errors.slice(0, 5) },
  });
}
