/** What an audit entry was done to. Pure; what was done is in the catalogue of the contract. */
import type { AuditEntry } from "@holdfast/contract";

/** The kind of a subject, and its id */
export function partsOf(subject: string): { kind: string; id: string } {
  const at = subject.indexOf(":");
  return { kind: subject.slice(0, Math.max(0, at)), id: subject.slice(at + 1) };
}

/** The name that an audit entry itself gives its subject: of what is gone there is no other */
export function nameIn({ before, after }: Pick<AuditEntry, "before" | "after">): string | undefined {
  for (const side of [after, before]) {
    if (typeof side !== "object" || side === null) continue;
    const name = "name" in side ? side.name : "title" in side ? side.title : undefined;
    if (typeof name === "string") return name;
  }
  return undefined;
}

/** The view of a subject such as `device:dev_1`; undefined for what has none. */
export function viewOf(subject: string): string | undefined {
  const { kind, id: plain } = partsOf(subject);
  const id = encodeURIComponent(plain);
  switch (kind) {
    case "device":
      return `/devices/${id}`;
    case "rollout":
      return `/rollouts/${id}`;
    case "plan":
      return `/plans/${id}`;
    case "finding":
      return `/findings/${id}`;
    case "repository":
      return `/repositories/${id}`;
    case "user":
      return "/settings/people";
    case "api_key":
      return "/settings/keys";
    case "secret":
      return "/settings/secrets";
    case "role":
      return `/settings/roles/${id}`;
    case "provider":
      return `/settings/providers/${id}`;
    case "certificate":
      return `/settings/certificates/${id}`;
    case "authority":
      return "/settings/certificates/authorities";
    default:
      return undefined;
  }
}
