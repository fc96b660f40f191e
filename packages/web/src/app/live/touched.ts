/** Which reads a live event makes old. Pure. */
import type { LiveEvent } from "@holdfast/contract";
import type { QueryKey } from "@tanstack/react-query";
import { keyOf } from "../read-keys.ts";

const overview = keyOf("system.overview");
const audit = keyOf("audit.list");
/** All that is read of people, machines and what they may do. */
const access: QueryKey[] = ["identity", "people", "roles", "sessions", "factors", "serviceAccounts", "federation", "tokens"].map(
  (module) => [module],
);

/** Keys of what has changed; anything below a key counts. Every event is a change of state, so the audit trail grew too. */
export function touchedBy(event: Pick<LiveEvent, "type" | "subject">): QueryKey[] {
  return [...ofSubject(event), overview, audit];
}

function ofSubject({ type, subject }: Pick<LiveEvent, "type" | "subject">): QueryKey[] {
  const [kind, id] = splitOnce(subject, ":");
  switch (kind) {
    case "rollout":
      return [keyOf("rollouts.get", { id }), keyOf("rollouts.journal", "pages", { id }), keyOf("rollouts.list")];
    case "plan":
      return [keyOf("plans.get", { id }), keyOf("plans.list")];
    case "device":
      // What is gone cannot be read again; only where it was listed is old.
      return type.endsWith(".removed") ? [keyOf("devices.list"), keyOf("devices.drift")] : [["devices"], keyOf("findings.list")];
    case "finding":
      return [["findings"]];
    case "repository":
      return type.endsWith(".removed") ? [keyOf("repositories.list")] : [["repositories"]];
    case "user":
    case "session":
    case "api_key":
    case "role":
    case "provider":
      return access;
    case "secret":
      return type.endsWith(".removed") ? [keyOf("secrets.list"), keyOf("secrets.status")] : [["secrets"]];
    default:
      return ofModule(type.split(".")[0] ?? "");
  }
}

/** A subject that we do not know: everything of the module that said so. */
function ofModule(module: string): QueryKey[] {
  const modules: Record<string, QueryKey[]> = {
    rollout: [["rollouts"], ["plans"]],
    devices: [["devices"], ["repositories"]],
    findings: [["findings"]],
    identity: access,
    secrets: [["secrets"]],
    pki: [["pki"]],
  };
  return modules[module] ?? [];
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
