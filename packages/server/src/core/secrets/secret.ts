/** What may be said of a secret, and what is said when it cannot be had. */
import type { SecretSummary, SecretValue } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { SecretTable } from "./tables.ts";

/** What of a value may be seen. */
export function shown(value: SecretValue): { kind: SecretTable["kind"]; username: string | null } {
  return { kind: value.kind, username: "username" in value ? value.username : null };
}

export function told({ name, kind, username, version }: SecretTable) {
  return { name, kind, username, version };
}

export function subjectOf(secret: SecretTable): string {
  return `secret:${secret.name}`;
}

export function summaryOf(secret: SecretTable): SecretSummary {
  return {
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    ...(secret.username === null ? {} : { username: secret.username }),
    version: secret.version,
    createdAt: secret.created_at.toISOString(),
    updatedAt: secret.updated_at.toISOString(),
    etag: `v${secret.version}`,
  };
}

export function nameTaken(name: string): Problem {
  return new Problem("secrets_name_taken", {
    kind: "conflict",
    say: `There is a secret named "${name}" already; replace it, or choose another name.`,
  });
}

export function missing(which: string): Problem {
  return new Problem("secrets_secret_missing", { kind: "missing", say: `There is no secret ${which}.` });
}

export function inUse(name: string, users: string[]): Problem {
  const more = users.length > 5 ? ` and ${users.length - 5} more` : "";
  return new Problem("secrets_secret_in_use", {
    kind: "conflict",
    say: `The secret "${name}" is used by ${users.slice(0, 5).join(", ")}${more}; give them another one first.`,
  });
}
