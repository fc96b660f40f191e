/** What may be said of a secret, and what is said when it cannot be had. */
import type { SecretSummary, SecretValue, SecretVersion } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import { keyIdOf } from "./sealing.ts";
import type { SecretTable, VersionTable } from "./tables.ts";

/** What of a value may be seen. */
export function shown(value: SecretValue): { kind: SecretTable["kind"]; username: string | null } {
  return { kind: value.kind, username: "username" in value ? value.username : null };
}

/** What the audit trail tells of a secret. */
export function told({ name, kind, username, version, engine, expires_at }: SecretTable) {
  return { name, kind, username, version, engine, ...(expires_at === null ? {} : { expiresAt: expires_at.toISOString() }) };
}

export function subjectOf(secret: SecretTable): string {
  return `secret:${secret.name}`;
}

export function summaryOf(secret: SecretTable, versions: number): SecretSummary {
  return {
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    ...(secret.username === null ? {} : { username: secret.username }),
    engine: secret.engine,
    version: secret.version,
    versions,
    createdAt: secret.created_at.toISOString(),
    updatedAt: secret.updated_at.toISOString(),
    ...(secret.expires_at === null ? {} : { expiresAt: secret.expires_at.toISOString() }),
    etag: etagOf(secret),
  };
}

export function etagOf(secret: SecretTable): string {
  return `v${secret.version}`;
}

export function versionOf(secret: SecretTable, row: VersionTable): SecretVersion {
  return {
    version: row.version,
    engine: row.engine,
    current: row.version === secret.version,
    createdAt: row.created_at.toISOString(),
    ...(row.created_by === null ? {} : { createdBy: row.created_by }),
    ...(row.sealed === null ? {} : { key: keyIdOf(row.sealed) }),
    ...(row.destroyed_at === null ? {} : { destroyedAt: row.destroyed_at.toISOString() }),
  };
}

export function nameTaken(name: string): Problem {
  return new Problem("secrets_name_taken", {
    kind: "conflict",
    say: `There is a secret named "${name}" already; replace it, or choose another name.`,
  });
}

/** By its name, or by an id that nobody has. `facts.secret` is the name. */
export function missing(which: { name: string } | { id: string }): Problem {
  const say = "name" in which ? `There is no secret named "${which.name}".` : `There is no secret with the id "${which.id}".`;
  return new Problem("secrets_secret_missing", { kind: "missing", say, with: "name" in which ? { secret: which.name } : {} });
}

export function inUse(name: string, users: string[]): Problem {
  const more = users.length > 5 ? ` and ${users.length - 5} more` : "";
  return new Problem("secrets_secret_in_use", {
    kind: "conflict",
    say: `The secret "${name}" is used by ${users.slice(0, 5).join(", ")}${more}; give them another one first.`,
  });
}

export function versionInUse(name: string, version: number, users: string[]): Problem {
  const more = users.length > 5 ? ` and ${users.length - 5} more` : "";
  return new Problem("secrets_version_in_use", {
    kind: "conflict",
    say: `Version ${version} of "${name}" still signs in to ${users.slice(0, 5).join(", ")}${more}; rotate them to the newest one first.`,
  });
}

export function keepsOne(name: string): Problem {
  return new Problem("secrets_one_version", {
    kind: "not_ready",
    say: `Where "${name}" is kept, one version alone is: nothing could be signed in to while it moves to the next. Keep it in a KV version 2 mount of Vault, or in the built-in engine.`,
  });
}

export function versionMissing(name: string, version: number): Problem {
  return new Problem("secrets_version_missing", { kind: "missing", say: `The secret "${name}" has no version ${version}.` });
}

export function destroyed(name: string, version: number): Problem {
  return new Problem("secrets_version_destroyed", {
    kind: "missing",
    say: `Version ${version} of the secret "${name}" was destroyed; nobody can read it any more.`,
  });
}

export function inUseNow(name: string): Problem {
  return new Problem("secrets_version_current", {
    kind: "conflict",
    say: `That is the version of "${name}" in use. Store a new one first, or remove the secret.`,
  });
}
