/** What an audit entry says in words: `<who> <what was done>`, and what it was done to. Pure. */
import type { AuditEntry } from "@holdfast/contract";

const sayings: Record<string, string> = {
  "devices.device.create": "added a device",
  "devices.device.update": "changed a device",
  "devices.device.delete": "removed a device",
  "devices.host_key.replace": "replaced the pinned host key of a device",
  "devices.host_key.trust": "pinned the first host key of a device",
  "devices.host_keys.trust": "pinned host keys that nobody compared",
  "devices.version.reveal": "looked at a configuration with its secrets",
  "devices.repository.create": "connected a repository",
  "devices.repository.update": "changed a repository",
  "devices.repository.delete": "disconnected a repository",
  "rollout.plan.create": "made a plan",
  "rollout.rollout.create": "proposed a rollout",
  "rollout.rollout.approve": "approved a rollout",
  "rollout.rollout.start": "started a rollout",
  "rollout.rollout.pause": "paused a rollout",
  "rollout.rollout.resume": "resumed a rollout",
  "rollout.rollout.abort": "aborted a rollout",
  "rollout.rollout.halt": "halted a rollout",
  "rollout.rollout.end": "ended a rollout",
  "findings.finding.acknowledge": "acknowledged a finding",
  "findings.finding.suppress": "suppressed a finding",
  "findings.finding.resolve": "resolved a finding",
  "identity.session.open": "signed in",
  "identity.session.end": "signed out",
  "identity.session.refuse": "was refused at the sign-in",
  "identity.sign_in_link.create": "made a one-time sign-in link",
  "identity.setup_token.create": "made the setup link",
  "identity.user.create": "added a person",
  "identity.user.update": "changed a person",
  "identity.api_key.create": "created an API key",
  "identity.api_key.revoke": "revoked an API key",
  "secrets.secret.create": "stored a secret",
  "secrets.secret.replace": "stored a new version of a secret",
  "secrets.secret.remove": "deleted a secret",
  "secrets.secret.reveal": "used a secret",
  "secrets.key.add": "added a sealing key",
  "secrets.key_ring.rotate": "rotated the key ring",
};

/** Undefined for an action that has no words here; then its name says it. */
export function sayAction(action: string): string | undefined {
  return sayings[action];
}

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
    default:
      return undefined;
  }
}
